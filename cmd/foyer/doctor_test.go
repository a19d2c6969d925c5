package main

import (
	"bytes"
	"context"
	"html"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"foyer/internal/config"
	"foyer/internal/media/sfu"
)

// settingsFor are those of a deployment that has nothing but its defaults, with
// a port where nobody listens.
func settingsFor(t *testing.T) config.Config {
	t.Helper()
	t.Setenv("FOYER_DATA_DIR", t.TempDir())
	t.Setenv("FOYER_ADDR", "127.0.0.1:1")
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

// A database that takes connections and says nothing keeps nobody waiting for the rest.
func TestDoctorWithASilentDatabase(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	var out bytes.Buffer
	cfg := settingsFor(t)
	cfg.DatabaseURL = "postgres://nobody@" + silent.Addr().String() + "/nothing?sslmode=disable"
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := doctor(ctx, cfg, &out); err == nil || ctx.Err() != nil {
		t.Errorf("%v, %v:\n%s", err, ctx.Err(), &out)
	}
	for _, want := range []string{"The database does not answer", "Nothing serves pages"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, &out)
		}
	}
}

// The media server that has the ports is this Foyer's, wherever the database is and
// whichever service carries the calls of new rooms.
func TestDoctorKnowsItsMediaServer(t *testing.T) {
	cfg := settingsFor(t)
	cfg.DatabaseURL = "postgres://nobody@127.0.0.1:1/nothing?connect_timeout=2"
	socket, err := net.ListenPacket("udp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	cfg.MediaUDPPort, cfg.MediaTCPPort = socket.LocalAddr().(*net.UDPAddr).Port, listener.Addr().(*net.TCPAddr).Port
	ports := func() string {
		t.Helper()
		var out bytes.Buffer
		if err := doctor(t.Context(), cfg, &out); err == nil {
			t.Errorf("the database that is not there is well:\n%s", &out)
		}
		return out.String()
	}
	if got := ports(); !strings.Contains(got, "Another program has the UDP port") {
		t.Errorf("without a media server:\n%s", got)
	}
	if err := os.MkdirAll(sfuDir(cfg), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := sfu.Hold(sfuDir(cfg)); err != nil { // as the media server does
		t.Fatal(err)
	}
	for _, cfg.Media = range []string{config.LiveKit, config.Twilio} {
		if got := ports(); strings.Contains(got, "Another program has the UDP port") || !strings.Contains(got, "The media server listens") {
			t.Errorf("with %s for new rooms:\n%s", cfg.Media, got)
		}
	}
}

// What doctor prints beside a running Foyer is what the desk shows, also of the media
// server that Foyer runs: one that has its ports and says nothing is broken.
func TestDoctorPrintsWhatTheDeskShows(t *testing.T) {
	t.Parallel()
	dir, port, address := dataDir(t), freePort(t), freeAddress(t)
	p := start(t, dir, port, "--addr", address)
	p.answersReady()
	root := p.setUp("root")
	root.fill("/admin/look")
	var desk []string
	for _, heading := range regexp.MustCompile(`<h2>([^<]+) <span class="tag`).FindAllStringSubmatch(root.page("/admin"), -1) {
		desk = append(desk, html.UnescapeString(heading[1]))
	}

	settings, err := sfu.ReadSettings(filepath.Join(dir, "sfu"))
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^(ok|note|BROKEN) +([^:]+): `)
	doctor := func() (states map[string]string, parts []string) {
		t.Helper()
		out, err := command(t, "doctor", "--data-dir", dir, "--addr", address, "--media-udp-port", port, "--media-tcp-port", "0").CombinedOutput()
		if bytes.Contains(out, []byte(settings.Secret)) || bytes.Contains(out, []byte(settings.Key)) {
			t.Fatalf("it prints how the media server is opened:\n%s", out)
		}
		states = make(map[string]string)
		for _, found := range line.FindAllSubmatch(out, -1) {
			parts = append(parts, string(found[2]))
			states[string(found[2])] = string(found[1])
		}
		if broken := slices.Contains(slices.Collect(maps.Values(states)), "BROKEN"); broken != (err != nil) {
			t.Fatalf("it ends with %v:\n%s", err, out)
		}
		return states, parts
	}
	const server = "Calls with LiveKit"
	_, parts := doctor()
	slices.Sort(parts)
	slices.Sort(desk)
	if !slices.Equal(parts, desk) || !slices.Contains(desk, server) {
		t.Errorf("doctor prints %q, the desk shows %q", parts, desk)
	}
	p.within("the media server is well", func() bool { states, _ := doctor(); return states[server] == "ok" })

	servers := mediaServers(t, dir)
	if len(servers) != 1 {
		t.Fatalf("media servers: %v", servers)
	}
	t.Cleanup(func() { _ = syscall.Kill(servers[0], syscall.SIGCONT) }) // the end waits for it
	if err := syscall.Kill(servers[0], syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if states, _ := doctor(); states[server] != "BROKEN" || states["Ports of sound and picture"] == "BROKEN" {
		t.Errorf("a media server that says nothing: %v", states)
	}
}
