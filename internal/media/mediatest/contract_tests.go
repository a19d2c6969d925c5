package mediatest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"foyer/internal/media"
)

func (c *contract) testEnter() {
	room, other := c.room("-a"), c.room("-b")
	a := c.enter(room, "alice")
	b := c.enter(room, "bob")
	x := c.enter(other, "xavier")
	c.eventually("alice and bob see each other", func() bool {
		return slices.Equal(a.Others(), []media.ParticipantID{"bob"}) &&
			slices.Equal(b.Others(), []media.ParticipantID{"alice"})
	})
	if others := x.Others(); len(others) > 0 {
		c.Errorf("xavier, alone in another room, sees %v", others)
	}
	b.Leave()
	c.eventually("alice sees bob leave", func() bool { return len(a.Others()) == 0 })
}

func (c *contract) testGrantLife() {
	p := media.Participant{ID: "alice", Name: "Alice", May: everything}
	for _, test := range []struct{ ask, longest time.Duration }{
		{-time.Hour, time.Second},
		{0, time.Second},
		{2 * time.Minute, 2 * time.Minute},
		{24 * time.Hour, 10 * time.Minute},
	} {
		g, err := c.Backend.Grant(c.Context(), c.room(""), p, test.ask)
		if err != nil {
			c.Fatalf("Grant for %v: %v", test.ask, err)
		}
		if left := time.Until(g.Expires); left > test.longest {
			c.Errorf("Grant for %v: expires in %v, want at most %v", test.ask, left, test.longest)
		}
		if g.Backend != c.Backend.Capabilities().Name || g.Token == "" {
			c.Errorf("Grant for %v: backend %q, token of %d bytes", test.ask, g.Backend, len(g.Token))
		}
	}
	if err := c.Backend.Ready(c.Context()); err != nil {
		c.Errorf("Ready: %v", err)
	}
}

func (c *contract) testRefusedCredentials() {
	room := c.room("")
	good := c.grant(room, "alice", everything)
	for name, token := range map[string]string{
		"no token":         "",
		"garbage":          "garbage",
		"dots":             "..",
		"a cut token":      good.Token[:len(good.Token)-3],
		"a changed token":  flip(good.Token, len(good.Token)/2),
		"another's ending": flip(good.Token, len(good.Token)-2),
	} {
		bad := good
		bad.Token = token
		client, err := c.Enter(c.Context(), bad)
		c.refused(name, client, err)
	}

	short, err := c.Backend.Grant(c.Context(), room, media.Participant{ID: "alice", Name: "Alice"}, time.Second)
	if err != nil {
		c.Fatal(err)
	}
	c.eventually("the token expires", func() bool { return time.Now().After(short.Expires) })
	client, err := c.Enter(c.Context(), short)
	c.refused("an expired token", client, err)
	if live := c.live(room); len(live) > 0 {
		c.Errorf("after refusals alone, Live shows %v", live)
	}
}

// flip changes one character of s.
func flip(s string, at int) string {
	changed := byte('A')
	if s[at] == changed {
		changed = 'B'
	}
	return s[:at] + string(changed) + s[at+1:]
}

func (c *contract) testLive() {
	first, second, empty := c.room("-a"), c.room("-b"), c.room("-empty")
	began := time.Now().Add(-2 * time.Second) // a service may count in seconds
	c.enterAs(first, "alice", media.Permissions{Microphone: true})
	c.enterAs(first, "bob", media.Permissions{})
	x := c.enter(second, "xavier")

	for name, live := range map[string]map[media.RoomID][]media.Connected{
		"all":   c.live(),
		"named": c.live(first, second, empty, first),
	} {
		if got := len(live[first]); got != 2 {
			c.Errorf("%s: %d are in the first room, want 2", name, got)
		}
		if _, ok := live[empty]; ok {
			c.Errorf("%s: a room that nobody entered is there", name)
		}
		for id, may := range map[media.ParticipantID]media.Permissions{"alice": {Microphone: true}, "bob": {}} {
			switch got := find(live[first], id); {
			case got == nil:
				c.Errorf("%s: %s is missing", name, id)
			case got.May != may && c.Backend.Capabilities().Update:
				c.Errorf("%s: %s may %+v, want %+v", name, id, got.May, may)
			case got.Since.Before(began) || got.Since.After(time.Now().Add(2*time.Second)):
				c.Errorf("%s: %s is in since %v", name, id, got.Since)
			}
		}
		if got := find(live[second], "xavier"); got == nil || got.May != everything && c.Backend.Capabilities().Update {
			c.Errorf("%s: xavier is there as %+v", name, got)
		}
	}
	if one := c.live(second); len(one) != 1 {
		c.Errorf("asked for one room, got %v", one)
	}
	x.Leave()
	c.eventually("the room of those who left is absent", func() bool {
		_, there := c.live()[second]
		return !there
	})
}

