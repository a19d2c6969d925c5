package call

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

// compare makes what the backend says of a room's call and what the database
// says agree. Present are the room's grants in use as they were loaded before.
func (r *Reconciler) compare(ctx context.Context, of room.Room, backend media.Backend, present []presence) error {
	asked := time.Now()
	name := liveRoom(of.ID, of.Generation)
	// Whose call has ended since they were loaded did not leave it: they are put out.
	present = slices.DeleteFunc(slices.Clone(present), func(p presence) bool { return p.liveRoom() != name })
	in, err := connectedTo(ctx, backend, name, present)
	if err != nil {
		return err
	}
	connected := make([]string, len(in))
	for i, c := range in {
		connected[i] = string(c.ID)
	}
	for _, p := range present {
		if p.connected != nil && !slices.Contains(connected, string(p.id)) {
			if err := r.markLeft(ctx, p, asked); err != nil {
				return err
			}
		}
	}
	if len(connected) == 0 {
		return nil
	}
	known, err := presences(ctx, r.pool, `grants.id = any($1)`, connected)
	if err != nil {
		return err
	}
	var out []media.ParticipantID
	var leavers []leaver
	var stay []inside
	for _, c := range in {
		i := slices.IndexFunc(known, func(p presence) bool { return p.id == c.ID && p.liveRoom() == name })
		if i < 0 {
			out = append(out, c.ID) // nobody let them in
			continue
		}
		switch reason := known[i].over(); {
		case known[i].revoked != nil:
			out = append(out, c.ID)
		case reason != "":
			leavers = append(leavers, leaver{known[i], reason})
		case c.Disguised: // what their switches say, and muting, would not meet it
			leavers = append(leavers, leaver{known[i], Expelled})
		default:
			stay = append(stay, inside{known[i], c})
		}
	}
	err = errors.Join(r.expel(ctx, leavers...), sideBySide(out, func(id media.ParticipantID) error {
		return backend.Remove(ctx, name, id)
	}))
	return errors.Join(err, r.settle(ctx, of, backend, stay))
}

// connectedTo asks the backend who is in a live room. A service that is looked at
// from outside lists those who are connected and those who are coming back apart,
// and whoever turns from one to the other meanwhile is on neither list: before
// somebody is missing it is asked once more.
func connectedTo(ctx context.Context, backend media.Backend, name media.RoomID, present []presence) ([]media.Connected, error) {
	live, err := backend.Live(ctx, name)
	if err != nil {
		return nil, err
	}
	in := live[name]
	has := func(id media.ParticipantID) bool {
		return slices.ContainsFunc(in, func(c media.Connected) bool { return c.ID == id })
	}
	isMissing := func(p presence) bool { return p.connected != nil && p.left == nil && !has(p.id) }
	if gated(backend) || !slices.ContainsFunc(present, isMissing) {
		return in, nil
	}
	again, err := backend.Live(ctx, name)
	if err != nil {
		return nil, err
	}
	for _, c := range again[name] {
		if !has(c.ID) {
			in = append(in, c)
		}
	}
	return in, nil
}

// settledAtOnce is how many people of a room are made right before it is looked
// whether somebody has to go meanwhile.
const settledAtOnce = 16

// inside is somebody who is in a call and may be.
type inside struct {
	presence
	says media.Connected // the backend of them
}

// settle makes people of one room right, some at a time: who has to go waits for no
// more than those. When the room is queued anew it leaves the rest for then; each
// time some more are right.
func (r *Reconciler) settle(ctx context.Context, of room.Room, backend media.Backend, people []inside) error {
	var failed error
	wrong := slices.DeleteFunc(people, func(p inside) bool { return p.isIn() && p.knows() && !p.isBehind(backend) })
	for some := range slices.Chunk(wrong, settledAtOnce) {
		failed = errors.Join(failed, r.settleSome(ctx, backend, some))
		if r.isQueued(of) {
			break
		}
	}
	return failed
}

func (r *Reconciler) settleSome(ctx context.Context, backend media.Backend, people []inside) error {
	var mu sync.Mutex
	var failed error
	var right, behind []presence
	for _, p := range people {
		in, err := r.comeIn(ctx, backend, p.presence)
		failed = errors.Join(failed, err)
		switch {
		case !in:
		case p.isBehind(backend):
			behind = append(behind, p.presence)
		default:
			right = append(right, p.presence)
		}
	}
	err := sideBySide(behind, func(p presence) error {
		if err := backend.Update(ctx, p.liveRoom(), p.id, p.permissions()); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		right = append(right, p)
		return nil
	})
	return errors.Join(failed, err, r.permit(ctx, right))
}

// isBehind reports whether the media service lets somebody do more or less than they
// may, and can be told.
func (p inside) isBehind(at media.Backend) bool {
	return p.says.May != p.permissions() && at.Capabilities().Update
}

// isIn reports whether it is written down that somebody is in.
func (p presence) isIn() bool { return p.connected != nil && p.left == nil }

// knows reports whether somebody has been told what they may do now.
func (p presence) knows() bool { return p.may == p.permitted() && !p.hasStrayHand() }

// hasStrayHand reports whether somebody's hand is up who may not raise it any more.
func (p presence) hasStrayHand() bool { return p.hand != nil && !p.permitted().Reactions }

