package call

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/media"
	"foyer/internal/room"
)

// A media service at whose door Foyer does not stand costs a request for each
// room that it is asked about, and has limits on requests. So a sweep asks it
// about everything only now and then, and in between about the rooms where
// something can have happened that nobody told Foyer.
const (
	// everythingEvery is after how many sweeps it is asked about all its rooms.
	everythingEvery = int(time.Minute / sweepEvery)
	// peopledEvery is after how many sweeps it is asked about the rooms where
	// people are, when it reports by itself who comes and goes: for what was
	// lost on the way. Of one that does not report each sweep asks.
	peopledEvery = int(30 * time.Second / sweepEvery)
	// tokenLife is how long after it was issued a token may open a connection,
	// with what clocks may differ.
	tokenLife = room.GrantLife + 30*time.Second
)

// gated reports whether whoever connects to a backend passes Foyer's own door.
func gated(backend media.Backend) bool {
	_, ok := backend.(media.Signaller)
	return ok
}

// view is what a sweep learned of who is where.
type view struct {
	live map[media.ParticipantID]media.Connected
	at   map[media.ParticipantID]media.RoomID
	// Which calls it looked at: all of a backend, and single ones.
	backends map[string]bool
	rooms    map[media.RoomID]bool
}

func newView() *view {
	return &view{
		live: make(map[media.ParticipantID]media.Connected), at: make(map[media.ParticipantID]media.RoomID),
		backends: make(map[string]bool), rooms: make(map[media.RoomID]bool),
	}
}

// add adds another view to this one.
func (v *view) add(other *view) {
	maps.Copy(v.live, other.live)
	maps.Copy(v.at, other.at)
	maps.Copy(v.backends, other.backends)
	maps.Copy(v.rooms, other.rooms)
}

// covers reports whether the view says whether a presence is connected.
func (v *view) covers(p presence) bool { return v.backends[p.room.Backend] || v.rooms[p.liveRoom()] }

// lookAll is a view of all backends, which are asked at the same time. Of those
// that failed it covers nothing.
func (r *Reconciler) lookAll(ctx context.Context, present []presence, round int) (*view, error) {
	v := newView()
	var asked sync.WaitGroup
	var mu sync.Mutex // guards what follows, and v
	var failed error
	for name, backend := range r.backends {
		asked.Go(func() {
			of, err := r.look(ctx, name, backend, present, round)
			mu.Lock()
			defer mu.Unlock()
			failed = errors.Join(failed, err)
			v.add(of)
		})
	}
	asked.Wait()
	return v, failed
}

// look is a view of one backend. It ends the calls there that rooms have left
// behind. Present are all grants in use.
func (r *Reconciler) look(ctx context.Context, name string, backend media.Backend, present []presence, round int) (*view, error) {
	v := newView()
	everything := gated(backend) || round%everythingEvery == 0
	var rooms []media.RoomID
	if !everything {
		if r.isWrong(name) {
			return v, nil
		}
		var err error
		if rooms, err = r.unsure(ctx, name, backend, present, round); err != nil || len(rooms) == 0 {
			return v, err
		}
	}
	calls, err := backend.Live(ctx, rooms...)
	if err == nil {
		err = r.closeStrays(ctx, backend, calls)
	}
	r.setWrong(name, isMisconfigured(err))
	if err != nil {
		return v, fmt.Errorf("%s: %w", name, err)
	}
	v.backends[name] = everything
	for _, live := range rooms {
		v.rooms[live] = true
	}
	for live, people := range calls {
		for _, c := range people {
			v.live[c.ID], v.at[c.ID] = c, live
		}
	}
	return v, nil
}

// unsure lists the live rooms about which a backend without a gate is to be
// asked: where people are, and where somebody might come with a token that the
// policy has overtaken.
func (r *Reconciler) unsure(ctx context.Context, name string, backend media.Backend, present []presence, round int) ([]media.RoomID, error) {
	silent := !backend.Capabilities().Reports
	var rooms []media.RoomID
	if silent || round%peopledEvery == 0 {
		for _, p := range present {
			if p.room.Backend == name {
				rooms = append(rooms, p.liveRoom())
			}
		}
	}
	// Whoever left and comes back with the same token is no stranger, but has to
	// be seen.
	rows, err := r.pool.Query(ctx, `
		select distinct grants.room_id, grants.generation
		from grants join rooms on rooms.id = grants.room_id
		where grants.issued_at > now() - $1::interval
			and (rooms.backend = $3 or grants.generation <> rooms.generation) -- it may have carried the room before
			and ($2 or grants.revoked_at is not null or grants.generation <> rooms.generation)`, tokenLife, silent, name)
	if err != nil {
		return nil, fmt.Errorf("tokens that are still good: %w", err)
	}
	var id room.ID
	var generation int
	_, err = pgx.ForEachRow(rows, []any{&id, &generation}, func() error {
		rooms = append(rooms, liveRoom(id, generation))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("tokens that are still good: %w", err)
	}
	return rooms, nil
}

func isMisconfigured(err error) bool {
	var wrong *media.Misconfigured
	return errors.As(err, &wrong)
}

// isWrong reports whether a backend refused us for good when it was last asked:
// it is asked again with everything else, not in between.
func (r *Reconciler) isWrong(backend string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.wrong[backend]
}

func (r *Reconciler) setWrong(backend string, wrong bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrong[backend] = wrong
}
