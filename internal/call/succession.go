package call

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

// moderatorBack is how long a call that ends without a moderator waits for one.
const moderatorBack = time.Minute

// Host is who moderates a call while none of the room's moderators is in it.
type Host struct {
	Username    string     `json:"username"` // empty: nobody
	DisplayName string     `json:"display_name"`
	EndsAt      *time.Time `json:"ends_at"` // the call ends then unless a moderator is back
}

// hostColumns select the Host of the call that goes on in the room $1, for its
// fields.
const hostColumns = `coalesce(users.username, ''), coalesce(users.display_name, ''), calls.ends_at
	from calls left join users on users.id = calls.host where calls.room_id = $1 and calls.ended_at is null`

func (h *Host) fields() []any { return []any{&h.Username, &h.DisplayName, &h.EndsAt} }

// current is the call that goes on in a room.
type current struct {
	id        string
	moderated bool // a moderator has been in it
	host      account.UserID
	endsAt    *time.Time
	ended     cause
}

// cause is why a call ends, besides somebody ending it.
type cause string

const (
	goesOn      cause = ""
	empty       cause = "empty"       // nobody has been in it for a while
	unmoderated cause = "unmoderated" // no moderator came back
	byModerator cause = "moderator"   // somebody ended it
)

// succeed returns what becomes of a call with these people in it, in the order
// of their coming, under the room's rule.
func (c current) succeed(people []room.Person, rule room.Succession, now time.Time) current {
	switch {
	case room.Moderated(people):
		c.moderated, c.host, c.endsAt = true, "", nil
		return c
	case !c.moderated || len(people) == 0:
		return c
	}
	heir := -1
	if rule == room.SuccessionHost {
		heir = room.Successor(people)
	}
	switch {
	case heir < 0:
		c.host = ""
		if c.endsAt == nil {
			end := now.Add(moderatorBack)
			c.endsAt = &end
		}
	case c.host == "" || !isIn(c.host, people):
		c.host, c.endsAt = people[heir].User, nil
	}
	return c
}

func isIn(user account.UserID, people []room.Person) bool {
	for _, p := range people {
		if p.User == user {
			return true
		}
	}
	return false
}

// preside sees to it that somebody moderates the call that goes on in a room, as
// the room's rule says, and ends the call when nobody does or nobody is left.
func (r *Reconciler) preside(ctx context.Context, in room.Room) error {
	// First without a lock: mostly there is nothing to do.
	now, next, err := course(ctx, r.pool, in)
	if err != nil || now == next {
		return err
	}
	err = postgres.Tx(ctx, r.pool, func(tx pgx.Tx) error {
		if err := lockRoom(ctx, tx, in.ID); err != nil {
			return err
		}
		now, next, err := course(ctx, tx, in)
		switch {
		case err != nil || now == next:
			return err
		case next.ended != goesOn:
			return conclude(ctx, tx, in.ID, next.id, "", next.ended)
		}
		return writeHost(ctx, tx, in.ID, now, next)
	})
	if err != nil {
		return fmt.Errorf("preside: %w", err)
	}
	return nil
}

// lockRoom keeps everybody else from changing a room, or taking a place in it,
// until the transaction ends.
func lockRoom(ctx context.Context, tx pgx.Tx, id room.ID) error {
	if _, err := tx.Exec(ctx, `select from rooms where id = $1 for no key update`, id); err != nil {
		return err
	}
	return ledger.Lock(ctx, tx, ledger.Room(id))
}

// emptyFor is how long nobody is in a call before it has ended: a page can be
// loaded again, and a network be lost, without that.
const emptyFor = time.Minute

// course loads the call that goes on in a room and what should become of it.
// Both are zero when there is none.
func course(ctx context.Context, db postgres.Querier, in room.Room) (now, next current, err error) {
	var isEmpty, timeIsUp, wasModerated bool
	err = db.QueryRow(ctx, `
		select id, moderated, coalesce(host::text, ''), ends_at, coalesce(ends_at <= now(), false),
			exists (select from grants where call_id = calls.id and connected_at is not null and role = any($3)),
			not exists (select from grants where grants.room_id = calls.room_id and `+room.Present+`)
			and greatest(started_at, (select max(coalesce(left_at, held_until)) from grants where call_id = calls.id)) < now() - $2::interval
		from calls where room_id = $1 and ended_at is null`, in.ID, emptyFor, []room.Role{room.Moderator, room.Owner}).
		Scan(&now.id, &now.moderated, &now.host, &now.endsAt, &timeIsUp, &wasModerated, &isEmpty)
	if err != nil {
		if noRows(err) {
			err = nil
		}
		return now, now, err
	}
	next = now
	if isEmpty {
		next.ended = empty
		return now, next, nil
	}
	found, err := presences(ctx, db, `grants.room_id = $1 and grants.connected_at is not null and `+room.Present+`
		order by grants.connected_at, grants.id`, in.ID)
	if err != nil {
		return now, now, err
	}
	people := make([]room.Person, len(found))
	for i, p := range found {
		people[i] = p.person
	}
	// A moderator may have looked in for a moment, between two looks at the call.
	next.moderated = now.moderated || wasModerated
	next = next.succeed(people, in.Succession, time.Now())
	if timeIsUp && next.endsAt != nil {
		next.ended = unmoderated
	}
	return now, next, nil
}

// writeHost writes down who hosts a call from now on, and until when it goes on
// without anybody.
func writeHost(ctx context.Context, tx pgx.Tx, in room.ID, now, next current) error {
	_, err := tx.Exec(ctx, `
		update calls set moderated = $2, host = nullif($3, '')::uuid, ends_at = $4 where id = $1`,
		now.id, next.moderated, next.host, next.endsAt)
	if err != nil || now.host == next.host && now.endsAt == next.endsAt {
		return err
	}
	var host Host
	if err := tx.QueryRow(ctx, `select `+hostColumns, in).Scan(host.fields()...); err != nil && !noRows(err) {
		return err
	}
	return ledger.Append(ctx, tx, ledger.Entry{
		Room: ledger.Room(in), Kind: ledger.HostChanged, Subject: string(next.host), Data: ledger.Data(host),
	})
}

// conclude ends a call: for everybody who is in it, for its guests, and with it
// what the lobby answered and what hosts have changed.
func conclude(ctx context.Context, tx pgx.Tx, in room.ID, call string, by account.UserID, why cause) error {
	if err := room.PutBack(ctx, tx, in, call); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `update calls set ended_at = now(), host = null, ends_at = null where id = $1`, call)
	if err != nil {
		return err
	}
	// Leaves the live room at the media backend behind for good. One that everybody has left goes away there by
	// itself, in its own time: nobody is to be sent into it meanwhile.
	if _, err := tx.Exec(ctx, `update rooms set generation = generation + 1 where id = $1`, in); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		update guests set ended_at = now(), ended_by = 'call'
		where ended_at is null and id in (select guest_id from grants where call_id = $1)`, call)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `delete from lobby where room_id = $1 and state <> 'waiting'`, in); err != nil {
		return err
	}
	return ledger.Append(ctx, tx, ledger.Entry{
		Room: ledger.Room(in), Kind: ledger.CallEnded, Actor: string(by), Subject: call, Data: ledger.Data(map[string]cause{"cause": why}),
	})
}
