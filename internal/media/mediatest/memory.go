package mediatest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"sync"
	"time"

	"foyer/internal/media"
)

// Memory is a media.Signaller that carries no media: it remembers who would be
// connected. It passes the same contract as the real backends and lets tests
// of other packages run without one. All methods are safe for concurrent use.
//
// A test connects someone with Connect, as a browser would with the token that
// a page gave it, and sees what Foyer did to them through the Connection, Live,
// OnEvent and the Observer given to Signalling.
type Memory struct {
	hookKey []byte // signs callbacks

	mu      sync.Mutex
	grants  map[string]grant // by token
	rooms   map[media.RoomID]map[media.ParticipantID]*Connection
	admit   media.Admit
	seen    media.Observer
	onEvent func(media.Event)
	down    bool
}

// grant is what a token opens.
type grant struct {
	room        media.RoomID
	participant media.Participant
	expires     time.Time
}

var _ media.Signaller = (*Memory)(nil)

// The bounds of a credential's life, in place of what the caller asks.
const (
	minTTL = time.Second
	maxTTL = 10 * time.Minute
)

// NewMemory returns a backend with nobody connected.
func NewMemory() *Memory {
	return &Memory{
		hookKey: []byte(rand.Text()),
		grants:  make(map[string]grant),
		rooms:   make(map[media.RoomID]map[media.ParticipantID]*Connection),
	}
}

// OnEvent has f called with every event of the backend from now on, in the
// goroutine that caused it and with no lock held.
func (m *Memory) OnEvent(f func(media.Event)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.onEvent = f
}

// SetDown makes the service stop answering, or answer again. While it is down
// everything but Grant and Event fails with media.ErrUnavailable, and those who
// are connected stay so.
func (m *Memory) SetDown(down bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = down
}

// Grant implements media.Backend.
func (m *Memory) Grant(_ context.Context, room media.RoomID, p media.Participant, ttl time.Duration) (media.Grant, error) {
	g := media.Grant{
		Backend: m.Capabilities().Name,
		Token:   rand.Text(),
		Expires: time.Now().Add(min(max(ttl, minTTL), maxTTL)),
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.grants[g.Token] = grant{room, p, g.Expires}
	return g, nil
}

// Connect enters the room that token opens, as a browser would. It fails with
// media.ErrForged for a token that Grant did not make, ErrExpired for an old
// one, and with what Admit said once Signalling was called. A participant who
// is connected already is taken over: their former Connection ends.
func (m *Memory) Connect(ctx context.Context, token string) (*Connection, error) {
	g, err := m.check(ctx, token)
	if err != nil {
		return nil, err
	}
	c := &Connection{
		memory: m, Room: g.room, ID: g.participant.ID, Name: g.participant.Name,
		since: time.Now(), may: g.participant.May,
		published: make(map[Source]bool), received: make(map[stream]int),
		done: make(chan struct{}),
	}
	m.mu.Lock()
	live := m.rooms[c.Room]
	if live == nil {
		live = make(map[media.ParticipantID]*Connection)
		m.rooms[c.Room] = live
	}
	former := live[c.ID]
	live[c.ID] = c
	seen := m.seen
	m.mu.Unlock()

	if former != nil {
		close(former.done)
		if seen != nil {
			seen.Disconnected(former.Room, former.ID)
		}
	} else {
		m.emit(media.EventJoined, c.Room, c.ID)
	}
	if seen != nil {
		seen.Joined(c.Room, c.ID)
	}
	return c, nil
}

// check verifies token and asks Admit, which decides the permissions.
func (m *Memory) check(ctx context.Context, token string) (grant, error) {
	m.mu.Lock()
	g, known := m.grants[token]
	admit, down := m.admit, m.down
	m.mu.Unlock()
	switch {
	case !known:
		return grant{}, media.ErrForged
	case !time.Now().Before(g.expires):
		return grant{}, ErrExpired
	case down:
		return grant{}, fmt.Errorf("connect: %w", media.ErrUnavailable)
	case admit == nil:
		return g, nil
	}
	p, err := admit(ctx, g.room, g.participant.ID, media.Coming)
	if err != nil {
		return grant{}, err
	}
	g.participant = p
	return g, nil
}

// Live implements media.Backend.
func (m *Memory) Live(_ context.Context, rooms ...media.RoomID) (map[media.RoomID][]media.Connected, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return nil, fmt.Errorf("live: %w", media.ErrUnavailable)
	}
	if len(rooms) == 0 {
		for room := range m.rooms {
			rooms = append(rooms, room)
		}
	}
	live := make(map[media.RoomID][]media.Connected)
	for _, room := range rooms {
		if _, done := live[room]; done {
			continue
		}
		for _, c := range m.rooms[room] {
			live[room] = append(live[room], media.Connected{ID: c.ID, Since: c.since, May: c.may, Disguised: c.disguised})
		}
	}
	return live, nil
}

