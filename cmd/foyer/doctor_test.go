package main

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"foyer/internal/config"
)

// settingsFor are those of a deployment that has nothing but its defaults, with
// ports that nobody has.
func settingsFor(t *testing.T) config.Config {
	t.Helper()
	t.Setenv("FOYER_DATA_DIR", t.TempDir())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	t.Setenv("FOYER_ADDR", address)
	cfg, err := config.Load("doctor", nil, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestDoctorWithoutARunningFoyer(t *testing.T) {
	var out bytes.Buffer
	cfg := settingsFor(t)
	if err := doctor(t.Context(), cfg, &out); err != nil {
		t.Errorf("%v:\n%s", err, &out)
	}
	for _, want := range []string{"Nothing serves pages", "foyer serve", "The embedded database does not run", "No mail server is set up", "FOYER_PUBLIC_URL"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, &out)
		}
	}
}

func TestDoctorFindsWhatIsBroken(t *testing.T) {
	var out bytes.Buffer
	cfg := settingsFor(t)
	// Something else has the port; the database, the mail server and the public address lead nowhere.
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	cfg.Addr = other.Listener.Addr().String()
	cfg.DatabaseURL = "postgres://nobody@127.0.0.1:1/nothing?connect_timeout=2"
	cfg.SMTPURL = "smtp://127.0.0.1:1"
	cfg.PublicURL = "https://127.0.0.1:1"
	if err := doctor(t.Context(), cfg, &out); err == nil {
		t.Errorf("all is well:\n%s", &out)
	}
	for _, want := range []string{"BROKEN", "Another program has the port", "The database does not answer", "DATABASE_URL", "Nothing answers at the mail server's address", "Foyer does not answer at https://127.0.0.1:1"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, &out)
		}
	}
}
