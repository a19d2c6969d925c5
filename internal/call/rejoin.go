package call

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

// Rejoin is Join for a page that has lost the call and comes back as another
// participant. As long as the former may be in, that is not coming anew: the
// policy is asked whether they may stay, the former's place passes on, and if
// their hand was up, or they were in the spotlight, that goes on. The former ends
// with it, so that nobody is there twice; when it is refused, it is left to what
// ends it. Without a former, or with one of another session, it is Join.
func (s *Service) Rejoin(ctx context.Context, token account.Token, slug, displayName string, former media.ParticipantID) (Ticket, error) {
	visit, err := s.rooms.Visit(ctx, token, slug)
	if err != nil {
		return Ticket{}, err
	}
	if strings.TrimSpace(displayName) == "" {
		displayName = visit.DisplayName
	}
	return s.enter(ctx, visit, displayName, former)
}

// readmit is admit for somebody who says whom they were before. Whether that one
// may still be in is asked under the room's lock, so that nobody puts them out
// meanwhile.
func (s *Service) readmit(ctx context.Context, e entry, former media.ParticipantID, ticket *Ticket) (entry, error) {
	err := postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := ledger.Lock(ctx, tx, ledger.Room(e.Room.ID)); err != nil {
			return err
		}
		before, err := formerly(ctx, tx, e.Visit, former)
		if err != nil {
			return err
		}
		if before != nil {
			e.former = before.id
		}
		if before.standing() {
			e.as, e.byApproval, e.hasPlace = former, before.byApproval, before.inCall()
		} else {
			if before != nil && before.connected != nil && before.inCall() {
				e.Room.Present-- // theirs; those who have not connected a Visit does not count
			}
			if err := e.May(room.Ask{Action: room.Enter}); err != nil {
				return err
			}
		}
		return admit(ctx, tx, &e, ticket)
	})
	return e, err
}

// formerly loads the presence that the visitor was before, or nil. When an answer
// to the same question was lost, that is who came in its place and never
// connected.
func formerly(ctx context.Context, db postgres.Querier, v room.Visit, former media.ParticipantID) (*presence, error) {
	found, err := presences(ctx, db, `grants.room_id = $2 and grants.revoked_at is null
		and (grants.id = $1 or grants.returns_as = $1 and grants.connected_at is null)`, former, v.Room.ID)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(found, func(p presence) bool {
		return p.session == v.Session.ID && p.person.User == v.Person.User && p.person.Guest == v.Person.Guest
	})
	if i < 0 {
		return nil, nil
	}
	return &found[i], nil
}

// standing says whether a presence is that of somebody who was in and may go on
// being in, as the gate asks of who connects again.
func (p *presence) standing() bool {
	return p != nil && (p.connected != nil || p.returns) && p.over() == ""
}

// end ends a presence of the person of a session.
func (s *Service) end(ctx context.Context, id media.ParticipantID, in room.ID, reason Reason) error {
	var batch pgx.Batch
	batch.Queue(`select pg_advisory_xact_lock(ledger_key($1))`, in)
	queueEnd(ctx, &batch, id, reason)
	if err := s.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("end a presence: %w", err)
	}
	return nil
}

// queueEnd has a batch that holds the room's lock end a presence whose person is
// not to be told: they know.
func queueEnd(ctx context.Context, batch *pgx.Batch, id media.ParticipantID, reason Reason) {
	batch.Queue(`
		with before as (select left_at, connected_at from grants where id = $1 and revoked_at is null),
		ended as (
			update grants set revoked_at = now(), left_at = coalesce(left_at, now()), held_until = null, reason = $2
			where id = $1 and revoked_at is null returning room_id, coalesce(user_id, guest_id) as person, id)
		insert into ledger (room_id, kind, actor, subject, address)
		select room_id, $3, person, id, $4 from ended, before where before.left_at is null and before.connected_at is not null`,
		id, reason, ledger.Left, ledger.Address(ctx))
}
