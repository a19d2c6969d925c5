package call_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"foyer/internal/account"
	"foyer/internal/call"
	"foyer/internal/media"
	"foyer/internal/media/mediatest"
	"foyer/internal/room"
)

// Muting reaches the media service and the page of whom it concerns, and nobody
// is muted by somebody who may not.
func TestMuting(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo", "mod")
	r := h.room("private", "ana", "ben", "cleo", "mod")
	if _, err := h.rooms.SetRole(t.Context(), r.ID, h.id("ana"), "mod", room.Moderator); err != nil {
		t.Fatal(err)
	}
	connections := make(map[string]*mediatest.Connection)
	tickets := make(map[string]call.Ticket)
	for _, name := range []string{"ana", "ben", "cleo", "mod"} {
		tickets[name], connections[name] = h.enter(name, r)
		if err := connections[name].Publish(mediatest.Microphone); err != nil {
			t.Fatal(err)
		}
	}
	muted := func(want ...string) {
		t.Helper()
		for name, connection := range connections {
			if got := connection.Muted(); got != slices.Contains(want, name) {
				t.Errorf("%s is muted: %v, want %v", name, got, want)
			}
		}
	}
	for _, refused := range []struct{ by, whom string }{{"ben", "cleo"}, {"mod", "ana"}, {"ana", "ana"}, {"cleo", "ana"}} {
		if err := h.calls.Mute(t.Context(), r.ID, h.id(refused.by), tickets[refused.whom].Participant); !errors.Is(err, room.Rank) {
			t.Errorf("%s mutes %s: %v", refused.by, refused.whom, err)
		}
	}
	if err := h.calls.MuteAll(t.Context(), r.ID, h.id("ben")); !errors.Is(err, room.Rank) {
		t.Errorf("a member mutes all: %v", err)
	}
	if err := h.calls.Mute(t.Context(), r.ID, h.id("ana"), "nobody"); !errors.Is(err, call.ErrNotYours) {
		t.Errorf("mute of nobody: %v", err)
	}
	muted()

	stream := h.stream("ben", r, tickets["ben"])
	if err := h.calls.Mute(t.Context(), r.ID, h.id("mod"), tickets["ben"].Participant); err != nil {
		t.Fatal(err)
	}
	muted("ben")
	h.waitForEvent(stream, "muted", `{"by": "The mod"}`)
	connections["ben"].Unmute()
	if err := h.calls.MuteAll(t.Context(), r.ID, h.id("mod")); err != nil {
		t.Fatal(err)
	}
	muted("ben", "cleo") // not who does it, nor who ranks above
	if err := h.calls.AskToUnmute(t.Context(), r.ID, h.id("mod"), tickets["ben"].Participant); err != nil {
		t.Fatal(err)
	}
	h.waitForEvent(stream, "ask_unmute", `{"by": "The mod"}`)
	muted("ben", "cleo") // asking unmutes nobody
	h.media.SetDown(true)
	if err := h.calls.Mute(t.Context(), r.ID, h.id("mod"), tickets["ben"].Participant); !errors.Is(err, media.ErrUnavailable) {
		t.Errorf("a mute that the media service did not hear of: %v", err)
	}
	h.waitForEvent(stream, "muted", `{"by": "The mod"}`) // the page did
}

// Where the media service cannot mute, the page is asked to.
func TestMutingWithoutTheMediaService(t *testing.T) {
	t.Parallel()
	h := newPlainHouse(t, &plain{reports: true}, "ana", "ben")
	r := h.room("private", "ana", "ben")
	h.enter("ana", r)
	ben, _ := h.enter("ben", r)
	stream := h.stream("ben", r, ben)
	if err := h.calls.Mute(t.Context(), r.ID, h.id("ana"), ben.Participant); err != nil {
		t.Fatal(err)
	}
	h.waitForEvent(stream, "muted", `{"by": "The ana"}`)
	if err := h.calls.StopShare(t.Context(), r.ID, h.id("ana"), ben.Participant); err != nil {
		t.Fatal(err)
	}
	h.waitForEvent(stream, "share_stopped", `{"by": "The ana"}`)
}

// A share that is stopped has ended whatever the page does, and may begin again
// while the switch is on.
func TestStoppingAShare(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo")
	r := h.room("private", "ana", "ben", "cleo")
	_, watcher := h.enter("ana", r)
	ben, sharer := h.enter("ben", r)
	stream := h.stream("ben", r, ben)
	if err := sharer.Publish(mediatest.Share); err != nil {
		t.Fatal(err)
	}
	shown := func() bool {
		before := watcher.Received(ben.Participant, mediatest.Share)
		return watcher.Received(ben.Participant, mediatest.Share) > before
	}
	if !shown() {
		t.Fatal("the share does not arrive")
	}
	if err := h.calls.StopShare(t.Context(), r.ID, h.id("cleo"), ben.Participant); !errors.Is(err, room.Rank) || !shown() {
		t.Errorf("a member stops another's share: %v, it is shown: %v", err, shown())
	}
	if err := h.calls.StopShare(t.Context(), r.ID, h.id("ana"), ben.Participant); err != nil {
		t.Fatal(err)
	}
	if shown() {
		t.Error("the share goes on")
	}
	h.waitForEvent(stream, "share_stopped", `{"by": "The ana"}`)
	if err := sharer.Publish(mediatest.Share); err != nil || !shown() {
		t.Errorf("shared again: %v, it is shown: %v", err, shown())
	}
	if err := h.rooms.SetSwitches(t.Context(), r.ID, h.id("ana"), func(s *room.Switches) { s.Share = false }); err != nil {
		t.Fatal(err)
	}
	h.waitFor("the share ends", func() bool { return !shown() })
	if err := sharer.Publish(mediatest.Share); err == nil {
		t.Error("shared again although that is switched off")
	}
}

