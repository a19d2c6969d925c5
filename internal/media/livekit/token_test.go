package livekit

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"pgregory.net/rapid"

	"foyer/internal/media"
)

var testKey = bytes.Repeat([]byte{7}, minGateKey)

// signAs returns a token with any claims, signed as the gate does unless told
// otherwise.
func signAs(t testing.TB, tokens tokens, method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	t.Helper()
	if key == nil {
		key = tokens.key
	}
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestVerify(t *testing.T) {
	t.Parallel()
	tokens := newTokens(testKey)
	soon := time.Now().Add(time.Minute).Unix()
	claims := func(change func(jwt.MapClaims)) jwt.MapClaims {
		c := jwt.MapClaims{"iss": issuer, "sub": "alice", "room": "foyer-room", "exp": soon}
		change(c)
		return c
	}
	good := claims(func(jwt.MapClaims) {})
	hs256 := jwt.SigningMethodHS256
	tests := []struct {
		name  string
		token string
		want  error
	}{
		{"good", signAs(t, tokens, hs256, nil, good), nil},
		{"no algorithm", signAs(t, tokens, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good), media.ErrForged},
		{"another algorithm", signAs(t, tokens, jwt.SigningMethodHS512, nil, good), media.ErrForged},
		{"another key", signAs(t, tokens, hs256, []byte("another key of some length or so"), good), media.ErrForged},
		{"the key that it is derived from", signAs(t, tokens, hs256, testKey, good), media.ErrForged},
		{"expired a second ago", signAs(t, tokens, hs256, nil, claims(func(c jwt.MapClaims) { c["exp"] = time.Now().Unix() - 1 })), errExpired},
		{"expired, another key", signAs(t, tokens, hs256, []byte("another"), claims(func(c jwt.MapClaims) { c["exp"] = 1 })), media.ErrForged},
		{"without expiry", signAs(t, tokens, hs256, nil, claims(func(c jwt.MapClaims) { delete(c, "exp") })), media.ErrForged},
		{"expiry that is no number", signAs(t, tokens, hs256, nil, claims(func(c jwt.MapClaims) { c["exp"] = "soon" })), media.ErrForged},
		{"another issuer", signAs(t, tokens, hs256, nil, claims(func(c jwt.MapClaims) { c["iss"] = "foyer" })), media.ErrForged},
		{"second identity", signAs(t, tokens, hs256, nil, claims(func(c jwt.MapClaims) { c["sub"] = "alice#2" })), media.ErrForged},
		{"no identity", signAs(t, tokens, hs256, nil, claims(func(c jwt.MapClaims) { delete(c, "sub") })), media.ErrForged},
		{"no room", signAs(t, tokens, hs256, nil, claims(func(c jwt.MapClaims) { delete(c, "room") })), media.ErrForged},
		{"long room", signAs(t, tokens, hs256, nil, claims(func(c jwt.MapClaims) { c["room"] = strings.Repeat("a", maxName+1) })), media.ErrForged},
		{"long token", signAs(t, tokens, hs256, nil, claims(func(c jwt.MapClaims) { c["x"] = strings.Repeat("a", maxToken) })), media.ErrForged},
		{"empty", "", media.ErrForged},
	}
	for _, test := range tests {
		got, err := tokens.verify(test.token)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
		if want := (member{"foyer-room", "alice"}); test.want == nil && got != want {
			t.Errorf("%s: got %v, want %v", test.name, got, want)
		}
	}
}

func TestSignRefusesMalformedNames(t *testing.T) {
	t.Parallel()
	tokens := newTokens(testKey)
	for _, m := range []member{
		{"", "alice"}, {"foyer-room", ""}, {"foyer-room", "alice#2"}, {"foyer room", "alice"}, {"foyer-room", "ali/ce"},
	} {
		if _, _, err := tokens.sign(m, time.Minute); err == nil {
			t.Errorf("signed %v", m)
		}
	}
}

func TestSignAndVerify(t *testing.T) {
	t.Parallel()
	tokens := newTokens(testKey)
	name := rapid.StringMatching(`[A-Za-z0-9_-]{1,128}`)
	rapid.Check(t, func(t *rapid.T) {
		m := member{media.RoomID(name.Draw(t, "room")), media.ParticipantID(name.Draw(t, "id"))}
		token, expires, err := tokens.sign(m, 2*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if len(token) > maxToken {
			t.Errorf("token of %d bytes", len(token))
		}
		if left := time.Until(expires); left > 2*time.Minute || left < 2*time.Minute-2*time.Second {
			t.Errorf("expires in %v", left)
		}
		if got, err := tokens.verify(token); err != nil || got != m {
			t.Errorf("verify: got %v, %v", got, err)
		}
	})
}

func FuzzVerify(f *testing.F) {
	tokens := newTokens(testKey)
	token, _, err := tokens.sign(member{"foyer-room", "alice"}, time.Hour)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := tokens.verify(text); err == nil && text != token {
			t.Errorf("let %v in", m)
		}
	})
}

func TestPermissionsThereAndBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		may := media.Permissions{
			Microphone: rapid.Bool().Draw(t, "microphone"),
			Camera:     rapid.Bool().Draw(t, "camera"),
			Share:      rapid.Bool().Draw(t, "share"),
		}
		p := permission(may)
		if got := allowed(p); got != may {
			t.Errorf("got %+v, want %+v", got, may)
		}
		if p.CanPublishData || p.CanUpdateMetadata || p.Hidden || !p.CanSubscribe {
			t.Errorf("%+v grants too much or too little", p)
		}
	})
}

func BenchmarkGrant(b *testing.B) {
	backend, err := New(Config{GateKey: testKey})
	if err != nil {
		b.Fatal(err)
	}
	p := media.Participant{ID: "0123456789abcdef0123456789abcdef", Name: "Alice"}
	for b.Loop() {
		if _, err := backend.Grant(b.Context(), "foyer-0123456789abcdef0123456789abcdef", p, 2*time.Minute); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	tokens := newTokens(testKey)
	token, _, err := tokens.sign(member{"foyer-0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"}, time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := tokens.verify(token); err != nil {
			b.Fatal(err)
		}
	}
}
