package call

import (
	"context"
	"slices"

	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/room"
)

// Reactions are those that there are. What each looks like is for pages.
var Reactions = []string{"thumbs_up", "heart", "clap", "laugh", "surprise", "party", "sad", "thumbs_down"}

// React shows a reaction of a participant of the visitor's to everybody who is
// there. It is a gesture: it is not kept, so that nobody can look up who clapped
// when, and a page that was away for a moment does not see it late. It returns
// what the policy says, ErrNotYours, and ErrNoReaction.
func (s *Service) React(ctx context.Context, v room.Visit, id media.ParticipantID, reaction string) error {
	if !slices.Contains(Reactions, reaction) {
		return ErrNoReaction
	}
	p, err := s.presence(ctx, id)
	if err != nil {
		return err
	}
	if p.room.ID != v.Room.ID || p.person.User != v.Person.User || p.person.Guest != v.Person.Guest {
		return ErrNotYours
	}
	if err := room.Authorize(p.person, room.Ask{Action: room.React, InCall: p.inCall()}, p.room.State()); err != nil {
		return err
	}
	return ledger.Pass(ctx, s.pool, ledger.Entry{
		Room: ledger.Room(v.Room.ID), Kind: ledger.Reaction, Subject: string(id),
		Data: ledger.Data(map[string]string{"participant": string(id), "reaction": reaction}),
	})
}
