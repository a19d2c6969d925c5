package mediatest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"foyer/internal/media"
)

// Harness is a backend under test and a way to use it as a browser does.
type Harness struct {
	Backend media.Backend
	// Enter connects with a credential. It fails when that is refused.
	Enter func(context.Context, media.Grant) (Client, error)
	// Callbacks returns the events that the service has reported so far, in any
	// order, each as Backend.Event decoded it.
	Callbacks func() []media.Event
}

// Client is a participant's end of a connection.
type Client interface {
	// Publish begins to send a source. It may fail, or send in vain, when the
	// participant is not allowed to.
	Publish(Source) error
	// Received counts the packets that arrived from a participant's source.
	Received(from media.ParticipantID, source Source) int
	// Others returns the other participants that the client knows of.
	Others() []media.ParticipantID
	// Done is closed when the connection has ended.
	Done() <-chan struct{}
	// Leave ends the connection.
	Leave()
}

// Unmuter is a Client of a backend that can mute. Such a client sends on while it
// is muted, as a program that does not do what it is told.
type Unmuter interface {
	// Unmute undoes being muted.
	Unmute()
}

// within is how long a media service may take for what should be quick, on the
// busiest machine.
const within = time.Minute

// everything allows to publish all sources.
var everything = media.Permissions{Microphone: true, Camera: true, Share: true}

// Run checks that a backend keeps media.Backend's promises. It calls open once
// for each test, with what a Signaller asks and tells: a participant is
// admitted as they were granted until the test says otherwise.
func Run(t *testing.T, open func(*testing.T, media.Admit, media.Observer) Harness) {
	tests := []struct {
		name string
		run  func(*contract)
	}{
		{"enter", (*contract).testEnter},
		{"grant life", (*contract).testGrantLife},
		{"refused credentials", (*contract).testRefusedCredentials},
		{"live", (*contract).testLive},
		{"media", (*contract).testMedia},
		{"permissions", (*contract).testPermissions},
		{"update", (*contract).testUpdate},
		{"mute", (*contract).testMute},
		{"remove", (*contract).testRemove},
		{"close", (*contract).testClose},
		{"admission", (*contract).testAdmission},
		{"callbacks", (*contract).testCallbacks},
		{"forged callbacks", (*contract).testForgedCallbacks},
		{"concurrency", (*contract).testConcurrency},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			door := &door{participants: make(map[member]media.Participant)}
			test.run(&contract{T: t, Harness: open(t, door.admit, door), door: door})
		})
	}
}

// member is one participant of one room.
type member struct {
	room media.RoomID
	id   media.ParticipantID
}

// door is the other side of a Signaller, in package call's place.
type door struct {
	mu           sync.Mutex
	participants map[member]media.Participant
	refusal      error
	joined, gone []member
}

func (d *door) admit(_ context.Context, room media.RoomID, id media.ParticipantID, _ media.Standing) (media.Participant, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refusal != nil {
		return media.Participant{}, d.refusal
	}
	p, ok := d.participants[member{room, id}]
	if !ok {
		return media.Participant{}, &media.Refusal{Status: http.StatusForbidden, Reason: "stranger"}
	}
	return p, nil
}

func (d *door) refuse(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refusal = err
}

// bar lets a participant in no more. A client that does not hear that it was
// removed, but loses its connection, tries to come back.
func (d *door) bar(m member) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.participants, m)
}

func (d *door) Joined(room media.RoomID, id media.ParticipantID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.joined = append(d.joined, member{room, id})
}

func (d *door) Disconnected(room media.RoomID, id media.ParticipantID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gone = append(d.gone, member{room, id})
}

// saw reports whether m is among those that a Signaller told of.
func (d *door) saw(list *[]member, m member) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, seen := range *list {
		if seen == m {
			return true
		}
	}
	return false
}

// contract is one test of it.
type contract struct {
	*testing.T
	Harness
	door *door
}

