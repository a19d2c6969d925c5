package call_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"foyer/internal/account"
	"foyer/internal/call"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/media/mediatest"
	"foyer/internal/room"
)

// taken counts who takes a place in a room.
func (h *house) taken(r room.Room) (n int) {
	h.Helper()
	if err := h.pool.QueryRow(h.Context(), `select count(*) from grants where room_id = $1 and `+room.Present, r.ID).Scan(&n); err != nil {
		h.Fatal(err)
	}
	return n
}

// 200 browsers ask two nodes for 10 places at once.
func TestPlacesAreExactAcrossNodes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.room("private", "ana")
	const places, asking = 10, 200
	h.sql(`update rooms set capacity = $2 where id = $1`, r.ID, places)
	other := call.NewService(h.pool, room.NewStore(h.pool), call.Backends{h.media.Capabilities().Name: h.media}, ledger.NewHub(h.pool, nil))
	nodes := []*call.Service{h.calls, other}
	browsers := make([]account.Token, asking)
	for i := range browsers {
		browsers[i] = h.session(h.people["ana"])
	}
	var mu sync.Mutex
	var tickets []call.Ticket
	full := 0
	var group sync.WaitGroup
	for i, browser := range browsers {
		group.Go(func() {
			ticket, err := nodes[i%2].Join(t.Context(), browser, r.Slug, "")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				tickets = append(tickets, ticket)
			case errors.Is(err, room.Full):
				full++
			default:
				t.Errorf("unexpected error: %v", err)
			}
		})
	}
	group.Wait()
	if len(tickets) != places || full != asking-places {
		t.Fatalf("%d in and %d told it is full, want %d and %d", len(tickets), full, places, asking-places)
	}
	late := h.session(h.people["ana"])
	free := func() bool { _, err := h.calls.Join(t.Context(), late, r.Slug, ""); return err == nil }
	if free() {
		t.Fatal("an eleventh place")
	}
	// Each way in which a place becomes free again.
	leaves, err := h.media.Connect(t.Context(), tickets[0].Grant.Token)
	if err != nil {
		t.Fatal(err)
	}
	h.waitFor("one is in", func() bool { return len(h.present(r)) == 1 })
	leaves.Leave()
	h.waitFor("a place is free after one left", free)
	late = h.session(h.people["ana"])
	h.sql(`update grants set held_until = now() - interval '1 second' where id = $1`, tickets[1].Participant) // never connects
	h.waitFor("a place is free after one never came", free)
	late = h.session(h.people["ana"])
	if free() {
		t.Error("one place too many")
	}
	if err := h.calls.Expel(t.Context(), r.ID, h.id("ana"), tickets[2].Participant); !errors.Is(err, room.Rank) {
		t.Errorf("the owner expels herself: %v", err)
	}
}

// The sweep puts unused grants away without waiting for one that somebody is
// changing, which it does not have to: they could be waiting for it.
func TestSweepWaitsForNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	held, unused := h.join("ana", r), h.join("ben", r)
	h.sql(`update grants set held_until = now() - interval '45 seconds' where room_id = $1`, r.ID) // put away after 60
	tx, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(t.Context(), `update grants set display_name = 'Ana' where id = $1`, held.Participant); err != nil {
		t.Fatal(err)
	}
	h.waitFor("both are to be put away", func() (due bool) {
		err := h.pool.QueryRow(t.Context(), `select bool_and(held_until < now() - interval '60 seconds') from grants`).Scan(&due)
		return err == nil && due
	})
	lapsed := func(ticket call.Ticket) (yes bool) {
		if err := h.pool.QueryRow(t.Context(), `select left_at is not null from grants where id = $1`, ticket.Participant).Scan(&yes); err != nil {
			t.Fatal(err)
		}
		return yes
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := h.reconciler.Sweep(ctx); err != nil {
		t.Fatalf("a sweep while somebody changes a grant: %v", err)
	}
	if !lapsed(unused) || lapsed(held) {
		t.Errorf("put away: the unused one %v, the one being changed %v", lapsed(unused), lapsed(held))
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.reconciler.Sweep(ctx); err != nil || !lapsed(held) {
		t.Errorf("the next sweep: %v, put away: %v", err, lapsed(held))
	}
}

// People who had left come back with the tokens that they hold, while others
// come: nobody is one too many, at any moment. Asked is the gate, a thousand
// times.
func TestComingBackTakesAPlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.room("private", "ana")
	const places, people, rounds = 3, 6, 1000
	h.sql(`update rooms set capacity = $2 where id = $1`, r.ID, places)
	live := media.RoomID("foyer-" + string(r.ID) + "-1")
	var grants []media.ParticipantID
	for range people {
		token := h.session(h.people["ana"])
		h.waitFor("a place", func() bool {
			ticket, err := h.calls.Join(t.Context(), token, r.Slug, "")
			if err == nil {
				grants = append(grants, ticket.Participant)
				// They were in, and lost the connection.
				h.sql(`update grants set connected_at = now(), left_at = now(), held_until = null where id = $1`, ticket.Participant)
			}
			return err == nil
		})
	}
	for round := range rounds {
		var group sync.WaitGroup
		admitted := make([]bool, people)
		for i, id := range grants {
			group.Go(func() {
				_, err := h.calls.Admit(t.Context(), live, id, media.Coming)
				var refusal *media.Refusal
				if err != nil && (!errors.As(err, &refusal) || refusal.Reason != string(call.Full)) {
					t.Errorf("unexpected: %v", err)
				}
				admitted[i] = err == nil
			})
		}
		group.Wait()
		in := 0
		for _, yes := range admitted {
			if yes {
				in++
			}
		}
		if got := h.taken(r); got != places || in != places {
			t.Fatalf("round %d: %d places are taken and %d were let in, want %d", round, got, in, places)
		}
		h.vacate(r)
	}
}

