package config

import (
	"strings"
	"testing"
)

// What the tutorial's .env holds is enough, each of its lines is needed, and
// what carries new rooms can be chosen.
func TestBackend(t *testing.T) {
	t.Parallel()
	twilio := map[string]string{"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_API_KEY_SID": "SK1", "TWILIO_API_KEY_SECRET": "s"}
	with := func(more ...string) map[string]string {
		values := make(map[string]string)
		for name, value := range twilio {
			values[name] = value
		}
		for i := 0; i < len(more); i += 2 {
			values[more[i]] = more[i+1]
		}
		return values
	}
	for _, test := range []struct {
		name      string
		values    map[string]string
		backend   string
		hasTwilio bool
		missing   string
	}{
		{"nothing", nil, LiveKit, false, ""},
		{"the tutorial's .env", twilio, Twilio, true, ""},
		{"both, LiveKit for new rooms", with("FOYER_MEDIA", "livekit"), LiveKit, true, ""},
		{"both, Twilio for new rooms", with("LIVEKIT_URL", "wss://h", "LIVEKIT_API_KEY", "k", "LIVEKIT_API_SECRET", "s"), Twilio, true, ""},
		{"chosen, not set up", map[string]string{"FOYER_MEDIA": "twilio"}, Twilio, false, "TWILIO_ACCOUNT_SID"},
		{"no account", with("TWILIO_ACCOUNT_SID", ""), LiveKit, false, "TWILIO_ACCOUNT_SID"},
		{"no key", with("TWILIO_API_KEY_SID", ""), Twilio, true, "TWILIO_API_KEY_SID"},
		{"no secret", with("TWILIO_API_KEY_SECRET", " "), Twilio, true, "TWILIO_API_KEY_SECRET"},
	} {
		c, err := from(test.values)
		if c.Backend() != test.backend || c.HasTwilio() != test.hasTwilio {
			t.Errorf("%s: new rooms on %s, Twilio set up: %v", test.name, c.Backend(), c.HasTwilio())
		}
		if test.missing == "" && err != nil || test.missing != "" && (err == nil || !strings.HasPrefix(err.Error(), test.missing+": missing")) {
			t.Errorf("%s: got %v, want it to name %q", test.name, err, test.missing)
		}
	}
}
