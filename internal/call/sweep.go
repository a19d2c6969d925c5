package call

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/media"
	"foyer/internal/room"
)

const (
	sweepEvery = 5 * time.Second
	// sweepTime bounds one sweep, should the database fall silent.
	sweepTime = time.Minute
	// lapseAfter is how long after it ceased to hold a place a grant that was
	// never used is put away; its token is of no use by then.
	lapseAfter = time.Minute
)

// sweep runs Sweep from time to time, and when changes may have been missed.
func (r *Reconciler) sweep(ctx context.Context) {
	tick := time.NewTicker(r.every)
	defer tick.Stop()
	for round := 0; ; round++ {
		bounded, cancel := context.WithTimeout(ctx, sweepTime)
		if err := r.sweepOnce(bounded, round); err != nil && ctx.Err() == nil {
			r.log.Warn("sweep of live rooms", "error", err)
		}
		cancel()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-r.missed:
			round = -1 // begin with everything
		}
	}
}

// Sweep compares everybody who should be in a call with everybody who is, in a
// few queries whatever their number, and queues the rooms where they differ: for
// what was missed, and for what no row's change announces, like the end of a
// session. Calls that rooms have left behind it ends.
func (r *Reconciler) Sweep(ctx context.Context) error { return r.sweepOnce(ctx, 0) }

// sweepOnce is Sweep, but for backends without a gate only as thorough as the
// round asks for; the first is thorough. A backend that does not answer leaves
// the others to be looked at.
func (r *Reconciler) sweepOnce(ctx context.Context, round int) error {
	if err := r.claim(ctx); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	spokenFor, err := r.spokenFor(ctx)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	if err := r.lapse(ctx); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	if err := r.sweepCalls(ctx); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	present, err := presences(ctx, r.pool, `grants.left_at is null and grants.revoked_at is null`)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	r.expect(present)
	v, err := r.lookAll(ctx, present, round)
	for _, p := range present {
		c, connected := v.live[p.id]
		right := p.over() == "" && p.may == p.permitted()
		if v.covers(p) || !slices.Contains(spokenFor, p.room.Backend) {
			right = right && connected == (p.connected != nil)
		}
		if connected {
			right = right && !c.Disguised && v.at[p.id] == p.liveRoom() && (c.May == permissions(p.may) || !r.canUpdate(p.room))
		}
		if !right {
			r.rooms.add(p.room.ID)
		}
		delete(v.live, p.id)
	}
	for id := range v.live { // whom no grant in use let in
		r.Seen(v.at[id])
	}
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	return nil
}

// lapse puts grants away that nobody used. Those that somebody is changing now are
// left to the next sweep: waiting for one while holding another is how two such
// changes come to wait for each other.
func (r *Reconciler) lapse(ctx context.Context) error {
	_, err := r.pool.Exec(ctx, `
		with unused as (
			select id from grants
			where connected_at is null and left_at is null and revoked_at is null and held_until < now() - $1::interval
			for no key update skip locked)
		update grants set left_at = now(), held_until = null, reason = 'lapsed' from unused where grants.id = unused.id`, lapseAfter)
	return err
}

// sweepCalls presides over calls whose time is up or that nobody is in, and takes
// out of the lobbies who waits no more. It asks no backend.
func (r *Reconciler) sweepCalls(ctx context.Context) error {
	rows, err := r.pool.Query(ctx, `
		select `+room.Columns+` from calls join rooms on rooms.id = calls.room_id where calls.ended_at is null
			and (calls.ends_at <= now() or not exists (select from grants where grants.room_id = calls.room_id and `+room.Present+`))`)
	if err != nil {
		return err
	}
	rooms, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (found room.Room, err error) {
		err = row.Scan(found.Fields()...)
		return found, err
	})
	if err != nil {
		return err
	}
	for _, found := range rooms {
		if err := r.preside(ctx, found); err != nil {
			return err
		}
	}
	return room.NewStore(r.pool).SweepLobbies(ctx)
}

func (r *Reconciler) canUpdate(in room.Room) bool {
	backend, err := r.backends.of(in)
	return err == nil && backend.Capabilities().Update
}

// closeStrays ends those of a backend's calls that belong to a deleted room or to
// an earlier generation of one, and forgets them. It forgets, and leaves alone,
// calls of rooms that the database never had: another Foyer may share the
// backend.
func (r *Reconciler) closeStrays(ctx context.Context, backend media.Backend, calls map[media.RoomID][]media.Connected) error {
	var ids []room.ID
	for name := range calls {
		if id, _, ok := roomOf(name); ok {
			ids = append(ids, id)
		}
	}
	rows, err := r.pool.Query(ctx, `select id, case when deleted_at is null then generation else 0 end from rooms where id = any($1)`, ids)
	if err != nil {
		return err
	}
	generations := make(map[room.ID]int) // 0 for a deleted room
	var id room.ID
	var generation int
	_, err = pgx.ForEachRow(rows, []any{&id, &generation}, func() error {
		generations[id] = generation
		return nil
	})
	if err != nil {
		return err
	}
	for name := range calls {
		id, generation, _ := roomOf(name)
		current, ours := generations[id]
		if ours && generation == current {
			continue
		}
		delete(calls, name)
		if !ours {
			continue
		}
		r.log.Info("closing a call whose room has left it behind", "live_room", name)
		if err := backend.Close(ctx, name); err != nil {
			return err
		}
	}
	return nil
}
