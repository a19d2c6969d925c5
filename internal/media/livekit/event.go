package livekit

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/webhook"

	"foyer/internal/media"
)

// maxWebhook bounds the body of a webhook, in bytes.
const maxWebhook = 256 << 10

// Event implements media.Backend for LiveKit's webhooks. A webhook is signed
// with a token that names the SHA-256 of its body.
func (b *Backend) Event(r *http.Request) (media.Event, error) {
	_, key, secret := b.access()
	r.Body = http.MaxBytesReader(nil, r.Body, maxWebhook)
	e, err := webhook.ReceiveWebhookEvent(r, auth.NewSimpleKeyProvider(key, secret))
	if err != nil {
		// LiveKit's errors may quote the token.
		return media.Event{}, fmt.Errorf("livekit webhook: %w", errors.Join(media.ErrForged, tooLarge(err)))
	}
	event := media.Event{
		ID: e.Id, Room: media.RoomID(e.GetRoom().GetName()), At: time.Unix(e.CreatedAt, 0),
	}
	if strings.HasPrefix(string(event.Room), media.RoomPrefix) {
		event.Kind = kindOf(e)
	}
	if event.Kind != media.EventRoomEnded {
		event.Participant = media.ParticipantID(e.GetParticipant().GetIdentity())
	}
	return event, nil
}

// tooLarge returns err if that is what it says, else nil.
func tooLarge(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return large
	}
	return nil
}

func kindOf(e *livekit.WebhookEvent) media.EventKind {
	switch e.Event {
	case webhook.EventParticipantJoined:
		return media.EventJoined
	case webhook.EventParticipantLeft, webhook.EventParticipantConnectionAborted:
		return media.EventLeft
	case webhook.EventRoomFinished:
		return media.EventRoomEnded
	default:
		return media.EventOther
	}
}