// Who is connected when their place is gone is put out: the media service may let
// somebody back in whom no gate asked about.
func TestBackWithoutAPlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo")
	r := h.room("private", "ana", "ben", "cleo")
	h.sql(`update rooms set capacity = 2 where id = $1`, r.ID)
	_, _ = h.enter("ana", r)
	ticket, connection := h.enter("ben", r)
	connection.Leave()
	h.waitFor("ben has left", func() bool { return len(h.present(r)) == 1 })
	_, _ = h.enter("cleo", r)
	h.media.Signalling(t.Context(), func(_ context.Context, _ media.RoomID, id media.ParticipantID, _ media.Standing) (media.Participant, error) {
		return media.Participant{ID: id}, nil // no gate
	}, h.reconciler)
	back, err := h.media.Connect(t.Context(), ticket.Grant.Token)
	if err != nil {
		t.Fatal(err)
	}
	h.waitClosed("ben", back)
	if got := h.present(r); !slices.Equal(got, []string{"ana", "cleo"}) {
		t.Errorf("in are %v", got)
	}
	h.sql(`update rooms set capacity = 3 where id = $1`, r.ID)
	h.media.Signalling(t.Context(), h.calls.Admit, h.reconciler)
	h.refusedAtTheDoor(ticket, call.Full) // it was revoked with that reason
}

// A network that fails for a moment costs nobody their place, also in a room
// that was made smaller meanwhile.
func TestReconnectKeepsThePlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo")
	r := h.room("private", "ana", "ben", "cleo")
	_, _ = h.enter("ana", r)
	_, _ = h.enter("cleo", r)
	ticket, _ := h.enter("ben", r)
	h.sql(`update rooms set capacity = 2 where id = $1`, r.ID)
	var again *mediatest.Connection
	for range 3 {
		var err error
		if again, err = h.media.Connect(t.Context(), ticket.Grant.Token); err != nil {
			t.Fatal(err)
		}
	}
	h.waitFor("the hold is over", func() bool {
		var held *time.Time
		if err := h.pool.QueryRow(t.Context(), `select held_until from grants where id = $1`, ticket.Participant).Scan(&held); err != nil {
			t.Fatal(err)
		}
		return held == nil || held.Before(time.Now())
	})
	again.Leave()
	h.waitFor("ben has left", func() bool { return len(h.present(r)) == 2 })
	h.refusedAtTheDoor(ticket, call.Full)
}

// Whether somebody may still be there is asked from time to time: that keeps no
// place which outlasts them when they vanish in that moment.
func TestAskingKeepsNoPlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.room("private", "ana")
	ticket, connection := h.enter("ana", r)
	live := media.RoomID("foyer-" + string(r.ID) + "-1")
	held := func() (held bool) {
		if err := h.pool.QueryRow(t.Context(), `select coalesce(held_until > now(), false) from grants where id = $1`, ticket.Participant).Scan(&held); err != nil {
			t.Fatal(err)
		}
		return held
	}
	h.waitFor("the hold is over", func() bool { return !held() })
	p, err := h.calls.Admit(t.Context(), live, ticket.Participant, media.Staying)
	if err != nil || p.ID != ticket.Participant || held() {
		t.Errorf("asked of ana: %+v, %v; a place is held: %t", p, err, held())
	}
	connection.Leave()
	h.waitFor("the place is free", func() bool { return h.taken(r) == 0 })
}

// Whoever leaves the moment they came holds no place.
func TestLeavingAtOnceFreesThePlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.room("private", "ana")
	for range 3 {
		ticket := h.join("ana", r)
		connection, err := h.media.Connect(t.Context(), ticket.Grant.Token)
		if err != nil {
			t.Fatal(err)
		}
		connection.Leave()
		h.waitFor("the place is free", func() bool { return h.taken(r) == 0 })
	}
}