// Update implements media.Backend.
func (m *Memory) Update(_ context.Context, room media.RoomID, id media.ParticipantID, may media.Permissions) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return fmt.Errorf("update: %w", media.ErrUnavailable)
	}
	c := m.rooms[room][id]
	if c == nil {
		return nil
	}
	c.may = may
	for source := range c.published {
		if !source.allowed(may) {
			delete(c.published, source)
		}
	}
	return nil
}

// Mute implements media.Backend.
func (m *Memory) Mute(_ context.Context, room media.RoomID, id media.ParticipantID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return fmt.Errorf("mute: %w", media.ErrUnavailable)
	}
	if c := m.rooms[room][id]; c != nil {
		c.muted = c.published[Microphone]
	}
	return nil
}

// Remove implements media.Backend.
func (m *Memory) Remove(_ context.Context, room media.RoomID, id media.ParticipantID) error {
	m.mu.Lock()
	if m.down {
		m.mu.Unlock()
		return fmt.Errorf("remove: %w", media.ErrUnavailable)
	}
	c := m.rooms[room][id]
	m.mu.Unlock()
	if c != nil {
		c.Leave()
	}
	return nil
}

// Close implements media.Backend.
func (m *Memory) Close(_ context.Context, room media.RoomID) error {
	m.mu.Lock()
	if m.down {
		m.mu.Unlock()
		return fmt.Errorf("close: %w", media.ErrUnavailable)
	}
	live := make([]*Connection, 0, len(m.rooms[room]))
	for _, c := range m.rooms[room] {
		live = append(live, c)
	}
	m.mu.Unlock()
	for _, c := range live {
		c.Leave()
	}
	return nil
}

// Ready implements media.Backend.
func (m *Memory) Ready(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return fmt.Errorf("ready: %w", media.ErrUnavailable)
	}
	return nil
}

// Capabilities implements media.Backend.
func (m *Memory) Capabilities() media.Capabilities {
	return media.Capabilities{Name: "memory", Update: true, Reports: true}
}

// emit tells the hook, if there is one. No lock may be held.
func (m *Memory) emit(kind media.EventKind, room media.RoomID, id media.ParticipantID) {
	m.mu.Lock()
	hook := m.onEvent
	m.mu.Unlock()
	if hook != nil {
		hook(media.Event{ID: rand.Text(), Kind: kind, Room: room, Participant: id, At: time.Now()})
	}
}

// Signalling implements media.Signaller. From now on Connect asks admit and
// tells seen. The handler answers as the real gate does, but in place of a
// WebSocket the connection is an HTTP answer that lasts until the participant
// is out.
func (m *Memory) Signalling(ctx context.Context, admit media.Admit, seen media.Observer) http.Handler {
	m.mu.Lock()
	m.admit, m.seen = admit, seen
	m.mu.Unlock()
	return &memoryGate{memory: m, ctx: ctx}
}
