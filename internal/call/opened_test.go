package call_test

import (
	"errors"
	"testing"

	"foyer/internal/call"
	"foyer/internal/room"
)

// A program listens for each of those whom it let into some rooms, and for no more.
func TestStreamsOfProgram(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.room("private", "ana")
	ana := h.join("ana", r)
	h.sql(`update sessions set api = true`)
	open := func() (*call.Stream, error) {
		return h.calls.Stream(t.Context(), h.sessions["ana"], r.Slug, ana.Participant, ana.Position)
	}
	var streams []*call.Stream
	for range 2 * room.MostCapacity {
		stream, err := open()
		if err != nil {
			t.Fatalf("with %d open: %v", len(streams), err)
		}
		streams = append(streams, stream)
	}
	if _, err := open(); !errors.Is(err, call.ErrTooManyStreams) {
		t.Errorf("one more: %v", err)
	}
	streams[0].Close()
	again, err := open()
	if err != nil {
		t.Fatalf("when one has ended: %v", err)
	}
	for _, stream := range append(streams[1:], again) {
		stream.Close()
	}
}