// Whoever joins later sees in the spotlight whom everybody sees there.
func TestSpotlight(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "mod")
	r := h.room("private", "ana", "ben", "mod")
	if _, err := h.rooms.SetRole(t.Context(), r.ID, h.id("ana"), "mod", room.Moderator); err != nil {
		t.Fatal(err)
	}
	ana, _ := h.enter("ana", r)
	ben, _ := h.enter("ben", r)
	mod, _ := h.enter("mod", r)
	stream := h.stream("ben", r, ben)
	on := func(want media.ParticipantID) {
		t.Helper()
		h.waitForEvent(stream, "spotlight", `{"by": "The mod", "participant": "`+string(want)+`"}`)
		if got := h.join("ana", r).Spotlight; got != want {
			t.Errorf("who joins sees %q in the spotlight, want %q", got, want)
		}
	}
	spotlight := func(by string, id media.ParticipantID) error {
		return h.calls.Spotlight(t.Context(), r.ID, h.id(by), id)
	}
	for by, id := range map[string]media.ParticipantID{"ben": ben.Participant, "mod": ana.Participant} {
		if err := spotlight(by, id); !errors.Is(err, room.Rank) {
			t.Errorf("%s puts somebody in the spotlight: %v", by, err)
		}
	}
	for _, id := range []media.ParticipantID{ben.Participant, mod.Participant, ""} {
		if err := spotlight("mod", id); err != nil {
			t.Fatalf("spotlight on %q: %v", id, err)
		}
		on(id)
	}
	if err := spotlight("ben", ""); !errors.Is(err, room.Rank) {
		t.Errorf("a member ends the spotlight: %v", err)
	}
}

// Who hosts a call leads it like a moderator. What they change of the room is put
// back when the call ends, unless a moderator has changed it since.
func TestHostLeads(t *testing.T) {
	t.Parallel()
	for name, moderatorChanges := range map[string]bool{"put back": false, "for good": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "ana", "ben", "cleo")
			r := h.room("private", "ana", "ben", "cleo")
			h.sql(`update rooms set switches = switches || '{"camera": false}' where id = $1`, r.ID)
			_, ana := h.enter("ana", r)
			_, ben := h.enter("ben", r)
			cleo, cleoConnection := h.enter("cleo", r)
			hand := func() {
				t.Helper()
				if err := h.calls.RaiseHand(t.Context(), h.visit("cleo", r), cleo.Participant); err != nil {
					t.Fatal(err)
				}
			}
			hand()
			acts := map[string]func(by account.UserID) error{
				"mute":     func(by account.UserID) error { return h.calls.Mute(t.Context(), r.ID, by, cleo.Participant) },
				"mute all": func(by account.UserID) error { return h.calls.MuteAll(t.Context(), r.ID, by) },
				"ask":      func(by account.UserID) error { return h.calls.AskToUnmute(t.Context(), r.ID, by, cleo.Participant) },
				"stop":     func(by account.UserID) error { return h.calls.StopShare(t.Context(), r.ID, by, cleo.Participant) },
				"hand":     func(by account.UserID) error { return h.calls.LowerHand(t.Context(), r.ID, by, cleo.Participant) },
				"hands":    func(by account.UserID) error { return h.calls.LowerHands(t.Context(), r.ID, by) },
				"light":    func(by account.UserID) error { return h.calls.Spotlight(t.Context(), r.ID, by, cleo.Participant) },
				"lock":     func(by account.UserID) error { return h.rooms.SetLocked(t.Context(), r.ID, by, true) },
				"switches": func(by account.UserID) error {
					return h.rooms.SetSwitches(t.Context(), r.ID, by, func(s *room.Switches) { s.Share = false })
				},
			}
			for what, act := range acts {
				if err := act(h.id("ben")); !errors.Is(err, room.Rank) {
					t.Errorf("a member's %s while the owner is there: %v", what, err)
				}
			}
			ana.Leave()
			h.waitForHost(r, "ben")
			h.waitFor("the host may show a picture", func() bool { return ben.May().Camera })
			for what, act := range acts {
				if err := act(h.id("ben")); err != nil {
					t.Errorf("the host's %s: %v", what, err)
				}
			}
			h.waitFor("the host's switch holds", func() bool { return cleoConnection.May() == media.Permissions{Microphone: true} })
			if _, err := h.calls.Join(t.Context(), h.sessions["cleo"], r.Slug, ""); !errors.Is(err, room.Locked) {
				t.Errorf("a member enters what the host locked: %v", err)
			}
			if moderatorChanges {
				if err := h.rooms.SetLocked(t.Context(), r.ID, h.id("ana"), true); err != nil {
					t.Fatal(err)
				}
			}
			if err := h.calls.End(t.Context(), r.ID, h.id("ben")); err != nil {
				t.Fatal(err)
			}
			locked, switches := h.standing(r)
			if locked != moderatorChanges || switches.Share == moderatorChanges || switches.Camera {
				t.Errorf("after the call the room is locked: %v, switches %+v", locked, switches)
			}
		})
	}
}

func (h *house) standing(r room.Room) (locked bool, switches room.Switches) {
	h.Helper()
	err := h.pool.QueryRow(context.WithoutCancel(h.Context()), `select locked_at is not null, switches from rooms where id = $1`, r.ID).
		Scan(&locked, &switches)
	if err != nil {
		h.Fatal(err)
	}
	return locked, switches
}
