package call_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"foyer/internal/call"
	"foyer/internal/media"
	"foyer/internal/room"
)

func (h *house) visit(name string, r room.Room) room.Visit {
	h.Helper()
	visit, err := h.rooms.Visit(h.Context(), h.sessions[name], r.Slug)
	if err != nil {
		h.Fatalf("%s visits: %v", name, err)
	}
	return visit
}

// stream is what a participant is told from their joining on.
func (h *house) stream(name string, r room.Room, ticket call.Ticket) *call.Stream {
	h.Helper()
	stream, err := h.calls.Stream(h.Context(), h.sessions[name], r.Slug, ticket.Participant, ticket.Position)
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(stream.Close)
	return stream
}

// hands lists whose hands are up, in order, as somebody who joins now is told.
func hands(people []call.Who) []string {
	up := slices.DeleteFunc(slices.Clone(people), func(w call.Who) bool { return w.HandAt == nil })
	slices.SortFunc(up, func(a, b call.Who) int { return a.HandAt.Compare(*b.HandAt) })
	names := make([]string, len(up))
	for i, who := range up {
		names[i] = who.DisplayName
	}
	return names
}

// Hands are up in the order in which they went up, for those who are there and
// those who come later, until their own person or a moderator lowers them.
func TestHands(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo", "dora")
	r := h.room("private", "ana", "ben", "cleo", "dora")
	h.sql(`update rooms set guests = true where id = $1`, r.ID)
	h.guest("Zoe", r, h.invitation(r))
	ana, _ := h.enter("ana", r)
	ben, _ := h.enter("ben", r)
	cleo, _ := h.enter("cleo", r)
	zoe, _ := h.enterAsGuest("Zoe", r)
	for _, who := range []struct {
		name   string
		ticket call.Ticket
	}{{"cleo", cleo}, {"Zoe", zoe}, {"ben", ben}, {"cleo", cleo}} {
		if err := h.calls.RaiseHand(t.Context(), h.visit(who.name, r), who.ticket.Participant); err != nil {
			t.Fatalf("%s raises a hand: %v", who.name, err)
		}
	}
	up := func(want ...string) {
		t.Helper()
		if got := hands(h.join("dora", r).People); !slices.Equal(got, want) {
			t.Errorf("hands of %q are up, want %q", got, want)
		}
	}
	up("The cleo", "Zoe", "The ben")

	if err := h.calls.RaiseHand(t.Context(), h.visit("ben", r), cleo.Participant); !errors.Is(err, call.ErrNotYours) {
		t.Errorf("ben raises cleo's hand: %v", err)
	}
	if err := h.calls.LowerOwnHand(t.Context(), h.visit("ben", r), cleo.Participant); !errors.Is(err, call.ErrNotYours) {
		t.Errorf("ben lowers cleo's hand as his own: %v", err)
	}
	if err := h.calls.LowerHand(t.Context(), r.ID, h.id("ben"), cleo.Participant); !errors.Is(err, room.Rank) {
		t.Errorf("a member lowers another's hand: %v", err)
	}
	up("The cleo", "Zoe", "The ben")

	stream := h.stream("cleo", r, cleo)
	if err := h.calls.LowerHand(t.Context(), r.ID, h.id("ana"), cleo.Participant); err != nil {
		t.Fatal(err)
	}
	h.waitForEvent(stream, "hand", `{"by": "The ana", "hand_at": null, "participant": "`+string(cleo.Participant)+`"}`)
	if err := h.calls.LowerOwnHand(t.Context(), h.visit("Zoe", r), zoe.Participant); err != nil {
		t.Fatal(err)
	}
	up("The ben")
	if err := h.calls.RaiseHand(t.Context(), h.visit("cleo", r), cleo.Participant); err != nil {
		t.Fatal(err)
	}
	up("The ben", "The cleo")
	if err := h.calls.RaiseHand(t.Context(), h.visit("ana", r), ana.Participant); err != nil {
		t.Fatal(err)
	}
	// A moderator lowers all, but not an owner's.
	if _, err := h.rooms.SetRole(t.Context(), r.ID, h.id("ana"), "ben", room.Moderator); err != nil {
		t.Fatal(err)
	}
	if err := h.calls.LowerHands(t.Context(), r.ID, h.id("ben")); err != nil {
		t.Fatal(err)
	}
	up("The ben", "The ana")
	if err := h.calls.LowerHands(t.Context(), r.ID, h.id("cleo")); !errors.Is(err, room.Rank) {
		t.Errorf("a member lowers all hands: %v", err)
	}
	if err := h.calls.LowerHands(t.Context(), r.ID, h.id("ana")); err != nil {
		t.Fatal(err)
	}
	up("The ana") // nobody moderates themselves
}

