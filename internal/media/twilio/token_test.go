package twilio

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"foyer/internal/media/twilio/twiliotest"
)

// decode returns the header and the claims of an access token.
func decode(t *testing.T, token string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("a token of %d parts", len(parts))
	}
	for i, into := range []*map[string]any{&header, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

// newBackend returns a backend for an account, which makes no request.
func newBackend(t *testing.T, account twiliotest.Account) *Backend {
	t.Helper()
	b, err := New(Config{AccountSID: account.SID, APIKeySID: account.KeySID, APIKeySecret: account.KeySecret, AuthToken: account.AuthToken})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The claims are those that Twilio's own helper makes of the same input, one by
// one.
func TestTokenEqualsTheHelpers(t *testing.T) {
	t.Parallel()
	account := twiliotest.NewAccount()
	b := newBackend(t, account)
	const ttl = 120
	now := time.Now()
	token, _, err := b.sign("foyer-0190-1", "alice", ttl*time.Second, now)
	if err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(map[string]any{
		"accountSid": account.SID, "keySid": account.KeySID, "secret": account.KeySecret,
		"identity": "alice", "room": "foyer-0190-1", "ttl": ttl, "nbf": now.Add(-early).Unix(),
	})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("node", "token.mjs")
	command.Dir, command.Stdin = "nodehelper", bytes.NewReader(input)
	var complaints strings.Builder
	command.Stderr = &complaints
	helpers, err := command.Output()
	if err != nil {
		t.Fatalf("Twilio's helper (npm ci in %s/ installs it): %v\n%s", command.Dir, err, complaints.String())
	}

	header, claims := decode(t, token)
	wantHeader, want := decode(t, string(helpers))
	issued, wantIssued := claims["iat"].(float64), want["iat"].(float64)
	if int64(issued) != now.Unix() {
		t.Errorf("issued at %v, want %v", int64(issued), now.Unix())
	}
	if !maps.Equal(header, wantHeader) {
		t.Errorf("header %v, want %v", header, wantHeader)
	}
	if got, want := slices.Sorted(maps.Keys(claims)), slices.Sorted(maps.Keys(want)); !slices.Equal(got, want) {
		t.Errorf("claims %v, want %v", got, want)
	}
	for name, value := range want {
		got := claims[name]
		switch name { // each counts from its own now
		case "iat":
			continue
		case "exp":
			value, got = value.(float64)-wantIssued, got.(float64)-issued
		case "jti": // the key and the second
			value, got = keyOf(t, value, wantIssued), keyOf(t, got, issued)
		}
		if one, other := asJSON(t, got), asJSON(t, value); one != other {
			t.Errorf("%s: %s, want %s", name, one, other)
		}
	}
}

// keyOf returns what a jti begins with, after a look at the second that it ends
// with: when the token was issued, or the next, should that have just begun.
func keyOf(t *testing.T, jti any, issued float64) string {
	t.Helper()
	key, second, _ := strings.Cut(jti.(string), "-")
	n, err := strconv.ParseInt(second, 10, 64)
	if since := n - int64(issued); err != nil || since < 0 || since > 1 {
		t.Errorf("jti %v of a token issued at %v", jti, int64(issued))
	}
	return key
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// A token lives as long as was asked, within bounds, whatever twilio-go thinks
// of lives below an hour.
func TestTokenLife(t *testing.T) {
	t.Parallel()
	b := newBackend(t, twiliotest.NewAccount())
	now := time.Date(2026, 5, 4, 12, 0, 0, 900e6, time.UTC)
	for _, test := range []struct{ ask, want time.Duration }{
		{-time.Hour, time.Second}, {0, time.Second}, {90 * time.Second, 90 * time.Second}, {10 * time.Minute, 10 * time.Minute}, {25 * time.Hour, 10 * time.Minute},
	} {
		token, expires, err := b.sign("foyer-room", "alice", test.ask, now)
		if err != nil {
			t.Fatal(err)
		}
		_, claims := decode(t, token)
		whole := now.Truncate(time.Second)
		if got := claims["exp"].(float64); int64(got) != expires.Unix() || !expires.Equal(whole.Add(test.want)) {
			t.Errorf("asked for %v: expires %v, said to be %v; want %v after %v", test.ask, int64(got), expires, test.want, whole)
		}
		if got := int64(claims["nbf"].(float64)); got != whole.Unix()-30 {
			t.Errorf("asked for %v: good from %v, want 30 s before %v", test.ask, got, whole.Unix())
		}
	}
}
