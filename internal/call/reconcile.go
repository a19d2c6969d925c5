package call

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/account"
	"foyer/internal/media"
	"foyer/internal/room"
)

// Channel is where Postgres notifies that who may be where has changed. The
// payload is "room:<id>" or "user:<id>".
const Channel = "access_changed"

const (
	// A room that could not be reconciled is tried again after a time that
	// doubles from the first to the second of these: a media service that does
	// not answer, or is asked too much, is not helped by asking more.
	retryAfter, retryAtLatest = 500 * time.Millisecond, 8 * time.Second
	// oneRoom bounds how long a media service, or a database that has fallen silent,
	// may keep one room waiting.
	oneRoom = 10 * time.Second
)

// Reconciler makes who is in each room follow who may be there.
type Reconciler struct {
	pool     *pgxpool.Pool
	backends Backends
	log      *slog.Logger
	rooms    *queue[room.ID]
	lanes    map[string]*queue[room.ID] // the same rooms, by backend: one that does not answer keeps only its own waiting
	users    *queue[account.UserID]
	passages *queue[passage]
	missed   chan struct{} // changes may have been missed: sweep now
	every    time.Duration // comes a sweep
	patience time.Duration // with a media service and the database, for each room

	mu       sync.Mutex
	unclosed map[room.ID][]media.RoomID // calls left behind that the media service has not ended yet
	failures map[room.ID]int            // in a row
	retrying map[room.ID]bool           // once more, after a pause
	wrong    map[string]bool            // backends that somebody has to set right first
}

// NewReconciler returns a reconciler over a database and the configured
// backends. Call Run for it to work.
func NewReconciler(pool *pgxpool.Pool, backends Backends, log *slog.Logger) *Reconciler {
	lanes := map[string]*queue[room.ID]{noBackend: newQueue[room.ID]()}
	for name := range backends {
		lanes[name] = newQueue[room.ID]()
	}
	return &Reconciler{
		pool: pool, backends: backends, log: log, lanes: lanes,
		rooms: newQueue[room.ID](), users: newQueue[account.UserID](), passages: newQueue[passage](), missed: make(chan struct{}, 1),
		every: sweepEvery, patience: oneRoom,
		unclosed: make(map[room.ID][]media.RoomID), failures: make(map[room.ID]int), retrying: make(map[room.ID]bool), wrong: make(map[string]bool),
	}
}

// Run works until ctx ends.
func (r *Reconciler) Run(ctx context.Context) {
	const workers = 4 // for each backend
	var group sync.WaitGroup
	for _, lane := range r.lanes {
		for range workers {
			group.Go(func() { lane.work(ctx, r.attend) })
		}
	}
	group.Go(func() { r.rooms.work(ctx, r.assign) })
	group.Go(func() { r.users.work(ctx, r.attendUser) })
	group.Go(func() { r.passages.work(ctx, r.passed) })
	group.Go(func() { r.sweep(ctx) })
	group.Wait()
}

// AccessChanged takes a payload of Channel. It does not block.
func (r *Reconciler) AccessChanged(payload string) {
	if id, ok := strings.CutPrefix(payload, "room:"); ok {
		r.rooms.add(room.ID(id))
	}
	if id, ok := strings.CutPrefix(payload, "user:"); ok {
		r.users.add(account.UserID(id))
	}
}

// attendUser queues the rooms of somebody whose account or sessions changed.
func (r *Reconciler) attendUser(ctx context.Context, user account.UserID) {
	bounded, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	rooms, err := r.roomsOf(bounded, user)
	if err != nil && ctx.Err() == nil {
		r.log.Error("rooms of a changed user not found, the sweep will", "user_id", user, "error", err)
	}
	for _, id := range rooms {
		r.rooms.add(id)
	}
}

// Resync tells the reconciler that changes of access may have been missed. It
// does not block.
func (r *Reconciler) Resync() {
	select {
	case r.missed <- struct{}{}:
	default:
	}
}

// Seen tells the reconciler that something happened in a live room: somebody
// came or went. It does not block.
func (r *Reconciler) Seen(live media.RoomID) {
	if id, _, ok := roomOf(live); ok {
		r.rooms.add(id)
	}
}

// Joined and Disconnected make the reconciler a media.Observer.
func (r *Reconciler) Joined(live media.RoomID, id media.ParticipantID) {
	r.passages.add(passage{live, id, false, time.Now()})
}

// Disconnected is part of media.Observer.
func (r *Reconciler) Disconnected(live media.RoomID, id media.ParticipantID) {
	r.passages.add(passage{live, id, true, time.Now()})
}

// passage is somebody whose connection through the gate is complete, or has ended.
type passage struct {
	live media.RoomID
	id   media.ParticipantID
	out  bool
	at   time.Time // by the clock of this node
}

func (r *Reconciler) passed(ctx context.Context, p passage) {
	note := r.noteArrival
	if p.out {
		note = r.noteDeparture
	}
	// They may have left before the media service listed them, or it may list them
	// still though they have gone.
	time.AfterFunc(arrivalSeen, func() { r.Seen(p.live) })
	bounded, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	if err := note(bounded, p); err != nil && ctx.Err() == nil {
		r.log.Warn("who passed the gate not noted, the room is looked at instead", "error", err)
	}
	r.Seen(p.live)
}

// arrivalSeen is how long the media service's list may be behind an arrival or a
// departure.
const arrivalSeen = 2 * time.Second

