package twilio

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"foyer/internal/media"
	"foyer/internal/media/twilio/twiliotest"
)

const hook = "https://meet.example.org/hooks/twilio"

// told returns the fields of a callback with some changed.
func told(account twiliotest.Account, changed map[string]string) map[string]string {
	fields := map[string]string{
		"AccountSid": account.SID, "RoomSid": "RM0123456789abcdef0123456789abcdef", "RoomName": "foyer-room-1", "RoomStatus": "in-progress",
		"RoomType": "group", "StatusCallbackEvent": "participant-connected", "SequenceNumber": "3", "Timestamp": stamp(time.Now()),
		"ParticipantSid": "PA0123456789abcdef0123456789abcdef", "ParticipantIdentity": "alice", "ParticipantStatus": "connected",
	}
	maps.Copy(fields, changed)
	return fields
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// asServer makes of a request what reaches the handler: behind a proxy that ends
// TLS it looks like plain http to another host.
func asServer(r *http.Request) *http.Request {
	served := httptest.NewRequest(r.Method, "http://10.0.0.7:8080"+r.URL.RequestURI(), r.Body)
	served.Header = r.Header
	return served
}

func TestEvent(t *testing.T) {
	t.Parallel()
	account := twiliotest.NewAccount()
	b := newBackend(t, account)
	b.PublicOrigin = "https://meet.example.org"
	for event, want := range map[string]media.EventKind{
		"participant-connected": media.EventJoined, "participant-disconnected": media.EventLeft, "room-ended": media.EventRoomEnded,
		"room-created": media.EventOther, "track-added": media.EventOther, "something-new": media.EventOther,
	} {
		fields := told(account, map[string]string{"StatusCallbackEvent": event})
		first, err := b.Event(asServer(twiliotest.Callback(account.AuthToken, "POST", hook, fields)))
		if err != nil {
			t.Fatalf("%s: %v", event, err)
		}
		again, err := b.Event(asServer(twiliotest.Callback(account.AuthToken, "POST", hook, fields)))
		if err != nil || again.ID != first.ID {
			t.Errorf("%s delivered again: %v, with the ids %q and %q", event, err, first.ID, again.ID)
		}
		if first.Kind != want || first.Room != "foyer-room-1" || time.Since(first.At) > time.Minute {
			t.Errorf("%s: got %+v", event, first)
		}
		if (first.Participant == "alice") == (want == media.EventRoomEnded) {
			t.Errorf("%s: participant %q", event, first.Participant)
		}
	}
	foreign := told(account, map[string]string{"RoomName": "somebody-elses"})
	if got, err := b.Event(asServer(twiliotest.Callback(account.AuthToken, "POST", hook, foreign))); err != nil || got.Kind != media.EventOther {
		t.Errorf("a room of another program: %+v, %v", got, err)
	}
}

func TestForgedEvents(t *testing.T) {
	t.Parallel()
	account := twiliotest.NewAccount()
	b := newBackend(t, account)
	b.PublicOrigin = "https://meet.example.org"
	sign := func(token, address string, changed map[string]string) *http.Request {
		return asServer(twiliotest.Callback(token, "POST", address, told(account, changed)))
	}
	unsigned := sign(account.AuthToken, hook, nil)
	unsigned.Header.Del("X-Twilio-Signature")
	changed := sign(account.AuthToken, hook, nil)
	other := sign(account.AuthToken, hook, map[string]string{"ParticipantIdentity": "bob"})
	changed.Body = other.Body
	added := sign(account.AuthToken, hook, nil)
	added.Body = sign(account.AuthToken, hook, map[string]string{"More": "x"}).Body
	spoofed := sign(account.AuthToken, "http://10.0.0.7:8080/hooks/twilio", nil)
	spoofed.TLS, spoofed.Host = &tls.ConnectionState{}, "10.0.0.7:8080"
	for name, r := range map[string]*http.Request{
		"unsigned":                     unsigned,
		"signed with another token":    sign("another", hook, nil),
		"signed for another address":   sign(account.AuthToken, "https://evil.example.org/hooks/twilio", nil),
		"signed for the inner address": spoofed,
		"signed with a query":          sign(account.AuthToken, hook+"?a=b", nil),
		"another's body":               changed,
		"a field more":                 added,
		"of another account":           sign(account.AuthToken, hook, map[string]string{"AccountSid": "AC00000000000000000000000000000000"}),
		"of an hour ago, again":        sign(account.AuthToken, hook, map[string]string{"Timestamp": stamp(time.Now().Add(-time.Hour))}),
		"of tomorrow":                  sign(account.AuthToken, hook, map[string]string{"Timestamp": stamp(time.Now().Add(24 * time.Hour))}),
		"of no time":                   sign(account.AuthToken, hook, map[string]string{"Timestamp": "x"}),
		"large":                        sign(account.AuthToken, hook, map[string]string{"More": strings.Repeat("x", 1<<20)}),
	} {
		if name == "signed with a query" {
			r.URL.RawQuery = ""
		}
		if event, err := b.Event(r); !errors.Is(err, media.ErrForged) {
			t.Errorf("%s: got %+v, %v", name, event, err)
		}
	}
	// Without a token nothing can be verified: not even what is signed with none.
	b.AuthToken = ""
	if event, err := b.Event(sign("", hook, nil)); !errors.Is(err, media.ErrForged) {
		t.Errorf("without an auth token: got %+v, %v", event, err)
	}
}

// Whatever reaches the address, only what Twilio signed is an event.
func FuzzEvent(f *testing.F) {
	account := twiliotest.NewAccount()
	b, err := New(Config{AccountSID: account.SID, APIKeySID: account.KeySID, APIKeySecret: account.KeySecret, AuthToken: account.AuthToken, PublicOrigin: "https://meet.example.org"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("AccountSid=x&Timestamp=2026-01-01T00:00:00Z", "AAAA")
	f.Add("a=%zz&;&a=b&a=c", "")
	f.Fuzz(func(t *testing.T, body, signature string) {
		r := httptest.NewRequest("POST", "/hooks/twilio", strings.NewReader(body))
		r.Header = http.Header{"X-Twilio-Signature": {signature}}
		if event, err := b.Event(r); !errors.Is(err, media.ErrForged) {
			t.Error(fmt.Sprint(event), err)
		}
	})
}
