package invariant_test

import (
	"testing"
	"time"

	"foyer/internal/call"
	"foyer/internal/media"
	"foyer/internal/media/livekit/livekittest"
	"foyer/internal/media/mediatest"
	"foyer/internal/room"
)

// A program that ignores the page sends on whatever it is told: the media server
// carries none of what was muted, stopped or switched off, and what the room
// allows again is up to that program.
func TestProgramsThatIgnoreThePage(t *testing.T) {
	h := newHouse(t)
	clients := livekittest.Start(t)
	owner, member := h.register("owner"), h.register("member")
	made, err := h.rooms.Create(t.Context(), owner.ID, room.Draft{Name: "Team", Visibility: room.Private, Backend: "livekit"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.rooms.AddMember(t.Context(), made.ID, owner.ID, member.Username, room.Member); err != nil {
		t.Fatal(err)
	}
	enter := func(ticket call.Ticket) mediatest.Client {
		client, err := clients.Enter(t, livekittest.EnterArgs{URL: h.gate, Token: ticket.Grant.Token})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Leave)
		return client
	}
	join := func(ticket call.Ticket, err error) call.Ticket {
		if err != nil {
			t.Fatal(err)
		}
		return ticket
	}
	host := join(h.calls.Join(t.Context(), h.session(owner.ID), made.Slug, ""))
	rebel := join(h.calls.Join(t.Context(), h.session(member.ID), made.Slug, ""))
	watcher, program := enter(host), enter(rebel)
	for _, source := range []mediatest.Source{mediatest.Microphone, mediatest.Camera, mediatest.Share} {
		if err := program.Publish(source); err != nil {
			t.Fatal(err)
		}
	}
	if err := watcher.Publish(mediatest.Microphone); err != nil {
		t.Fatal(err)
	}
	received := func(source mediatest.Source) int { return watcher.Received(rebel.Participant, source) }
	flows := func(source mediatest.Source) {
		t.Helper()
		before := received(source)
		eventually(t, source.String()+" arrives", func() bool { return received(source) > before+3 })
	}
	stops := func(source mediatest.Source) {
		t.Helper()
		eventually(t, source.String()+" stops", func() bool {
			count, clock := received(source), program.Received(host.Participant, mediatest.Microphone)
			eventually(t, "time passes", func() bool { return program.Received(host.Participant, mediatest.Microphone) >= clock+20 })
			return received(source) == count
		})
	}
	flows(mediatest.Microphone)
	flows(mediatest.Camera)
	flows(mediatest.Share)

	if err := h.calls.Mute(t.Context(), made.ID, owner.ID, rebel.Participant); err != nil {
		t.Fatal(err)
	}
	stops(mediatest.Microphone)
	program.(mediatest.Unmuter).Unmute()
	flows(mediatest.Microphone)

	if err := h.calls.StopShare(t.Context(), made.ID, owner.ID, rebel.Participant); err != nil {
		t.Fatal(err)
	}
	stops(mediatest.Share)
	if err := program.Publish(mediatest.Share); err != nil {
		t.Fatalf("shared again: %v", err)
	}
	flows(mediatest.Share)

	turn := func(change func(*room.Switches)) {
		t.Helper()
		if err := h.rooms.SetSwitches(t.Context(), made.ID, owner.ID, change); err != nil {
			t.Fatal(err)
		}
	}
	turn(func(s *room.Switches) { s.Microphone, s.Share = false, false })
	stops(mediatest.Microphone)
	stops(mediatest.Share)
	flows(mediatest.Camera)
	for _, source := range []mediatest.Source{mediatest.Microphone, mediatest.Share} {
		go func() { _ = program.Publish(source) }() // in vain
	}
	program.(mediatest.Unmuter).Unmute()
	stops(mediatest.Microphone)
	stops(mediatest.Share)
	eventually(t, "the media server keeps them from it", func() bool {
		live, err := h.media.Live(t.Context())
		if err != nil {
			return false // a busy machine may take longer than it has
		}
		for _, in := range live {
			for _, c := range in {
				if c.ID == rebel.Participant {
					return c.May == media.Permissions{Camera: true}
				}
			}
		}
		return false
	})
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	const patience = 2 * time.Minute
	for deadline := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
