package config

import (
	"strings"
	"testing"
)

func TestSMTP(t *testing.T) {
	tests := []struct {
		url  string
		want SMTP
	}{
		{"", SMTP{}},
		{"smtp://mail.example.org", SMTP{Host: "mail.example.org", Port: 587, Encryption: "starttls"}},
		{"smtp://ana%40example.org:p%2Fw%3A@mail.example.org:2525", SMTP{Host: "mail.example.org", Port: 2525, Encryption: "starttls", User: "ana@example.org", Password: "p/w:"}},
		{"smtp://mail.example.org?tls=none", SMTP{Host: "mail.example.org", Port: 587, Encryption: "none"}},
		{"smtps://mail.example.org/", SMTP{Host: "mail.example.org", Port: 465, Encryption: "tls"}},
		{"smtp://localhost:1025", SMTP{Host: "localhost", Port: 1025, Encryption: "none"}},
		{"smtp://127.0.0.2:25?tls=starttls", SMTP{Host: "127.0.0.2", Port: 25, Encryption: "starttls"}},
		{"smtp://[::1]:25", SMTP{Host: "::1", Port: 25, Encryption: "none"}},
	}
	for _, test := range tests {
		c, err := from(map[string]string{"SMTP_URL": test.url})
		if err != nil {
			t.Errorf("%s: %v", test.url, err)
			continue
		}
		if got, err := c.SMTP(); err != nil || got != test.want {
			t.Errorf("%s: got %+v, %v; want %+v", test.url, got, err, test.want)
		}
	}
}

func TestSMTPRefuses(t *testing.T) {
	for url, want := range map[string]string{
		"mail.example.org":                        "begin with smtp://",
		"mail.example.org:587":                    "begin with smtp://",
		"http://mail.example.org":                 "begin with smtp://",
		"smtp://":                                 "name is missing",
		"smtp://user:planted@":                    "name is missing",
		"smtp://user@mail.example.org":            "both user and password",
		"smtp://:planted@mail.example.org":        "both user and password",
		"smtp://mail.example.org:0":               "no port",
		"smtp://mail.example.org:70000":           "no port",
		"smtp://u:planted@mail.example.org/inbox": "nothing but",
		"smtp://mail.example.org?tls=maybe":       "neither starttls nor none",
		"smtp://mail.example.org?ssl=on":          "nothing but",
		"smtps://mail.example.org?tls=none":       "smtp:// only",
		"smtp://u:pl%anted@mail.example.org":      "no address",
		"smtp://u:planted@mail.example.org:x":     "no address",
		"smtp://u:planted\x7f@mail.example.org":   "no address",
	} {
		_, err := from(map[string]string{"SMTP_URL": url})
		if err == nil || !strings.HasPrefix(err.Error(), "SMTP_URL: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", url, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "planted") || strings.Contains(err.Error(), "pl%anted")) {
			t.Errorf("%q: the error holds the password: %v", url, err)
		}
	}
}

func TestMailSender(t *testing.T) {
	tests := []struct {
		values map[string]string
		want   string
	}{
		{nil, `"Foyer" <noreply@localhost>`},
		{map[string]string{"FOYER_DOMAIN": "meet.example.org"}, `"Foyer" <noreply@meet.example.org>`},
		{map[string]string{"FOYER_PUBLIC_URL": "https://Meet.example.org:8443"}, `"Foyer" <noreply@meet.example.org>`},
		{map[string]string{"FOYER_PUBLIC_URL": "http://192.0.2.1:8080"}, `"Foyer" <noreply@[192.0.2.1]>`},
		{map[string]string{"FOYER_MAIL_FROM": "Räume <rooms@example.org>"}, `=?utf-8?q?R=C3=A4ume?= <rooms@example.org>`},
		{map[string]string{"FOYER_MAIL_FROM": "rooms@example.org"}, `<rooms@example.org>`},
	}
	for _, test := range tests {
		c, err := from(test.values)
		if err != nil {
			t.Errorf("%v: %v", test.values, err)
			continue
		}
		sender := c.MailSender()
		if got := sender.String(); got != test.want {
			t.Errorf("%v: got %s, want %s", test.values, got, test.want)
		}
	}
	for _, bad := range []string{"Foyer", "a@b\r\nBcc: c@d", "a@b, c@d"} {
		if _, err := from(map[string]string{"FOYER_MAIL_FROM": bad}); err == nil || !strings.HasPrefix(err.Error(), "FOYER_MAIL_FROM: ") {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}