func (c *contract) testMedia() {
	room := c.room("")
	a, b := c.enter(room, "alice"), c.enter(room, "bob")
	for _, source := range []Source{Microphone, Camera, Share} {
		c.publish(a, source)
		c.flows(b, "alice", source)
	}
	c.publish(b, Microphone)
	c.flows(a, "bob", Microphone)
	late := c.enter(room, "carol")
	c.flows(late, "alice", Camera)
	c.flows(late, "bob", Microphone)
}

func (c *contract) testPermissions() {
	if !c.Backend.Capabilities().Update {
		return // the page is asked, and whoever does not listen is put out
	}
	room := c.room("")
	quiet := c.enterAs(room, "alice", media.Permissions{Microphone: true})
	mute := c.enterAs(room, "bob", media.Permissions{})
	c.publish(quiet, Microphone)
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, source := range []Source{Camera, Share} {
		wg.Go(func() { quiet.Publish(source) }) // in vain
	}
	wg.Go(func() { mute.Publish(Microphone) })
	for range 10 {
		c.flows(mute, "alice", Microphone)
	}
	for _, n := range []int{mute.Received("alice", Camera), mute.Received("alice", Share), quiet.Received("bob", Microphone)} {
		if n > 0 {
			c.Errorf("%d packets arrived of what may not be published", n)
		}
	}
	quiet.Leave() // ends the attempts
	mute.Leave()
}

func (c *contract) testUpdate() {
	room := c.room("")
	if err := c.Backend.Update(c.Context(), room, "nobody", everything); !c.Backend.Capabilities().Update {
		if !errors.Is(err, media.ErrUnsupported) {
			c.Errorf("Update: got %v, want ErrUnsupported", err)
		}
		return
	} else if err != nil {
		c.Errorf("Update of nobody in a room that is not live: %v", err)
	}
	a, b := c.enter(room, "alice"), c.enter(room, "bob")
	if err := c.Backend.Update(c.Context(), room, "nobody", everything); err != nil {
		c.Errorf("Update of nobody: %v", err)
	}
	c.publish(a, Microphone)
	c.publish(a, Camera)
	c.flows(b, "alice", Microphone)
	c.flows(b, "alice", Camera)

	less := media.Permissions{Microphone: true}
	if err := c.Backend.Update(c.Context(), room, "alice", less); err != nil {
		c.Fatalf("Update: %v", err)
	}
	c.stops(b, "alice", Camera, func() int { return b.Received("alice", Microphone) })
	c.eventually("Live shows the change", func() bool {
		in := find(c.live(room)[room], "alice")
		return in != nil && in.May == less
	})

	none := media.Permissions{}
	c.publish(b, Microphone)
	if err := c.Backend.Update(c.Context(), room, "alice", none); err != nil {
		c.Fatalf("Update: %v", err)
	}
	c.flows(a, "bob", Microphone)
	c.stops(b, "alice", Microphone, func() int { return a.Received("bob", Microphone) })

	if err := c.Backend.Update(c.Context(), room, "alice", everything); err != nil {
		c.Fatalf("Update: %v", err)
	}
	c.eventually("Live shows the change back", func() bool {
		in := find(c.live(room)[room], "alice")
		return in != nil && in.May == everything
	})
	c.publish(a, Share)
	c.flows(b, "alice", Share)
}