// room returns the name of a room that no other test uses.
func (c *contract) room(suffix string) media.RoomID {
	name := strings.Map(func(r rune) rune {
		if (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9') {
			return r
		}
		return '-'
	}, c.Name()+suffix)
	return media.RoomID(media.RoomPrefix + name)
}

// grant returns a credential for a participant who is admitted.
func (c *contract) grant(room media.RoomID, id media.ParticipantID, may media.Permissions) media.Grant {
	c.Helper()
	p := media.Participant{ID: id, Name: "Name of " + string(id), May: may}
	c.door.mu.Lock()
	c.door.participants[member{room, id}] = p
	c.door.mu.Unlock()
	g, err := c.Backend.Grant(c.Context(), room, p, time.Minute)
	if err != nil {
		c.Fatalf("Grant: %v", err)
	}
	return g
}

// enter connects a participant who may do everything.
func (c *contract) enter(room media.RoomID, id media.ParticipantID) Client {
	c.Helper()
	return c.enterAs(room, id, everything)
}

func (c *contract) enterAs(room media.RoomID, id media.ParticipantID, may media.Permissions) Client {
	c.Helper()
	client, err := c.Enter(c.Context(), c.grant(room, id, may))
	if err != nil {
		c.Fatalf("enter %s as %s: %v", room, id, err)
	}
	c.Cleanup(client.Leave)
	return client
}

// publish begins to send a source that the participant may send.
func (c *contract) publish(client Client, source Source) {
	c.Helper()
	if err := client.Publish(source); err != nil {
		c.Fatalf("publish %v: %v", source, err)
	}
}

// eventually fails the test unless done reports true in time.
func (c *contract) eventually(what string, done func() bool) {
	c.Helper()
	deadline := time.Now().Add(within)
	for !done() {
		if time.Now().After(deadline) {
			c.Fatalf("not within %v: %s", within, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// ended fails the test unless the client's connection ends in time.
func (c *contract) ended(client Client) {
	c.Helper()
	select {
	case <-client.Done():
	case <-time.After(within):
		c.Fatalf("the connection did not end within %v", within)
	}
}

// live returns who is in the rooms, failing the test on an error.
func (c *contract) live(rooms ...media.RoomID) map[media.RoomID][]media.Connected {
	c.Helper()
	live, err := c.Backend.Live(c.Context(), rooms...)
	if err != nil {
		c.Fatalf("Live: %v", err)
	}
	return live
}

// isIn reports whether Live shows the participant in room.
func (c *contract) isIn(room media.RoomID, id media.ParticipantID) bool {
	c.Helper()
	return find(c.live(room)[room], id) != nil
}

func find(in []media.Connected, id media.ParticipantID) *media.Connected {
	for i := range in {
		if in[i].ID == id {
			return &in[i]
		}
	}
	return nil
}

// flows fails the test unless more packets of the source arrive.
func (c *contract) flows(to Client, from media.ParticipantID, source Source) {
	c.Helper()
	before := to.Received(from, source)
	c.eventually("packets of "+source.String()+" from "+string(from), func() bool {
		return to.Received(from, source) >= before+3
	})
}

// stops fails the test unless packets of the source cease to arrive: none while
// a source that goes on delivers many.
func (c *contract) stops(to Client, from media.ParticipantID, source Source, ongoing func() int) {
	c.Helper()
	c.eventually(source.String()+" from "+string(from)+" ceases", func() bool {
		count, clock := to.Received(from, source), ongoing()
		c.eventually("the other source goes on", func() bool { return ongoing() >= clock+10 })
		return to.Received(from, source) == count
	})
}

// forgedRequest returns a callback request that nobody signed.
func forgedRequest(body string, header http.Header) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/hooks/media", strings.NewReader(body))
	r.Header = header
	return r
}

// refused fails the test unless err is that of a connection that was refused.
func (c *contract) refused(what string, client Client, err error) {
	c.Helper()
	if err == nil {
		client.Leave()
		c.Errorf("%s was let in", what)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		c.Errorf("%s: no answer instead of a refusal: %v", what, err)
	}
}
