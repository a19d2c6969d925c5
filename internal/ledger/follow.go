package ledger

import (
	"context"
	"log/slog"
	"slices"
	"sort"
	"sync"
	"time"

	"foyer/internal/postgres"
)

// Channel is where Postgres notifies that a room's ledger has grown; the payload
// is the room's id.
const Channel = "ledger_appended"

// Hub lets many readers follow the ledgers of rooms as they grow. It reads each
// new entry once, however many follow the room.
type Hub struct {
	db  postgres.Querier
	log *slog.Logger

	mu    sync.Mutex
	feeds map[Room]*feed
	grown chan struct{} // there may be feeds with stale set
}

// feed holds the newest entries of one followed room: all those after floor.
type feed struct {
	floor     Position
	entries   []Entry
	changed   chan struct{} // closed when entries grow, or something passes
	stale     bool          // the database has more
	followers map[*Follower]struct{}
}

// keep is how many entries a feed holds for slow followers; they read older ones
// from the database.
const keep = 256

// NewHub returns a hub that reads from db. Call Run for it to work.
func NewHub(db postgres.Querier, log *slog.Logger) *Hub {
	return &Hub{db: db, log: log, feeds: make(map[Room]*feed), grown: make(chan struct{}, 1)}
}

// Grown tells the hub that a room's ledger has grown. It does not block.
func (h *Hub) Grown(room Room) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if f := h.feeds[room]; f != nil {
		f.stale = true
		h.wake()
	}
}

// Resync tells the hub that notifications may have been missed.
func (h *Hub) Resync() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range h.feeds {
		f.stale = true
	}
	h.wake()
}

func (h *Hub) wake() {
	select {
	case h.grown <- struct{}{}:
	default:
	}
}

// Run reads what followed rooms have grown by, until ctx ends.
func (h *Hub) Run(ctx context.Context) {
	const retry = time.Second
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.grown:
		}
		for _, room := range h.staleRooms() {
			if err := h.load(ctx, room); err != nil && ctx.Err() == nil {
				h.log.Warn("ledger not read, trying again", "room_id", room, "error", err)
				time.AfterFunc(retry, func() { h.Grown(room) })
			}
		}
	}
}

func (h *Hub) staleRooms() []Room {
	h.mu.Lock()
	defer h.mu.Unlock()
	var rooms []Room
	for room, f := range h.feeds {
		if f.stale {
			f.stale = false
			rooms = append(rooms, room)
		}
	}
	return rooms
}

func (h *Hub) load(ctx context.Context, room Room) error {
	const page = 500
	for {
		h.mu.Lock()
		f := h.feeds[room]
		if f == nil {
			h.mu.Unlock()
			return nil
		}
		after := f.end()
		h.mu.Unlock()

		entries, err := Read(ctx, h.db, room, after, page)
		if err != nil {
			return err
		}
		h.mu.Lock()
		// Only this goroutine adds entries, so the end has not moved, unless
		// the last follower left and another came.
		if h.feeds[room] == f {
			f.add(entries)
		}
		h.mu.Unlock()
		if len(entries) < page {
			return nil
		}
	}
}

func (f *feed) end() Position {
	if len(f.entries) == 0 {
		return f.floor
	}
	return f.entries[len(f.entries)-1].ID
}

func (f *feed) add(entries []Entry) {
	if len(entries) == 0 {
		return
	}
	f.entries = append(f.entries, entries...)
	if over := len(f.entries) - keep; over > 0 {
		f.floor = f.entries[over-1].ID
		f.entries = slices.Clone(f.entries[over:])
	}
	f.announce()
}

func (f *feed) announce() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// Follower reads one room's ledger as it grows. It is for one goroutine.
type Follower struct {
	hub  *Hub
	room Room
	feed *feed
	at   Position

	passing []Entry // guarded by hub.mu
}

// Follow begins to read a room's ledger after a position. Close must be called.
func (h *Hub) Follow(ctx context.Context, room Room, after Position) (*Follower, error) {
	h.mu.Lock()
	if f := h.feeds[room]; f != nil {
		defer h.mu.Unlock()
		return h.follow(f, room, after), nil
	}
	h.mu.Unlock()

	end, err := End(ctx, h.db, room)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.feeds[room]
	if f == nil {
		// Stale: what was appended since End was read may have been notified
		// before there was a feed.
		f = &feed{floor: end, changed: make(chan struct{}), stale: true, followers: make(map[*Follower]struct{})}
		h.feeds[room] = f
		h.wake()
	}
	return h.follow(f, room, after), nil
}

// follow adds a follower to a feed. The caller holds the lock.
func (h *Hub) follow(f *feed, room Room, after Position) *Follower {
	follower := &Follower{hub: h, room: room, feed: f, at: after}
	f.followers[follower] = struct{}{}
	return follower
}

// Room is whose ledger is read.
func (f *Follower) Room() Room { return f.room }

// Close ends the following.
func (f *Follower) Close() {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	delete(f.feed.followers, f)
	// Closed twice, it must not take away what others follow.
	if len(f.feed.followers) == 0 && f.hub.feeds[f.room] == f.feed {
		delete(f.hub.feeds, f.room)
	}
}

// Next waits for entries after those it returned before, and returns them in
// order, at least one; what was passed (Pass) has no id and comes last. Its error
// is ctx's, or the database's.
func (f *Follower) Next(ctx context.Context) ([]Entry, error) {
	const page = 500
	for {
		f.hub.mu.Lock()
		floor, changed, entries := f.feed.floor, f.feed.changed, f.feed.entries
		f.hub.mu.Unlock()

		if f.at < floor {
			old, err := Read(ctx, f.hub.db, f.room, f.at, page)
			if err != nil {
				return nil, err
			}
			if len(old) == 0 {
				f.at = floor
				old = entries
			}
			entries = old
		}
		first := sort.Search(len(entries), func(i int) bool { return entries[i].ID > f.at })
		fresh := entries[first:]
		if len(fresh) > 0 {
			f.at = fresh[len(fresh)-1].ID
		}
		if next := slices.Concat(fresh, f.takePassing()); len(next) > 0 {
			return next, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-changed:
		}
	}
}

// takePassing returns what was passed since it was taken before.
func (f *Follower) takePassing() []Entry {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	passing := f.passing
	f.passing = nil
	return passing
}
