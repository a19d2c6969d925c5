package call_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"foyer/internal/call"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/media/mediatest"
	"foyer/internal/room"
)

// slowToRemove is a media service that takes as long as the test wants to put
// somebody out, and counts who asks for it.
type slowToRemove struct {
	*mediatest.Memory
	answer  chan struct{} // closed: it answers
	removes atomic.Int32  // under way, or done
	closes  atomic.Int32
}

func (b *slowToRemove) wait(ctx context.Context) error {
	select {
	case <-b.answer:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("remove: %w", media.ErrUnavailable)
	}
}

func (b *slowToRemove) Remove(ctx context.Context, live media.RoomID, id media.ParticipantID) error {
	b.removes.Add(1)
	if err := b.wait(ctx); err != nil {
		return err
	}
	return b.Memory.Remove(ctx, live, id)
}

func (b *slowToRemove) Close(ctx context.Context, live media.RoomID) error {
	b.closes.Add(1)
	if err := b.wait(ctx); err != nil {
		return err
	}
	return b.Memory.Close(ctx, live)
}

// enterOften has somebody come in from many browsers.
func (h *house) enterOften(name string, n int, r room.Room) (tickets []call.Ticket, connections []*mediatest.Connection) {
	h.Helper()
	for range n {
		h.sessions[name] = h.session(h.people[name])
		ticket := h.join(name, r)
		connection, err := h.media.Connect(h.Context(), ticket.Grant.Token)
		if err != nil {
			h.Fatal(err)
		}
		tickets, connections = append(tickets, ticket), append(connections, connection)
	}
	h.waitFor("all are in", func() bool { return h.told(r, ledger.Joined) == n })
	return tickets, connections
}

// When many have to go, all are told at once, however long the media service takes
// for one of them, and it is not asked about one after the other.
func TestManyArePutOutAtOnce(t *testing.T) {
	t.Parallel()
	const people, atOnce = 10, 8
	for name, test := range map[string]struct {
		happens         string
		removes, closes int32 // asked before the service answers; a sweep may close once more
		asked           int32 // removals in all
	}{
		"the room becomes private": {`update rooms set visibility = 'private' where id = $1`, atOnce, 0, people},
		// Its call is left behind, and ends in one request.
		"the call ends": {`update rooms set generation = generation + 1 where id = $1`, 0, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			backend := &slowToRemove{Memory: mediatest.NewMemory(), answer: make(chan struct{})}
			h := newHouseOver(t, backend.Memory, call.Backends{backend.Capabilities().Name: backend}, "ana", "eve")
			backend.Signalling(h.ctx, h.calls.Admit, h.reconciler)
			r := h.room("open", "ana")
			_, connections := h.enterOften("eve", people, r)

			start := time.Now()
			h.sql(test.happens, r.ID)
			h.waitFor("all are told", func() bool { return h.told(r, ledger.Removed) == people })
			t.Logf("all told after %v", time.Since(start).Round(time.Millisecond))
			h.waitFor("the service is asked", func() bool {
				return backend.removes.Load() == test.removes && backend.closes.Load() >= test.closes
			})
			close(backend.answer)
			for _, connection := range connections {
				h.waitClosed("somebody who has to go", connection)
			}
			if got := backend.removes.Load(); got != test.asked {
				t.Errorf("%d removals, want %d", got, test.asked)
			}
		})
	}
}

// Who is in a call that ends while somebody else is being put out of it has not
// left: they are put out of what the room leaves behind, and it is closed.
func TestCallEndsDuringARemoval(t *testing.T) {
	t.Parallel()
	backend := &slowToRemove{Memory: mediatest.NewMemory(), answer: make(chan struct{})}
	h := newHouseOver(t, backend.Memory, call.Backends{backend.Capabilities().Name: backend}, "ana", "eve")
	backend.Signalling(h.ctx, h.calls.Admit, h.reconciler)
	r := h.room("open", "ana")
	ana, connection := h.enter("ana", r)
	h.enter("eve", r)
	h.sql(`update grants set held_until = null`)
	h.sql(`update rooms set visibility = 'private' where id = $1`, r.ID)
	h.waitFor("eve is being put out", func() bool { return backend.removes.Load() >= 1 })
	if err := h.calls.End(t.Context(), r.ID, h.id("ana")); err != nil {
		t.Fatal(err)
	}
	close(backend.answer)
	h.waitClosed("ana, whose call has ended", connection)
	h.waitFor("ana's presence is over", func() bool {
		reason, err := h.calls.Over(t.Context(), ana.Participant)
		return err == nil && reason == call.CallEnded
	})
	h.waitFor("the call is closed", func() bool { return backend.closes.Load() > 0 })
	if left := h.told(r, ledger.Left); left != 0 {
		t.Errorf("the ledger has %d who left", left)
	}
}

