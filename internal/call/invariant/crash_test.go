package invariant_test

import (
	"errors"
	"testing"
	"time"

	"foyer/internal/account"
	"foyer/internal/media"
	"foyer/internal/media/livekit/livekittest"
	"foyer/internal/room"
)

// Whoever's machine dies in the middle of a call says nothing to anybody. Their
// place is free once that is noticed, and the media server has them no more.
func TestCrashFreesThePlace(t *testing.T) {
	h := newHouse(t)
	ana, ben := h.register("ana"), h.register("ben")
	r, err := h.rooms.Create(t.Context(), ana.ID, room.Draft{Name: "Crash", Visibility: room.Open, Backend: "livekit"})
	if err != nil {
		t.Fatal(err)
	}
	h.sql(`update rooms set capacity = 2 where id = $1`, r.ID)
	enter := func(who account.User) (*livekittest.Process, media.ParticipantID) {
		ticket, err := h.calls.Join(t.Context(), h.session(who.ID), r.Slug, "")
		if err != nil {
			t.Fatal(err)
		}
		process := livekittest.Start(t)
		if _, err := process.Enter(t, livekittest.EnterArgs{URL: h.gate, Token: ticket.Grant.Token, Single: true}); err != nil {
			t.Fatal(err)
		}
		return process, ticket.Participant
	}
	enter(ana)
	dies, crashed := enter(ben)
	cleo := h.session(h.register("cleo").ID)
	if _, err := h.calls.Join(t.Context(), cleo, r.Slug, ""); !errors.Is(err, room.Full) {
		t.Fatalf("a third of two: got %v, want %v", err, room.Full)
	}
	dies.Kill()
	start := time.Now()
	const patience = 3 * time.Minute
	for {
		_, err := h.calls.Join(t.Context(), cleo, r.Slug, "")
		if err == nil {
			break
		}
		if !errors.Is(err, room.Full) {
			t.Fatal(err)
		}
		if time.Since(start) > patience {
			t.Fatalf("no place is free %v after the crash", patience)
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("the place is free after %v", time.Since(start).Round(time.Millisecond))
	live, err := h.media.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, people := range live {
		for _, c := range people {
			if c.ID == crashed {
				t.Error("the media server still has whoever crashed")
			}
		}
	}
}
