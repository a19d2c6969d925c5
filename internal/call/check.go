package call

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"time"

	"foyer/internal/media"
	"foyer/internal/room"
)

// checkLife is how long somebody may try the way to the media service.
const checkLife = time.Minute

// checkPrefix begins the names of live rooms that are there for a try only. What
// follows is when it ends, in Unix seconds, and something random: whoever holds a
// token for such a room was given it by Check, and the name alone says until when
// it counts, on every node and with no row to look up. It is no name that liveRoom
// makes, so that the reconciler leaves it alone.
const checkPrefix = media.RoomPrefix + "check-"

// Check gives a visitor of a room a credential to try the way to the service that
// carries its calls: it opens a live room of its own, in which nobody else can be
// and nothing may be sent, for a minute. It returns what the policy says,
// ErrNoBackend, media.ErrUnsupported where there is no gate to end the try in time,
// and errors that wrap media.ErrUnavailable.
func (s *Service) Check(ctx context.Context, visit room.Visit) (media.Grant, error) {
	if err := visit.May(room.Ask{Action: room.TryConnection}); err != nil {
		return media.Grant{}, err
	}
	backend, err := s.backends.of(visit.Room)
	if err != nil {
		return media.Grant{}, err
	}
	if _, ok := backend.(media.Signaller); !ok {
		return media.Grant{}, media.ErrUnsupported
	}
	live := media.RoomID(checkPrefix + strconv.FormatInt(time.Now().Add(checkLife).Unix(), 10) + "-" + strings.ToLower(rand.Text()))
	grant, err := backend.Grant(ctx, live, media.Participant{ID: media.ParticipantID(strings.ToLower(rand.Text())), Name: checkName}, checkLife)
	if err != nil {
		return media.Grant{}, fmt.Errorf("check: %w", err)
	}
	return grant, nil
}

// checkName is what somebody who tries is called, where nobody sees it.
const checkName = "check"

// admitCheck answers the gate about a live room that is there for a try. It is
// false for every other room.
func admitCheck(live media.RoomID, id media.ParticipantID) (p media.Participant, refusal error, ok bool) {
	name, ok := strings.CutPrefix(string(live), checkPrefix)
	if !ok {
		return media.Participant{}, nil, false
	}
	until, _, _ := strings.Cut(name, "-")
	seconds, err := strconv.ParseInt(until, 10, 64)
	if err != nil || !time.Now().Before(time.Unix(seconds, 0)) {
		return media.Participant{}, &media.Refusal{Status: 403, Reason: "expired"}, true
	}
	return media.Participant{ID: id, Name: checkName}, nil, true
}