// noteArrival writes down that somebody is in, or back. Who has left again since is
// not back: the media service's list may have told of both before the gate was heard.
func (r *Reconciler) noteArrival(ctx context.Context, p passage) error {
	found, err := presences(ctx, r.pool, `grants.id = $1 and grants.revoked_at is null`, p.id)
	if err != nil || len(found) == 0 {
		return err
	}
	hasLeft := r.passages.has(func(later passage) bool { return later.live == p.live && later.id == p.id && later.out })
	if !hasLeft || found[0].connected == nil {
		if _, err := r.markJoined(ctx, found[0], arrivalSeen, p.at); err != nil {
			return err
		}
	}
	// The place is theirs as long as they are in, and kept for the connection no
	// longer.
	_, err = r.pool.Exec(ctx, `
		update grants set held_until = now() + $2::interval where id = $1 and held_until > now() + $2::interval`, p.id, arrivalSeen)
	return err
}

// noteDeparture keeps no place any more for the connection that has ended, unless
// the next one has begun.
func (r *Reconciler) noteDeparture(ctx context.Context, p passage) error {
	_, err := r.pool.Exec(ctx, `
		update grants set held_until = null
		where id = $1 and connected_at is not null and held_until <= now() + $2::interval`, p.id, arrivalSeen)
	return err
}

// roomsOf lists the rooms that a user is in, or let into, or lets others into by a
// program.
func (r *Reconciler) roomsOf(ctx context.Context, user account.UserID) ([]room.ID, error) {
	rows, err := r.pool.Query(ctx, `
		select room_id from grants where user_id = $1 and coalesce(left_at, revoked_at) is null
		union
		select grants.room_id from grants join guests on guests.id = grants.guest_id
		where guests.vouched_by = $1 and coalesce(grants.left_at, grants.revoked_at) is null`, user)
	if err != nil {
		return nil, fmt.Errorf("rooms of user: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[room.ID])
}

// noBackend is the lane of rooms whose backend is not configured, or not known.
const noBackend = ""

// assign queues a room for those who work with its backend.
func (r *Reconciler) assign(ctx context.Context, id room.ID) {
	ctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	var backend string
	if err := r.pool.QueryRow(ctx, `select backend from rooms where id = $1`, id).Scan(&backend); err != nil {
		backend = noBackend // what is wrong, attend finds as well, and tries again
	}
	lane, ok := r.lanes[backend]
	if !ok {
		lane = r.lanes[noBackend]
	}
	lane.add(id)
}

// isQueued reports whether a room is to be attended anew.
func (r *Reconciler) isQueued(in room.Room) bool {
	lane, ok := r.lanes[in.Backend]
	return r.rooms.waits(in.ID) || ok && lane.waits(in.ID)
}

// attend reconciles one room, and again later when it did not work.
func (r *Reconciler) attend(ctx context.Context, id room.ID) {
	err := r.Reconcile(ctx, id)
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		r.recovered(id)
		return
	}
	if isMisconfigured(err) {
		r.log.Warn("room not reconciled, the sweep will when the media service is set right", "room_id", id, "error", err)
		return
	}
	pause := r.retry(id)
	r.log.Warn("room not reconciled, trying again", "room_id", id, "error", err, "retry_within", pause)
}

// recovered notes that a room's reconciliation worked.
func (r *Reconciler) recovered(id room.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.failures, id)
}

// retry has a room attended again, once, however many attempts fail before that,
// and returns how long it may take.
func (r *Reconciler) retry(id room.ID) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	pause := min(retryAfter<<r.failures[id], retryAtLatest)
	if pause < retryAtLatest {
		r.failures[id]++
	}
	if r.retrying[id] {
		return pause
	}
	r.retrying[id] = true
	time.AfterFunc(pause, func() {
		r.mu.Lock()
		delete(r.retrying, id)
		r.mu.Unlock()
		r.rooms.add(id)
	})
	return pause
}

// Reconcile makes one room right: those who may not be there are out, those who
// are there may do what the policy says, and the database knows who is there.
// It is idempotent, and may run on several nodes at once.
func (r *Reconciler) Reconcile(ctx context.Context, id room.ID) error {
	ctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	present, err := presences(ctx, r.pool, `grants.room_id = $1 and grants.left_at is null and grants.revoked_at is null`, id)
	if err != nil {
		return err
	}
	r.expect(present)
	// First who must go, before anything that may be slow.
	if err := r.expel(ctx, overAmong(present)...); err != nil {
		return err
	}
	var current presence
	err = r.pool.QueryRow(ctx, `select `+room.Columns+` from rooms where id = $1`, id).Scan(current.room.Fields()...)
	if noRows(err) {
		return nil // the call of another Foyer that shares the backend
	}
	if err != nil {
		return fmt.Errorf("reconcile: %w", err)
	}
	backend, err := r.backends.of(current.room)
	if err != nil {
		return r.abandon(ctx, current.room, present)
	}
	if err := r.closeBehind(ctx, backend, id, nil); err != nil {
		return err
	}
	if current.room.DeletedAt == nil {
		if !backend.Capabilities().Update {
			// Their pages carry it out, so they are told whatever the media
			// service says.
			err = r.permit(ctx, slices.DeleteFunc(slices.Clone(present), func(p presence) bool { return p.over() != "" }))
		}
		err = errors.Join(err, r.compare(ctx, current.room, backend, present))
	} else {
		// Somebody may have passed the gate in the instant of the deletion,
		// which raised the generation.
		err = backend.Close(ctx, liveRoom(id, current.room.Generation-1))
	}
	if err != nil || current.room.DeletedAt != nil {
		return err
	}
	return r.preside(ctx, current.room)
}

// expect has rooms looked at again at the moment when the clock ends what lets
// somebody be there, which no row's change announces: an invitation or a session.
// What is further away than two sweeps the next one sees.
func (r *Reconciler) expect(present []presence) {
	for _, p := range present {
		if p.lasts != nil && *p.lasts > 0 && *p.lasts < 2*r.every {
			time.AfterFunc(*p.lasts, func() { r.rooms.add(p.room.ID) })
		}
	}
}
