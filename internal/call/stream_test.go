package call_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"foyer/internal/account"
	"foyer/internal/call"
	"foyer/internal/chat"
	"foyer/internal/ledger"
	"foyer/internal/room"
)

// ending reads a stream to its end.
func (h *house) ending(stream *call.Stream) call.Ending {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), patience)
	defer cancel()
	for ctx.Err() == nil {
		events, err := stream.Next(ctx)
		if err != nil {
			h.Fatal(err)
		}
		for _, event := range events {
			if event.Name != "ended" {
				continue
			}
			var ending call.Ending
			if err := json.Unmarshal(event.Data, &ending); err != nil {
				h.Fatal(err)
			}
			return ending
		}
	}
	h.Fatal("the stream never said that it is over")
	return call.Ending{}
}

// A message is told as it is now, to those who may read it.
func TestStreamTellsMessages(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "eve")
	r := h.room("open", "ana")
	messages := chat.NewStore(h.pool, nil, chat.Limits{})
	visit, err := h.rooms.Visit(t.Context(), h.sessions["ana"], r.Slug)
	if err != nil {
		t.Fatal(err)
	}
	ana, _ := h.enter("ana", r)
	send := func(text string) chat.ID {
		t.Helper()
		m, err := messages.Send(t.Context(), visit, chat.Draft{ID: chat.ID(uuid.NewString()), Text: text})
		if err != nil {
			t.Fatal(err)
		}
		return m.ID
	}
	before, deleted := send("before"), send("deleted")
	if err := messages.Delete(t.Context(), visit, deleted); err != nil {
		t.Fatal(err)
	}
	eve, _ := h.enter("eve", r)
	after := send("after")
	for name, want := range map[string][]string{
		"ana": {string(before) + " before true", string(deleted) + "  true", string(deleted) + "  true", string(after) + " after true"},
		// Also who asks for everything from the beginning on.
		"eve": {string(after) + " after false"},
	} {
		id := map[string]call.Ticket{"ana": ana, "eve": eve}[name].Participant
		stream, err := h.calls.Stream(t.Context(), h.sessions[name], r.Slug, id, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		var got []string
		var seen ledger.Position
		for len(got) < len(want) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			events, err := stream.Next(ctx)
			cancel()
			if err != nil || len(events) == 0 {
				t.Fatalf("%s: %v after %q", name, err, got)
			}
			for _, event := range events {
				if event.Name != "message" {
					continue
				}
				var m struct {
					chat.Message
					Seen ledger.Position `json:"seen"`
				}
				if err := json.Unmarshal(event.Data, &m); err != nil {
					t.Fatal(err)
				}
				if m.Seen <= seen || m.Seen != event.Position {
					t.Errorf("%s: seen %d after %d at %d", name, m.Seen, seen, event.Position)
				}
				seen = m.Seen
				got = append(got, fmt.Sprint(m.ID, " ", m.Text, " ", m.Own))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestStreamTellsWhatHappens(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "eve")
	r := h.room("private", "ana", "ben")
	ana, _ := h.enter("ana", r)
	ben, connection := h.enter("ben", r)
	connection.Leave()
	h.waitFor("ben has left", func() bool { return len(h.present(r)) == 1 })
	if err := h.rooms.Change(t.Context(), r.ID, h.id("ana"), func(room.Room) room.Change { return room.Change{Name: "Renamed"} }); err != nil {
		t.Fatal(err)
	}
	if _, err := h.rooms.RemoveMember(t.Context(), r.ID, h.id("ana"), "ben"); err != nil {
		t.Fatal(err)
	}

	stream, err := h.calls.Stream(t.Context(), h.sessions["ana"], r.Slug, ana.Participant, ana.Position)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	want := []string{"joined", "admitted", "joined", "left", "room"}
	var got []string
	var last ledger.Position
	h.waitFor("all events", func() bool {
		for _, event := range h.next(stream) {
			if event.Position <= last {
				t.Errorf("event at %d after %d", event.Position, last)
			}
			got, last = append(got, event.Name), event.Position
		}
		return len(got) >= len(want)
	})
	if !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}

	for _, name := range []string{"ben", "eve"} {
		if _, err := h.calls.Stream(t.Context(), h.sessions[name], r.Slug, ana.Participant, 0); !errors.Is(err, call.ErrNotYours) {
			t.Errorf("%s listens as ana: %v", name, err)
		}
	}
	if _, err := h.calls.Stream(t.Context(), "", r.Slug, ana.Participant, 0); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("nobody listens: %v", err)
	}
	if _, err := h.calls.Stream(t.Context(), h.sessions["ana"], "other", ana.Participant, 0); !errors.Is(err, call.ErrNotYours) {
		t.Errorf("other room: %v", err)
	}
	// Ben was not in the call any more when he was removed: his stream must
	// end all the same.
	late, err := h.calls.Stream(t.Context(), h.sessions["ben"], r.Slug, ben.Participant, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	if ending := h.ending(late); ending.Reason != call.RemovedFromRoom {
		t.Errorf("ended for %q", ending.Reason)
	}
}

// waitForEvent reads a stream until it has told an event.
func (h *house) waitForEvent(stream *call.Stream, name, data string) {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), patience)
	defer cancel()
	var told []string
	for ctx.Err() == nil {
		events, err := stream.Next(ctx)
		if err != nil {
			h.Fatal(err)
		}
		for _, event := range events {
			if event.Name == name && string(event.Data) == data {
				return
			}
			told = append(told, event.Name+" "+string(event.Data))
		}
	}
	h.Fatalf("never told %s %s, but %q", name, data, told)
}
