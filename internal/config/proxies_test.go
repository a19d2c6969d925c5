package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestTrustedProxies(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", "[]"},
		{"127.0.0.1", "[127.0.0.1/32]"},
		{"127.0.0.1,::1", "[127.0.0.1/32 ::1/128]"},
		{" 10.1.2.3/8 , fd00::1/8,192.0.2.7 ", "[10.0.0.0/8 fd00::/8 192.0.2.7/32]"},
		{"::ffff:192.0.2.7", "[192.0.2.7/32]"},
	}
	for _, test := range tests {
		c, err := from(map[string]string{"FOYER_TRUSTED_PROXIES": test.text})
		if got := fmt.Sprint(c.Proxies()); err != nil || got != test.want {
			t.Errorf("%q: got %s, %v; want %s", test.text, got, err, test.want)
		}
	}
}

func TestBadTrustedProxiesAreNamed(t *testing.T) {
	bad := []string{"nginx", "127.0.0.1:80", "10.0.0.0/33", "10.0.0.0/", "fe80::1%eth0", "fe80::1%eth0/64", "::ffff:10.0.0.0/104", "*"}
	_, err := from(map[string]string{"FOYER_TRUSTED_PROXIES": "192.0.2.7," + strings.Join(bad, ",")})
	if err == nil {
		t.Fatal("no error")
	}
	for _, word := range bad {
		if !strings.Contains(err.Error(), fmt.Sprintf("FOYER_TRUSTED_PROXIES: %q", word)) {
			t.Errorf("%q is not named in:\n%v", word, err)
		}
	}
	if strings.Contains(err.Error(), "192.0.2.7") {
		t.Errorf("a good one is named in:\n%v", err)
	}
}
