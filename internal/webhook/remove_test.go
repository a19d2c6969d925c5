package webhook

import (
	"context"
	"errors"
	"testing"

	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/postgres/postgrestest"
)

// appending appends something that a webhook of the site wants, besides the test.
func (h *house) appending() <-chan error {
	done := make(chan error, 1)
	go func() { done <- ledger.Append(h.Context(), h.pool, ledger.Entry{Room: h.room, Kind: ledger.Joined}) }()
	return done
}

// awaitWaiting waits until a statement that begins so waits for another transaction.
func (h *house) awaitWaiting(begins string) {
	h.Helper()
	if err := postgrestest.UntilWaiting(h.Context(), h.pool, begins); err != nil {
		h.Fatal(err)
	}
}

// Whatever happens while a webhook is being removed happens: it waits for nothing,
// however many deliveries have to go before, and is not told to what goes.
func TestNobodyWaitsForARemoval(t *testing.T) {
	t.Parallel()
	h := newHouse(t, loopback)
	id := h.make("", newReceiver(t, well).URL, Calls)
	h.append(ledger.Joined, h.room)
	h.await(id, Delivered)
	h.exec(`insert into deliveries (webhook_id, kind, body, state, done_at) select $1, 'test', '{}', 'delivered', now() from generate_series(1, 2500)`, id)
	holds, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer holds.Rollback(context.Background())
	if _, err := holds.Exec(t.Context(), `set local idle_in_transaction_session_timeout = 0; select from deliveries order by id limit 1 for update`); err != nil {
		t.Fatal(err)
	}
	removed := make(chan error, 1)
	go func() { removed <- h.store.Remove(t.Context(), h.owner, "", id) }()
	h.awaitWaiting("delete")
	if err := <-h.appending(); err != nil {
		t.Errorf("meanwhile: %v", err)
	}
	if err := holds.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-removed; err != nil {
		t.Fatal(err)
	}
	if left, err := h.store.List(t.Context(), ""); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := h.store.Remove(t.Context(), h.owner, "", id); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("once more: %v", err)
	}
}

// What is appended in the instant in which the row goes is not lost with it.
func TestAppendedAsTheWebhookGoes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, loopback)
	id := h.make("", newReceiver(t, well).URL, Calls)
	removal, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer removal.Rollback(context.Background())
	if _, err := removal.Exec(t.Context(), `delete from webhooks where id = $1`, id); err != nil {
		t.Fatal(err)
	}
	appended := h.appending()
	h.awaitWaiting("insert")
	if err := removal.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-appended; err != nil {
		t.Errorf("appended: %v", err)
	}
}
