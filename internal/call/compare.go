package call

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	var stay []func() error
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
			stay = append(stay, func() error { return r.settle(ctx, backend, known[i], c) })
		}
	}
	err = errors.Join(r.expel(ctx, leavers...), sideBySide(out, func(id media.ParticipantID) error {
		return backend.Remove(ctx, name, id)
	}))
	for _, settle := range stay {
		err = errors.Join(err, settle())
	}
	return err
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

// settle makes one connected participant right, who may be there.
func (r *Reconciler) settle(ctx context.Context, backend media.Backend, p presence, c media.Connected) error {
	if p.connected == nil || p.left != nil {
		if reason := r.unasked(backend, p); reason != "" {
			return r.expel(ctx, leaver{p, reason})
		}
		joined, err := r.markJoined(ctx, p, 0)
		if err != nil {
			return err
		}
		if !joined {
			return r.expel(ctx, leaver{p, Full}) // their place was taken before they were back
		}
	}
	may := p.permissions()
	if c.May != may && backend.Capabilities().Update {
		if err := backend.Update(ctx, p.liveRoom(), p.id, may); err != nil {
			return err
		}
	}
	return r.permit(ctx, p)
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

// permit tells a participant what they may do now, unless they know.
func (r *Reconciler) permit(ctx context.Context, p presence) error {
	may := p.permitted()
	if p.hand != nil && !may.Reactions {
		_, err := r.record(ctx, `update grants set hand_at = null where id = $1 and hand_at is not null`, []any{p.id}, handEntry(p, nil, "", ""))
		if err != nil {
			return err
		}
	}
	if p.may == may {
		return nil
	}
	_, err := r.record(ctx, `update grants set permissions = $2 where id = $1 and permissions <> $2`, []any{p.id, may},
		ledger.Entry{Room: ledger.Room(p.room.ID), Kind: ledger.Permitted, Subject: string(p.id), Data: ledger.Data(may)})
	return err
}

// markJoined writes down that somebody is in, and for how long their place is
// kept even if the media service does not list them. It is false when they are
// not in, because no place is left for them.
func (r *Reconciler) markJoined(ctx context.Context, p presence, keep time.Duration) (in bool, err error) {
	in, err = r.record(ctx, `
		update grants set connected_at = coalesce(connected_at, now()), left_at = null, held_until = now() + $3::interval,
			away = case when connected_at is null then '0' else away + coalesce(now() - left_at, '0') end
		from rooms where rooms.id = grants.room_id and grants.id = $1 and grants.revoked_at is null
			and (grants.connected_at is null or grants.left_at is not null) and `+hasPlace, []any{p.id, r.backends.places(p.room), keep},
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
		[]any{p.id, time.Since(asked)},
		ledger.Entry{Room: ledger.Room(p.room.ID), Kind: ledger.Left, Actor: p.actor(), Subject: string(p.id)})
	return err
}

// record makes a change of one row and appends what it means. It is false when
// there was nothing to change: another node made the change already, or may not.
func (r *Reconciler) record(ctx context.Context, update string, args []any, entry ledger.Entry) (changed bool, err error) {
	err = postgres.Tx(ctx, r.pool, func(tx pgx.Tx) error {
		if err := ledger.Lock(ctx, tx, entry.Room); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, update, args...)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		changed = true
		return ledger.Append(ctx, tx, entry)
	})
	if err != nil {
		return false, fmt.Errorf("record %s: %w", entry.Kind, err)
	}
	return changed, nil
}