func (c *contract) testMute() {
	room := c.room("")
	switch err := c.Backend.Mute(c.Context(), room, "nobody"); {
	case errors.Is(err, media.ErrUnsupported):
		return // the page is asked
	case err != nil:
		c.Errorf("Mute of nobody in a room that is not live: %v", err)
	}
	a, b := c.enter(room, "alice"), c.enter(room, "bob")
	for _, id := range []media.ParticipantID{"nobody", "alice"} {
		if err := c.Backend.Mute(c.Context(), room, id); err != nil {
			c.Errorf("Mute of %s, who sends nothing: %v", id, err)
		}
	}
	c.publish(a, Microphone)
	c.publish(a, Camera)
	c.publish(b, Microphone)
	c.flows(b, "alice", Microphone)
	c.flows(b, "alice", Camera)
	for range 2 { // again after they unmuted themselves
		if err := c.Backend.Mute(c.Context(), room, "alice"); err != nil {
			c.Fatalf("Mute: %v", err)
		}
		c.stops(b, "alice", Microphone, func() int { return b.Received("alice", Camera) })
		c.flows(a, "bob", Microphone)
		a.(Unmuter).Unmute()
		c.flows(b, "alice", Microphone)
	}
	if in := find(c.live(room)[room], "alice"); in == nil || in.May != everything && c.Backend.Capabilities().Update {
		c.Errorf("after Mute alice is there as %+v, want with all she may do", in)
	}
}

func (c *contract) testRemove() {
	room := c.room("")
	if err := c.Backend.Remove(c.Context(), room, "nobody"); err != nil {
		c.Errorf("Remove in a room that is not live: %v", err)
	}
	a, b, d := c.enter(room, "alice"), c.enter(room, "bob"), c.enter(room, "dave")
	if err := c.Backend.Remove(c.Context(), room, "nobody"); err != nil {
		c.Errorf("Remove of nobody: %v", err)
	}
	c.publish(a, Microphone)
	c.publish(d, Microphone)
	c.flows(b, "alice", Microphone)
	c.flows(b, "dave", Microphone)

	c.door.refuse(&media.Refusal{Status: http.StatusForbidden, Reason: "removed"})
	began := time.Now()
	if err := c.Backend.Remove(c.Context(), room, "alice"); err != nil {
		c.Fatalf("Remove: %v", err)
	}
	c.ended(a)
	c.Logf("out after %v", time.Since(began))
	c.eventually("the others see alice leave", func() bool { return !slices.Contains(b.Others(), "alice") })
	c.stops(b, "alice", Microphone, func() int { return b.Received("dave", Microphone) })
	if c.isIn(room, "alice") {
		c.Error("Live shows the removed participant")
	}
	if !c.isIn(room, "bob") || !c.isIn(room, "dave") {
		c.Error("others are gone too")
	}
	if err := c.Backend.Remove(c.Context(), room, "alice"); err != nil {
		c.Errorf("Remove again: %v", err)
	}
}

func (c *contract) testClose() {
	room, other := c.room("-a"), c.room("-b")
	if err := c.Backend.Close(c.Context(), room); err != nil {
		c.Errorf("Close of a room that is not live: %v", err)
	}
	a, b, x := c.enter(room, "alice"), c.enter(room, "bob"), c.enter(other, "xavier")
	c.door.refuse(&media.Refusal{Status: http.StatusNotFound, Reason: "deleted"})
	if err := c.Backend.Close(c.Context(), room); err != nil {
		c.Fatalf("Close: %v", err)
	}
	c.ended(a)
	c.ended(b)
	c.eventually("the room is not live", func() bool { return len(c.live(room)) == 0 })
	select {
	case <-x.Done():
		c.Error("another room was closed too")
	default:
	}
	if err := c.Backend.Close(c.Context(), room); err != nil {
		c.Errorf("Close again: %v", err)
	}
}

// testAdmission checks what a Signaller adds: that a good token does not open a
// room to somebody who may not be there.
func (c *contract) testAdmission() {
	if _, ok := c.Backend.(media.Signaller); !ok {
		return
	}
	room := c.room("")
	g := c.grant(room, "alice", everything)
	for _, refusal := range []error{
		&media.Refusal{Status: http.StatusForbidden, Reason: "removed"},
		&media.Refusal{Status: http.StatusNotFound, Reason: "gone"},
		errors.New("database away"),
	} {
		c.door.refuse(refusal)
		client, err := c.Enter(c.Context(), g)
		c.refused(refusal.Error(), client, err)
	}
	c.door.refuse(nil)
	client, err := c.Enter(c.Context(), g)
	if err != nil {
		c.Fatalf("enter: %v", err)
	}
	alice := member{room, "alice"}
	c.eventually("the observer hears of alice", func() bool { return c.door.saw(&c.door.joined, alice) })
	if c.door.saw(&c.door.gone, alice) {
		c.Error("the observer heard that alice has left while she is in")
	}
	client.Leave()
	c.eventually("the observer hears that alice has left", func() bool { return c.door.saw(&c.door.gone, alice) })
}

