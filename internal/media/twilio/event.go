package twilio

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"

	"foyer/internal/media"
)

// callbackPath is where Foyer takes Twilio's status callbacks.
const callbackPath = "/hooks/" + Name

const (
	maxCallback = 64 << 10 // bytes
	// A callback is refused when it tells of a time further away than this:
	// its signature holds for ever, and somebody may have kept it.
	oldest   = 5 * time.Minute
	fromLate = time.Minute // of a clock that is ahead of ours
)

// Event implements media.Backend for status callbacks. The signature is over the
// public address, whatever the request looks like behind a proxy.
func (b *Backend) Event(r *http.Request) (media.Event, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxCallback))
	if err != nil {
		return media.Event{}, fmt.Errorf("status callback: %w: %w", media.ErrForged, err)
	}
	signature := r.Header.Get("X-Twilio-Signature")
	address := b.PublicOrigin + r.URL.RequestURI()
	validator := client.NewRequestValidator(b.AuthToken)
	if b.callbackURL() == "" || signature == "" || !validator.ValidateBody(address, body, signature) {
		return media.Event{}, fmt.Errorf("status callback: %w", media.ErrForged)
	}
	fields, err := url.ParseQuery(string(body))
	if err != nil || fields.Get("AccountSid") != b.AccountSID {
		return media.Event{}, fmt.Errorf("status callback of another account: %w", media.ErrForged)
	}
	at, err := time.Parse(time.RFC3339, fields.Get("Timestamp"))
	if age := time.Since(at); err != nil || age > oldest || age < -fromLate {
		return media.Event{}, fmt.Errorf("status callback of %q, too far from now: %w", fields.Get("Timestamp"), media.ErrForged)
	}
	event := media.Event{
		ID: strings.Join([]string{fields.Get("RoomSid"), fields.Get("SequenceNumber"), fields.Get("StatusCallbackEvent"),
			fields.Get("ParticipantSid"), fields.Get("Timestamp")}, "/"),
		Room: media.RoomID(fields.Get("RoomName")),
		At:   at,
	}
	if strings.HasPrefix(string(event.Room), media.RoomPrefix) {
		event.Kind = kindOf(fields.Get("StatusCallbackEvent"))
	}
	if event.Kind != media.EventRoomEnded {
		event.Participant = media.ParticipantID(fields.Get("ParticipantIdentity"))
	}
	return event, nil
}

func kindOf(event string) media.EventKind {
	switch event {
	case "participant-connected":
		return media.EventJoined
	case "participant-disconnected":
		return media.EventLeft
	case "room-ended":
		return media.EventRoomEnded
	default:
		return media.EventOther
	}
}
