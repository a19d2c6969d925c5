package config

import (
	"strings"
	"testing"
)

func TestTunnelSettings(t *testing.T) {
	tests := []struct {
		name   string
		values map[string]string
		want   string // in the error; empty: none
	}{
		{"with a token", map[string]string{"FOYER_TUNNEL": "true", "NGROK_AUTHTOKEN": "t"}, ""},
		{"with a reserved address", map[string]string{"FOYER_TUNNEL": "true", "NGROK_AUTHTOKEN": "t", "FOYER_PUBLIC_URL": "https://foyer.ngrok.app"}, ""},
		{"a token alone", map[string]string{"NGROK_AUTHTOKEN": "t"}, ""},
		{"no token", map[string]string{"FOYER_TUNNEL": "true"}, "NGROK_AUTHTOKEN: missing; --tunnel needs the authtoken of an ngrok account, from https://dashboard.ngrok.com/get-started/your-authtoken"},
		{"a plain address", map[string]string{"FOYER_TUNNEL": "true", "NGROK_AUTHTOKEN": "t", "FOYER_PUBLIC_URL": "http://foyer.ngrok.app"}, "FOYER_PUBLIC_URL"},
		{"a name of one's own too", map[string]string{"FOYER_TUNNEL": "true", "NGROK_AUTHTOKEN": "t", "FOYER_DOMAIN": "meet.example.org"}, "FOYER_TUNNEL and FOYER_DOMAIN"},
	}
	for _, test := range tests {
		_, err := from(test.values)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}
