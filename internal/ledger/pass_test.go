package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"foyer/internal/ledger"
	"foyer/internal/postgres/postgrestest"
)

// What is passed reaches everybody who follows now, and nobody later; what is
// kept comes besides, in order.
func TestPass(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	hub := newHub(t, pool)
	room, other := newRoom(t, pool), newRoom(t, pool)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	open := func(room ledger.Room) *ledger.Follower {
		follower, err := hub.Follow(ctx, room, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(follower.Close)
		return follower
	}
	first, second, elsewhere := open(room), open(room), open(other)
	const sent = 10
	for i := range sent {
		appendOne(t, pool, room, fmt.Sprint(i))
		err := ledger.Pass(ctx, pool, ledger.Entry{Room: room, Kind: "wave", Subject: "x", Data: ledger.Data(map[string]int{"n": i})})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, follower := range map[string]*ledger.Follower{"first": first, "second": second} {
		var kept, passed int
		for kept < sent || passed < sent {
			entries, err := follower.Next(ctx)
			if err != nil {
				t.Fatalf("%s: %d kept and %d passed entries, then %v", name, kept, passed, err)
			}
			for _, e := range entries {
				want, number := fmt.Sprintf(`{"text": "%d"}`, kept), &kept
				if e.ID == 0 {
					want, number = fmt.Sprintf(`{"n":%d}`, passed), &passed
				}
				if string(e.Data) != want {
					t.Errorf("%s: got %s, want %s", name, e.Data, want)
				}
				*number++
			}
		}
	}
	late := open(room)
	short, done := context.WithTimeout(ctx, 2*time.Second)
	defer done()
	for short.Err() == nil {
		entries, _ := late.Next(short)
		for _, e := range entries {
			if e.ID == 0 {
				t.Errorf("who follows later is told %s", e.Data)
			}
		}
	}
	if entries, _ := elsewhere.Next(short); len(entries) > 0 {
		t.Errorf("another room is told %v", entries)
	}
}

// What has been passed to a follower is not lost when it gives up reading what came
// before.
func TestPassedIsKeptWhenReadingFails(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	hub := ledger.NewHub(pool, slog.New(slog.DiscardHandler))
	room := newRoom(t, pool)
	appendOne(t, pool, room, "kept")
	follower, err := hub.Follow(t.Context(), room, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer follower.Close()
	hub.Passed(string(ledger.Data(map[string]string{"room": string(room), "kind": "wave"})))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if entries, err := follower.Next(over); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, %v; want it to give up", entries, err)
	}
	entries, err := follower.Next(t.Context())
	if err != nil || len(entries) != 2 || entries[0].Kind != "test" || entries[1].Kind != "wave" {
		t.Errorf("got %v, %v; want what is kept, then what was passed", entries, err)
	}
}
