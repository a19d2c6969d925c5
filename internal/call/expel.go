package call

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

// leaver is somebody who has to go.
type leaver struct {
	presence
	reason Reason
}

// overAmong lists those among the people of a call whose presence is over.
func overAmong(people []presence) (leavers []leaver) {
	for _, p := range people {
		if reason := p.over(); reason != "" {
			leavers = append(leavers, leaver{p, reason})
		}
	}
	return leavers
}

// expel ends presences in one room: first all of them in the database, so that the
// gate refuses them and their pages are told, then at the backend, which may take
// its time for each.
func (r *Reconciler) expel(ctx context.Context, leavers ...leaver) error {
	if len(leavers) == 0 {
		return nil
	}
	in := leavers[0].room
	endings := make([]Ending, len(leavers))
	for i, l := range leavers {
		var err error
		if endings[i], err = r.ending(ctx, l.presence, l.reason); err != nil {
			return err
		}
	}
	err := postgres.Tx(ctx, r.pool, func(tx pgx.Tx) error {
		if err := ledger.Lock(ctx, tx, ledger.Room(in.ID)); err != nil {
			return err
		}
		for i, l := range leavers {
			if err := revoke(ctx, tx, l.presence, endings[i], ""); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("revoke grants: %w", err)
	}
	backend, err := r.backends.of(in)
	if err != nil {
		return nil // nobody is connected to a service that is not configured
	}
	return r.putOut(ctx, backend, in.ID, leavers)
}

// putOut has a backend put people out of a room's calls. A call that the room has
// left behind ends as a whole.
func (r *Reconciler) putOut(ctx context.Context, backend media.Backend, in room.ID, leavers []leaver) error {
	var behind []media.RoomID
	var one []presence
	for _, l := range leavers {
		live := l.liveRoom()
		switch {
		case l.reason != RoomDeleted && l.generation == l.room.Generation:
			one = append(one, l.presence)
		case !slices.Contains(behind, live):
			behind = append(behind, live)
		}
	}
	return errors.Join(r.closeBehind(ctx, backend, in, behind), sideBySide(one, func(p presence) error {
		return backend.Remove(ctx, p.liveRoom(), p.id)
	}))
}

// closeBehind ends calls that a room has left behind. Those that cannot be ended now
// are when the room is looked at again: their people are written down as gone, so
// that nothing else tells of them.
func (r *Reconciler) closeBehind(ctx context.Context, backend media.Backend, in room.ID, behind []media.RoomID) error {
	r.mu.Lock()
	for _, live := range r.unclosed[in] {
		if !slices.Contains(behind, live) {
			behind = append(behind, live)
		}
	}
	delete(r.unclosed, in)
	r.mu.Unlock()
	var failed error
	for _, live := range behind {
		if err := backend.Close(ctx, live); err != nil {
			failed = errors.Join(failed, err)
			r.mu.Lock()
			r.unclosed[in] = append(r.unclosed[in], live)
			r.mu.Unlock()
		}
	}
	return failed
}

// sideBySide does something about each of some people that may wait for a media
// service, for a few of them at once, and returns the first error.
func sideBySide[P any](people []P, do func(P) error) error {
	const atOnce = 8
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, p := range people {
		group.Go(func() error { return do(p) })
	}
	return group.Wait()
}

// ending is what the participant is told. It names the person whose act it was,
// when it was one.
func (r *Reconciler) ending(ctx context.Context, p presence, reason Reason) (Ending, error) {
	var kind ledger.Kind
	var subject any // any subject
	switch reason {
	case RemovedFromRoom:
		kind, subject = ledger.MemberRemoved, p.person.User
	case RoomDeleted:
		kind = ledger.RoomDeleted
	case CallEnded:
		kind = ledger.CallEnded
	default:
		return Ending{Reason: reason, Message: reason.Sentence("")}, nil
	}
	var by account.UserID
	var name string
	err := r.pool.QueryRow(ctx, `
		select users.id, users.display_name from ledger join users on users.id = ledger.actor
		where ledger.room_id = $1 and ledger.kind = $2 and ledger.at >= $3 and ($4::text is null or ledger.subject = $4)
		order by ledger.id desc limit 1`,
		p.room.ID, kind, p.issued, subject).Scan(&by, &name)
	switch {
	case err != nil && !noRows(err):
		return Ending{}, fmt.Errorf("who ended it: %w", err)
	case by != "" && by == p.person.User:
		return Ending{Reason: reason, Message: reason.OwnSentence()}, nil
	}
	return Ending{Reason: reason, By: name, Message: reason.Sentence(name)}, nil
}