func (c *contract) testCallbacks() {
	room := c.room("")
	began := time.Now().Add(-2 * time.Second)
	a, b := c.enter(room, "alice"), c.enter(room, "bob")
	c.reported(media.EventJoined, room, "alice")
	c.reported(media.EventJoined, room, "bob")
	a.Leave()
	c.reported(media.EventLeft, room, "alice")
	c.door.bar(member{room, "bob"})
	if err := c.Backend.Remove(c.Context(), room, "bob"); err != nil {
		c.Fatal(err)
	}
	c.ended(b)
	c.reported(media.EventLeft, room, "bob")
	if err := c.Backend.Close(c.Context(), room); err != nil {
		c.Fatal(err)
	}
	c.reported(media.EventRoomEnded, room, "")

	seen := make(map[string]bool)
	for _, e := range c.Callbacks() {
		if e.Room != room {
			continue
		}
		if e.ID == "" || e.At.Before(began) || e.At.After(time.Now().Add(2*time.Second)) {
			c.Errorf("event without id or at another time: %+v", e)
		}
		seen[e.ID] = true
	}
	if len(seen) < 5 {
		c.Errorf("%d different event ids, want 5 or more", len(seen))
	}
}

// reported fails the test unless the service tells of the event.
func (c *contract) reported(kind media.EventKind, room media.RoomID, id media.ParticipantID) {
	c.Helper()
	c.eventually(fmt.Sprintf("event %d for %q", kind, id), func() bool {
		return slices.ContainsFunc(c.Callbacks(), func(e media.Event) bool {
			return e.Kind == kind && e.Room == room && e.Participant == id
		})
	})
}

func (c *contract) testForgedCallbacks() {
	for name, r := range map[string]*http.Request{
		"empty":     forgedRequest("", http.Header{}),
		"unsigned":  forgedRequest(`{"event":"participant_left"}`, http.Header{}),
		"signature": forgedRequest("{}", http.Header{"Authorization": {"Bearer x"}, "Memory-Signature": {"00"}, "X-Twilio-Signature": {"AAAA"}}),
		"large":     forgedRequest(strings.Repeat("x", 4<<20), http.Header{"Authorization": {"x.y.z"}}),
	} {
		if e, err := c.Backend.Event(r); !errors.Is(err, media.ErrForged) {
			c.Errorf("%s: got %+v, %v, want ErrForged", name, e, err)
		}
	}
}

func (c *contract) testConcurrency() {
	room := c.room("")
	stay := c.enter(room, "stay")
	var wg sync.WaitGroup
	for i := range 8 {
		id := media.ParticipantID(fmt.Sprintf("p%d", i))
		g := c.grant(room, id, everything)
		wg.Go(func() {
			client, err := c.Enter(c.Context(), g)
			if err != nil {
				c.Errorf("enter: %v", err)
				return
			}
			defer client.Leave()
			if _, err := c.Backend.Live(c.Context()); err != nil {
				c.Errorf("Live: %v", err)
			}
			if c.Backend.Capabilities().Update {
				if err := c.Backend.Update(c.Context(), room, id, media.Permissions{}); err != nil {
					c.Errorf("Update: %v", err)
				}
			}
			c.door.bar(member{room, id})
			if err := c.Backend.Remove(c.Context(), room, id); err != nil {
				c.Errorf("Remove: %v", err)
			}
			select {
			case <-client.Done():
			case <-time.After(within):
				c.Errorf("%s was not removed", id)
			}
		})
	}
	wg.Wait()
	c.eventually("only one is left", func() bool {
		in := c.live(room)[room]
		return len(in) == 1 && in[0].ID == "stay" && len(stay.Others()) == 0
	})
}
