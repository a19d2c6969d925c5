package webhook

import (
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"foyer/internal/ledger"
	"foyer/internal/postgres/postgrestest"
)

// A receiver that does not answer holds up no other, however much waits for it;
// when it answers, it gets what waited without delay.
func TestNobodyWaitsForAnotherReceiver(t *testing.T) {
	t.Parallel()
	h := newHouse(t, loopback)
	var asked, most atomic.Int32
	answers := make(chan struct{})
	answer := sync.OnceFunc(func() { close(answers) })
	silent := newReceiver(t, func(_ int, w http.ResponseWriter) {
		if now := asked.Add(1); now > most.Load() {
			most.Store(now)
		}
		<-answers
		asked.Add(-1)
		w.WriteHeader(http.StatusNoContent)
	})
	t.Cleanup(answer)
	hangs := h.make(h.room, silent.URL, Access)
	others := h.make("", newReceiver(t, well).URL, Calls)
	const many = 300
	h.exec(`insert into deliveries (webhook_id, kind, body) select $1, 'test', '{}' from generate_series(1, $2)`, hangs, many)
	h.exec(`notify deliveries_waiting`)
	h.until(func() bool { return asked.Load() == placesOfOne })
	h.append(ledger.Joined, h.room)
	h.await(others, Delivered)
	answer()
	var left int
	h.until(func() bool {
		err := h.pool.QueryRow(t.Context(), `select count(*) from deliveries where webhook_id = $1 and state = 'waiting'`, hangs).Scan(&left)
		return err == nil && left == 0
	})
	if got := most.Load(); got > placesOfOne {
		t.Errorf("%d messages at a time", got)
	}
}

// until waits until something is so.
func (h *house) until(so func() bool) {
	h.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.Fatal("waited in vain")
		}
	}
}

// What gives way is not tried, is due still, and does not look as if its job had
// got lost.
func TestGivesWay(t *testing.T) {
	t.Parallel()
	h := houseOn(t, postgrestest.New(t))
	sender := NewSender(h.store, Reach{Allowed: loopback}, "test", slog.New(slog.DiscardHandler))
	id := h.make(h.room, newReceiver(t, well).URL, Access)
	h.exec(`insert into deliveries (webhook_id, kind, body, queued, next_at) values ($1, 'test', '{}', true, now() - interval '1 hour')`, id)
	for range placesOfOne {
		if _, ok := sender.places.take(id); !ok {
			t.Fatal("no place")
		}
	}
	delivery := h.await(id, Waiting)
	wait, err := sender.bring(t.Context(), delivery.ID)
	if err != nil || wait < soonest {
		t.Errorf("comes back after %v, %v", wait, err)
	}
	if _, err := h.store.enqueue(t.Context(), overdueQuery); err != nil {
		t.Fatal(err)
	}
	var jobs int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from river_job`).Scan(&jobs); err != nil || jobs != 0 {
		t.Errorf("%d more jobs, %v", jobs, err)
	}
	if next, err := h.store.nextInLine(t.Context(), id); err != nil || next != delivery.ID {
		t.Errorf("next in line is %d, %v", next, err)
	}
	sender.places.leave(id)
	if wait, err := sender.bring(t.Context(), delivery.ID); err != nil || wait != 0 {
		t.Errorf("with a place: %v, %v", wait, err)
	}
	if d := h.await(id, Delivered); d.Attempts != 1 {
		t.Errorf("delivered: %+v", d)
	}
}

// Those that find no place come back one after another, and none of them late.
func TestLine(t *testing.T) {
	t.Parallel()
	p, one, other := newPlaces(), ID(uuid.NewString()), ID(uuid.NewString())
	for range placesOfOne {
		p.take(one)
	}
	var last time.Duration
	const many = 10_000
	for i := range many {
		wait, ok := p.take(one)
		if ok || wait < soonest || wait > latest {
			t.Fatalf("the %dth: %v, %v", i, wait, ok)
		}
		last = wait
	}
	if last != latest {
		t.Errorf("the last of %d comes back after %v", many, last)
	}
	if _, ok := p.take(other); !ok {
		t.Error("no place for another's")
	}
	p.leave(one)
	if _, ok := p.take(one); !ok {
		t.Error("no place after one has left")
	}
}
