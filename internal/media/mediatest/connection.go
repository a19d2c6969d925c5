package mediatest

import (
	"errors"
	"time"

	"foyer/internal/media"
)

// ErrExpired is returned by Memory.Connect for a token whose time has passed.
var ErrExpired = errors.New("mediatest: token expired")

// errNotAllowed is returned by Connection.Publish.
var errNotAllowed = errors.New("mediatest: not allowed to publish this")

// Source is a kind of track that a participant may publish.
type Source int

// The sources that media.Permissions tells apart.
const (
	Microphone Source = iota
	Camera
	Share
)

func (s Source) String() string {
	switch s {
	case Microphone:
		return "microphone"
	case Camera:
		return "camera"
	default:
		return "share"
	}
}

// allowed reports whether may includes s.
func (s Source) allowed(may media.Permissions) bool {
	switch s {
	case Microphone:
		return may.Microphone
	case Camera:
		return may.Camera
	default:
		return may.Share
	}
}

// stream is one source of one participant, as another receives it.
type stream struct {
	from   media.ParticipantID
	source Source
}

// Connection is one participant's connection to a Memory.
type Connection struct {
	memory *Memory
	Room   media.RoomID
	ID     media.ParticipantID
	Name   string

	since time.Time
	done  chan struct{} // closed when it ends, by whoever takes it out of memory.rooms

	// Guarded by memory.mu.
	may       media.Permissions
	published map[Source]bool
	muted     bool // the microphone, by Memory.Mute
	disguised bool
	received  map[stream]int
}

// Done is closed when the connection has ended, for whatever reason.
func (c *Connection) Done() <-chan struct{} { return c.done }

// May returns what the participant may do now.
func (c *Connection) May() media.Permissions {
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	return c.may
}

// Others returns who else is in the room.
func (c *Connection) Others() []media.ParticipantID {
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	var others []media.ParticipantID
	for id := range c.memory.rooms[c.Room] {
		if id != c.ID {
			others = append(others, id)
		}
	}
	return others
}

// Publish begins to send source, if the participant may.
func (c *Connection) Publish(source Source) error {
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	if c.memory.rooms[c.Room][c.ID] != c || !source.allowed(c.may) {
		return errNotAllowed
	}
	c.published[source] = true
	return nil
}

// Disguise begins to send what is not what it is declared to be.
func (c *Connection) Disguise() {
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	c.disguised = true
}

// Received counts the packets that arrived from a participant's source. As
// nothing really flows, one arrives at each call while both are connected and
// the source is published.
func (c *Connection) Received(from media.ParticipantID, source Source) int {
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	live := c.memory.rooms[c.Room]
	s := stream{from, source}
	sender := live[from]
	silent := sender != nil && sender.muted && source == Microphone
	if live[c.ID] == c && sender != nil && sender.published[source] && !silent {
		c.received[s]++
	}
	return c.received[s]
}

// Unmute implements Unmuter.
func (c *Connection) Unmute() {
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	c.muted = false
}

// Muted reports whether the microphone is muted by Memory.Mute.
func (c *Connection) Muted() bool {
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	return c.muted
}

// Leave ends the connection, as a browser that hangs up does. It does nothing
// when the connection has ended already.
func (c *Connection) Leave() {
	m := c.memory
	m.mu.Lock()
	live := m.rooms[c.Room]
	if live[c.ID] != c {
		m.mu.Unlock()
		return
	}
	delete(live, c.ID)
	ended := len(live) == 0
	if ended {
		delete(m.rooms, c.Room)
	}
	seen := m.seen
	m.mu.Unlock()

	close(c.done)
	if seen != nil {
		seen.Disconnected(c.Room, c.ID)
	}
	m.emit(media.EventLeft, c.Room, c.ID)
	if ended {
		m.emit(media.EventRoomEnded, c.Room, "")
	}
}
