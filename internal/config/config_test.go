package config

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func from(values map[string]string) (Config, error) {
	return build(func(env string) string { return values[env] })
}

func TestDefaultsSuitAFirstTry(t *testing.T) {
	c, err := from(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Addr: ":8080", DataDir: "./data", Signup: "open", MediaUDPPort: 7882, MediaTCPPort: 7881,
		RoomCapacity: 50, KeepCalls: 365, KeepAudit: 730, KeepSignIns: 90, KeepDeliveries: 30,
		OIDCName: "single sign-on", OIDCScopes: "email profile", OIDCGroupsClaim: "groups", OIDCSignup: "open",
		FileLimit: 25, RoomFilesLimit: 1024, S3URL: "https://s3.amazonaws.com",
	}
	if c != want {
		t.Errorf("got %+v, want %+v", c, want)
	}
}

func TestEveryProblemIsNamedAtOnce(t *testing.T) {
	_, err := from(map[string]string{
		"FOYER_ADDR": "8080", "FOYER_PUBLIC_URL": "meet.example.org", "FOYER_DOMAIN": "https://x", "FOYER_TLS_CERT": "a.pem",
		"FOYER_SIGNUP": "maybe", "FOYER_MEDIA_UDP_PORT": "many", "FOYER_MEDIA_TCP_PORT": "70000", "FOYER_MEDIA_IP": "here",
		"FOYER_TLS_SELF_SIGNED": "perhaps", "LIVEKIT_API_KEY": "key",
		"FOYER_MEDIA": "zoom", "TWILIO_API_KEY_SID": "SK", "TWILIO_API_URL": "video.twilio.com", "TWILIO_SIGNALING_URL": "https://x",
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{
		"FOYER_ADDR", "FOYER_PUBLIC_URL", "FOYER_DOMAIN", "FOYER_TLS_CERT and FOYER_TLS_KEY", "FOYER_SIGNUP", "FOYER_MEDIA_UDP_PORT",
		"FOYER_MEDIA_TCP_PORT", "FOYER_MEDIA_IP", "FOYER_TLS_SELF_SIGNED", "LIVEKIT_URL: missing", "LIVEKIT_API_SECRET: missing",
		"FOYER_MEDIA: ", "TWILIO_ACCOUNT_SID: missing", "TWILIO_API_KEY_SECRET: missing", "TWILIO_API_URL", "TWILIO_SIGNALING_URL",
	} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in:\n%v", name, err)
		}
	}
}

func TestPublicOrigin(t *testing.T) {
	tests := []struct {
		values       map[string]string
		origin, addr string
	}{
		{nil, "", ":8080"},
		{map[string]string{"FOYER_PUBLIC_URL": "https://Meet.example.org/"}, "https://meet.example.org", ":8080"},
		{map[string]string{"FOYER_PUBLIC_URL": "https://meet.example.org:443"}, "https://meet.example.org", ":8080"},
		{map[string]string{"FOYER_PUBLIC_URL": "HTTP://meet.example.org:80/"}, "http://meet.example.org", ":8080"},
		{map[string]string{"FOYER_PUBLIC_URL": "http://meet.example.org:443"}, "http://meet.example.org:443", ":8080"},
		{map[string]string{"FOYER_PUBLIC_URL": "https://Bücher.example:8443"}, "https://xn--bcher-kva.example:8443", ":8080"},
		{map[string]string{"FOYER_PUBLIC_URL": "https://meet_1.intern"}, "https://meet_1.intern", ":8080"},
		{map[string]string{"FOYER_PUBLIC_URL": "http://192.0.2.1:80"}, "http://192.0.2.1", ":8080"},
		{map[string]string{"FOYER_PUBLIC_URL": "https://[2001:DB8:0::1]:443"}, "https://[2001:db8::1]", ":8080"},
		{map[string]string{"FOYER_PUBLIC_URL": "https://[2001:db8::1]:8443"}, "https://[2001:db8::1]:8443", ":8080"},
		{map[string]string{"FOYER_DOMAIN": "Bücher.example"}, "https://xn--bcher-kva.example", ":443"},
		{map[string]string{"FOYER_DOMAIN": "meet.example.org"}, "https://meet.example.org", ":443"},
		{map[string]string{"FOYER_DOMAIN": "meet.example.org", "FOYER_ADDR": ":8443"}, "https://meet.example.org", ":8443"},
	}
	for _, test := range tests {
		c, err := from(test.values)
		if err != nil || c.PublicOrigin() != test.origin || c.Addr != test.addr {
			t.Errorf("%v: got %q on %q, %v; want %q on %q", test.values, c.PublicOrigin(), c.Addr, err, test.origin, test.addr)
		}
	}
}

func TestFlagsBeforeEnvironmentBeforeFile(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile(filepath.Join(".", ".env"), []byte("FOYER_ADDR=:1\nFOYER_DATA_DIR=/file\nFOYER_SIGNUP=closed\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("FOYER_ADDR", ":2")
	t.Setenv("FOYER_DATA_DIR", "/environment")
	c, err := Load("serve", []string{"--addr", ":3", "--tls-self-signed"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != ":3" || c.DataDir != "/environment" || c.Signup != "closed" || !c.TLSSelfSigned {
		t.Errorf("got %+v", c)
	}
}

func TestHelpAndUnknownArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	var help bytes.Buffer
	if _, err := Load("serve", []string{"--help"}, &help); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("got %v", err)
	}
	for _, s := range settings {
		if !strings.Contains(help.String(), "-"+s.flagName()) || !strings.Contains(help.String(), s.env) {
			t.Errorf("help lacks %s", s.env)
		}
	}
	if _, err := Load("serve", []string{"now"}, io.Discard); err == nil || !strings.Contains(err.Error(), `"now"`) {
		t.Errorf("got %v", err)
	}
}

func TestSecretsNeverPrint(t *testing.T) {
	secrets := map[string]string{
		"DATABASE_URL": "postgres://u:planted1@host/db", "REDIS_URL": "redis://:planted2@host",
		"LIVEKIT_URL": "wss://host", "LIVEKIT_API_KEY": "key", "LIVEKIT_API_SECRET": "planted3",
		"SMTP_URL":           "smtp://u:planted6@host",
		"TWILIO_ACCOUNT_SID": "AC", "TWILIO_API_KEY_SID": "SK", "TWILIO_API_KEY_SECRET": "planted4", "TWILIO_AUTH_TOKEN": "planted5",
		"NGROK_AUTHTOKEN": "planted7",
	}
	c, err := from(secrets)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c.Write(&out)
	if strings.Contains(out.String(), "planted") {
		t.Errorf("a secret is printed:\n%s", out.String())
	}
	if !strings.Contains(out.String(), "DATABASE_URL=(set)\n") {
		t.Errorf("that a secret is set is not:\n%s", out.String())
	}
}