// comeIn writes down that a connected participant is in, who may be there. It is
// false when they may not begin to be, and have to go.
func (r *Reconciler) comeIn(ctx context.Context, backend media.Backend, p presence) (in bool, err error) {
	if p.isIn() {
		return true, nil
	}
	if reason := r.unasked(backend, p); reason != "" {
		return false, r.expel(ctx, leaver{p, reason})
	}
	in, err = r.markJoined(ctx, p, 0, time.Time{})
	if err == nil && !in {
		err = r.expel(ctx, leaver{p, Full}) // their place was taken before they were back
	}
	return in, err
}

// unasked says why somebody who has just connected may not, where no gate has
// asked before; empty when they may. Whether a place is left is asked when they
// take it.
func (r *Reconciler) unasked(backend media.Backend, p presence) Reason {
	if gated(backend) {
		return ""
	}
	return p.barred()
}

// permit tells people of one room what they may do now, unless they know, all of
// them in one transaction.
func (r *Reconciler) permit(ctx context.Context, people []presence) error {
	var hands []presence
	var ids, may []string
	for _, p := range people {
		if p.hasStrayHand() {
			hands = append(hands, p)
		}
		if p.may != p.permitted() {
			ids, may = append(ids, string(p.id)), append(may, string(ledger.Data(p.permitted())))
		}
	}
	if len(ids) == 0 && len(hands) == 0 {
		return nil
	}
	in := ledger.Room(people[0].room.ID)
	err := postgres.Tx(ctx, r.pool, func(tx pgx.Tx) error {
		if err := ledger.Lock(ctx, tx, in); err != nil {
			return err
		}
		for _, p := range hands {
			_, err := change(ctx, tx, `update grants set hand_at = null where id = $1 and hand_at is not null`, []any{p.id}, handEntry(p, nil, "", ""))
			if err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `
			with changed as (
				update grants set permissions = told.may::jsonb from unnest($2::text[], $3::text[]) told (id, may)
				where grants.id = told.id and grants.permissions <> told.may::jsonb returning grants.id, grants.permissions)
			insert into ledger (room_id, kind, subject, data) select $1, $4, id, permissions from changed`, in, ids, may, ledger.Permitted)
		return err
	})
	if err != nil {
		return fmt.Errorf("record %s: %w", ledger.Permitted, err)
	}
	return nil
}

// markJoined writes down that somebody is in, and for how long their place is
// kept even if the media service does not list them. Since is when they came: who
// has left after that is not back; zero is now. It is false when they are not in,
// because no place is left for them or because they have left.
func (r *Reconciler) markJoined(ctx context.Context, p presence, keep time.Duration, since time.Time) (in bool, err error) {
	in, err = r.record(ctx, `
		update grants set connected_at = coalesce(connected_at, now()), left_at = null, held_until = now() + $3::interval,
			away = case when connected_at is null then '0' else away + coalesce(now() - left_at, '0') end
		from rooms where rooms.id = grants.room_id and grants.id = $1 and grants.revoked_at is null
			and (grants.connected_at is null or grants.left_at < now() - $4::interval or grants.left_at is not null and $4::interval is null)
			and `+hasPlace, func() []any { return []any{p.id, r.backends.places(p.room), keep, ago(since)} },
		ledger.Entry{Room: ledger.Room(p.room.ID), Kind: ledger.Joined, Actor: p.actor(), Subject: string(p.id), Data: ledger.Data(p.who())})
	if in || err != nil {
		return in, err
	}
	// Another may have been first, or ended the presence.
	err = r.pool.QueryRow(ctx, `
		select revoked_at is not null or connected_at is not null and left_at is null from grants where id = $1`, p.id).Scan(&in)
	if err != nil {
		return false, fmt.Errorf("record %s: %w", ledger.Joined, err)
	}
	return in, nil
}

// markLeft writes down that somebody is gone. Asked is when the backend was
// asked: who came since is not gone, nor is who is about to come back.
func (r *Reconciler) markLeft(ctx context.Context, p presence, asked time.Time) error {
	_, err := r.record(ctx, `
		update grants set left_at = now(), held_until = null
		where id = $1 and left_at is null and revoked_at is null and connected_at < now() - $2::interval
			and coalesce(held_until < now(), true)`,
		func() []any { return []any{p.id, time.Since(asked)} },
		ledger.Entry{Room: ledger.Room(p.room.ID), Kind: ledger.Left, Actor: p.actor(), Subject: string(p.id)})
	return err
}

// record makes a change of one row and appends what it means. It is false when
// there was nothing to change: another node made the change already, or may not.
// The arguments are asked for when the transaction has begun: how long ago something
// was, counted back from its now(), is never later than it was, however long the
// transaction waited to begin and waits for the ledger.
func (r *Reconciler) record(ctx context.Context, update string, arguments func() []any, entry ledger.Entry) (changed bool, err error) {
	err = postgres.Tx(ctx, r.pool, func(tx pgx.Tx) error {
		args := arguments()
		if err := ledger.Lock(ctx, tx, entry.Room); err != nil {
			return err
		}
		changed, err = change(ctx, tx, update, args, entry)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("record %s: %w", entry.Kind, err)
	}
	return changed, nil
}

// ago is how long ago a moment was; nil for none.
func ago(moment time.Time) *time.Duration {
	if moment.IsZero() {
		return nil
	}
	passed := time.Since(moment)
	return &passed
}

// change is record in a transaction that holds the room's ledger.
func change(ctx context.Context, tx pgx.Tx, update string, args []any, entry ledger.Entry) (changed bool, err error) {
	tag, err := tx.Exec(ctx, update, args...)
	if err != nil || tag.RowsAffected() == 0 {
		return false, err
	}
	return true, ledger.Append(ctx, tx, entry)
}
