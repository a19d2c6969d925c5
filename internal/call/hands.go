package call

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

// Hands are kept on the grant, so that a page that lost its connection and
// somebody who comes later see the same ones, in the same order for all: that in
// which they went up.

// RaiseHand raises the hand of a participant of the visitor's; nil when it is up.
// It returns what the policy says, and ErrNotYours.
func (s *Service) RaiseHand(ctx context.Context, v room.Visit, id media.ParticipantID) error {
	return s.own(ctx, v, id, func(tx pgx.Tx, p presence) error {
		if err := room.Authorize(p.person, room.Ask{Action: room.RaiseHand, InCall: p.inCall()}, p.room.State()); err != nil {
			return err
		}
		// The clock, read under the ledger's lock: now() is when the transaction
		// began, which may be before that of a hand that went up earlier.
		var at time.Time
		err := tx.QueryRow(ctx, `
			update grants set hand_at = clock_timestamp() where id = $1 and hand_at is null returning hand_at`, id).Scan(&at)
		if noRows(err) {
			return nil
		}
		if err != nil {
			return err
		}
		return ledger.Append(ctx, tx, handEntry(p, &at, p.actor(), ""))
	})
}

// LowerOwnHand lowers the hand of a participant of the visitor's; nil when it is
// down. It returns ErrNotYours.
func (s *Service) LowerOwnHand(ctx context.Context, v room.Visit, id media.ParticipantID) error {
	return s.own(ctx, v, id, func(tx pgx.Tx, p presence) error {
		return lowerHand(ctx, tx, p, p.actor(), "")
	})
}

// LowerHand lowers somebody else's hand; nil when it is down. It returns what the
// policy says, and ErrNotYours.
func (s *Service) LowerHand(ctx context.Context, in room.ID, by account.UserID, id media.ParticipantID) error {
	return s.moderate(ctx, in, by, id, room.Ask{Action: room.LowerHand}, func(tx pgx.Tx, p presence, byName string) error {
		return lowerHand(ctx, tx, p, string(by), byName)
	})
}

// LowerHands lowers the hands of everybody whose the actor may lower. It returns
// what the policy says of doing so at all.
func (s *Service) LowerHands(ctx context.Context, in room.ID, by account.UserID) error {
	return s.moderateAll(ctx, in, by, room.LowerHand, func(tx pgx.Tx, p presence, byName string) error {
		return lowerHand(ctx, tx, p, string(by), byName)
	})
}

func lowerHand(ctx context.Context, tx pgx.Tx, p presence, by, byName string) error {
	tag, err := tx.Exec(ctx, `update grants set hand_at = null where id = $1 and hand_at is not null`, p.id)
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	return ledger.Append(ctx, tx, handEntry(p, nil, by, byName))
}

// handEntry says that a hand is up since a time, or down. ByName is of who else
// lowered it.
func handEntry(p presence, at *time.Time, by, byName string) ledger.Entry {
	return ledger.Entry{
		Room: ledger.Room(p.room.ID), Kind: ledger.Hand, Actor: by, Subject: string(p.id),
		Data: ledger.Data(map[string]any{"participant": p.id, "hand_at": at, "by": byName}),
	}
}

// own runs do on a participant of the visitor's, under the ledger's lock, with
// all as it is at that moment. It returns ErrNotYours for another's.
func (s *Service) own(ctx context.Context, v room.Visit, id media.ParticipantID, do func(tx pgx.Tx, p presence) error) error {
	err := postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := ledger.Lock(ctx, tx, ledger.Room(v.Room.ID)); err != nil {
			return err
		}
		found, err := presences(ctx, tx, `grants.id = $1 and grants.room_id = $2`, id, v.Room.ID)
		if err != nil {
			return err
		}
		if len(found) == 0 || found[0].person.User != v.Person.User || found[0].person.Guest != v.Person.Guest {
			return ErrNotYours
		}
		return do(tx, found[0])
	})
	if err != nil {
		return fmt.Errorf("act in a call: %w", err)
	}
	return nil
}