// slowToUpdate is a media service that answers as often as the test wants when it is
// told what somebody may do.
type slowToUpdate struct {
	*mediatest.Memory
	answers chan struct{}
	updates atomic.Int32 // under way, or done
}

func (b *slowToUpdate) Update(ctx context.Context, live media.RoomID, id media.ParticipantID, may media.Permissions) error {
	b.updates.Add(1)
	select {
	case <-b.answers:
		return b.Memory.Update(ctx, live, id, may)
	case <-ctx.Done():
		return fmt.Errorf("update: %w", media.ErrUnavailable)
	}
}

// While what everybody may do is being changed, whoever has to go waits for a few of
// them, not for all; and all are told in few transactions.
func TestNobodyIsKeptInByAChangeForAll(t *testing.T) {
	t.Parallel()
	const people, atOnce, some = 45, 8, 16
	backend := &slowToUpdate{Memory: mediatest.NewMemory(), answers: make(chan struct{}, people)}
	h := newHouseOver(t, backend.Memory, call.Backends{backend.Capabilities().Name: backend}, "ana", "eve")
	backend.Signalling(h.ctx, h.calls.Admit, h.reconciler)
	r := h.room("open", "ana")
	r.Backend = backend.Capabilities().Name
	tickets, connections := h.enterOften("eve", people, r)

	h.sql(`update rooms set switches = jsonb_set(switches, '{share}', 'false') where id = $1`, r.ID)
	h.waitFor("the first are told", func() bool { return backend.updates.Load() == atOnce })
	if err := h.calls.Expel(t.Context(), r.ID, h.id("ana"), tickets[0].Participant); err != nil {
		t.Fatal(err)
	}
	h.waitFor("the room is queued anew", func() bool { return h.reconciler.IsQueued(r) })
	for range some {
		backend.answers <- struct{}{}
	}
	h.waitClosed("who has to go", connections[0])
	if n := backend.updates.Load(); n > some+atOnce {
		t.Errorf("%d were told before that", n)
	}
	for range people {
		backend.answers <- struct{}{}
	}
	h.waitFor("all others are told", func() bool { return h.told(r, ledger.Permitted) >= people-1 })
	var transactions int
	if err := h.pool.QueryRow(t.Context(), `select count(distinct xmin::text) from ledger where room_id = $1 and kind = $2`, r.ID, ledger.Permitted).Scan(&transactions); err != nil {
		t.Fatal(err)
	}
	if transactions > people/4 {
		t.Errorf("told in %d transactions", transactions)
	}
}

// However often the room is queued meanwhile, each time it is looked at some more
// people are right.
func TestAChangeForAllGetsOnInARush(t *testing.T) {
	t.Parallel()
	const people, some = 40, 16
	memory := mediatest.NewMemory()
	h := buildHouse(t, memory, call.Backends{"memory": memory}) // its reconciler does nothing by itself
	for _, name := range []string{"ana", "eve"} {
		h.register(name)
	}
	r := h.room("open", "ana")
	memory.Signalling(t.Context(), h.calls.Admit, h.reconciler)
	for range people {
		h.sessions["eve"] = h.session(h.people["eve"])
		if _, err := memory.Connect(t.Context(), h.join("eve", r).Grant.Token); err != nil {
			t.Fatal(err)
		}
	}
	r.Backend = "memory"
	for _, kind := range []ledger.Kind{ledger.Joined, ledger.Permitted} {
		for _, want := range []int{some, 2 * some, people} {
			h.reconciler.AccessChanged("room:" + string(r.ID)) // and is not attended
			if err := h.reconciler.Reconcile(t.Context(), r.ID); err != nil {
				t.Fatal(err)
			}
			if got := h.told(r, kind); got != want {
				t.Fatalf("%s is told of %d, want %d", kind, got, want)
			}
		}
		h.sql(`update rooms set switches = jsonb_set(switches, '{share}', 'false') where id = $1`, r.ID)
	}
}

// told counts the entries of a kind in a room's ledger.
func (h *house) told(r room.Room, kind ledger.Kind) (n int) {
	h.Helper()
	if err := h.pool.QueryRow(h.Context(), `select count(*) from ledger where room_id = $1 and kind = $2`, r.ID, kind).Scan(&n); err != nil {
		h.Fatal(err)
	}
	return n
}