// A page that lost the call and comes back as another participant has its hand up
// still, at its old place, and is in the spotlight still. Another's it takes over
// from nobody.
func TestHandAndSpotlightComeBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo")
	r := h.room("private", "ana", "ben", "cleo")
	h.enter("ana", r)
	ben, _ := h.enter("ben", r)
	cleo, _ := h.enter("cleo", r)
	for name, ticket := range map[string]call.Ticket{"ben": ben, "cleo": cleo} {
		if err := h.calls.RaiseHand(t.Context(), h.visit(name, r), ticket.Participant); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.calls.Spotlight(t.Context(), r.ID, h.id("ana"), ben.Participant); err != nil {
		t.Fatal(err)
	}
	before := hands(h.join("ana", r).People)
	stolen, err := h.calls.Rejoin(t.Context(), h.sessions["cleo"], r.Slug, "", ben.Participant)
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(stolen.People, func(w call.Who) bool { return w.Participant == stolen.Participant }); stolen.People[i].HandAt != nil || stolen.Spotlight != ben.Participant {
		t.Errorf("cleo takes over from ben: %+v, spotlight on %s", stolen.People[i], stolen.Spotlight)
	}
	again, err := h.calls.Rejoin(t.Context(), h.sessions["ben"], r.Slug, "", ben.Participant)
	if err != nil {
		t.Fatal(err)
	}
	if got := hands(again.People); !slices.Equal(got, before) {
		t.Errorf("hands of %q are up after ben came back, want %q", got, before)
	}
	if again.Spotlight != again.Participant {
		t.Errorf("the spotlight is on %q, want ben's new participant", again.Spotlight)
	}
}

// What the switches keep to moderators, nobody else does by sending it: hands,
// reactions. Those that were up go down.
func TestHandsAndReactionsFollowTheSwitch(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo")
	r := h.room("private", "ana", "ben", "cleo")
	ana, _ := h.enter("ana", r)
	ben, _ := h.enter("ben", r)
	cleo, connection := h.enter("cleo", r)
	stream := h.stream("ana", r, ana)
	if err := h.calls.RaiseHand(t.Context(), h.visit("ben", r), ben.Participant); err != nil {
		t.Fatal(err)
	}
	h.waitForHand(stream, ben.Participant, true)
	if err := h.rooms.SetSwitches(t.Context(), r.ID, h.id("ana"), func(s *room.Switches) { s.Reactions = false }); err != nil {
		t.Fatal(err)
	}
	h.waitForHand(stream, ben.Participant, false)
	ask := map[string]func(name string, id media.ParticipantID) error{
		"hand": func(name string, id media.ParticipantID) error {
			return h.calls.RaiseHand(t.Context(), h.visit(name, r), id)
		},
		"reaction": func(name string, id media.ParticipantID) error {
			return h.calls.React(t.Context(), h.visit(name, r), id, "heart")
		},
	}
	for what, do := range ask {
		if err := do("ben", ben.Participant); !errors.Is(err, room.SwitchedOff) {
			t.Errorf("a member's %s while that is switched off: %v", what, err)
		}
		if err := do("ana", ana.Participant); err != nil {
			t.Errorf("the owner's %s: %v", what, err)
		}
		if err := do("ben", ana.Participant); !errors.Is(err, call.ErrNotYours) {
			t.Errorf("another's %s: %v", what, err)
		}
	}
	if err := h.rooms.SetSwitches(t.Context(), r.ID, h.id("ana"), func(s *room.Switches) { s.Reactions = true }); err != nil {
		t.Fatal(err)
	}
	if err := h.calls.React(t.Context(), h.visit("ben", r), ben.Participant, "<b>"); !errors.Is(err, call.ErrNoReaction) {
		t.Errorf("a reaction that there is not: %v", err)
	}
	// From outside of the call nobody does either.
	connection.Leave()
	for what, do := range ask {
		h.waitFor("no "+what+" of who has left", func() bool { return errors.Is(do("cleo", cleo.Participant), room.NotInCall) })
	}
}

func (h *house) waitForHand(stream *call.Stream, id media.ParticipantID, up bool) {
	h.Helper()
	h.waitFor("the hand is told", func() bool {
		for _, event := range h.next(stream) {
			var hand struct {
				Participant media.ParticipantID `json:"participant"`
				HandAt      *time.Time          `json:"hand_at"`
			}
			if event.Name != "hand" {
				continue
			}
			if err := json.Unmarshal(event.Data, &hand); err != nil {
				h.Fatal(err)
			}
			if hand.Participant == id && (hand.HandAt != nil) == up {
				return true
			}
		}
		return false
	})
}

// next is what a stream tells, at once when there is news; none when there is none
// for a while.
func (h *house) next(stream *call.Stream) []call.Event {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), 2*time.Second)
	defer cancel()
	events, err := stream.Next(ctx)
	if err != nil {
		h.Fatal(err)
	}
	return events
}

// A reaction reaches everybody who is there and is kept nowhere.
func TestReactionsPass(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	ana, _ := h.enter("ana", r)
	ben, _ := h.enter("ben", r)
	here := h.stream("ana", r, ana)
	h.next(here)
	if err := h.calls.React(t.Context(), h.visit("ben", r), ben.Participant, "clap"); err != nil {
		t.Fatal(err)
	}
	h.waitForEvent(here, "reaction", `{"participant":"`+string(ben.Participant)+`","reaction":"clap"}`)
	var kept int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from ledger where kind = 'reaction'`).Scan(&kept); err != nil || kept > 0 {
		t.Errorf("%d reactions are kept, %v", kept, err)
	}
	later := h.stream("ana", r, ana)
	for events := h.next(later); len(events) > 0; events = h.next(later) {
		if slices.ContainsFunc(events, func(e call.Event) bool { return e.Name == "reaction" }) {
			t.Error("who comes later is told of a reaction")
		}
	}
}
