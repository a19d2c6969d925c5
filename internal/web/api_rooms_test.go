package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"foyer/internal/api"
	"foyer/internal/postgres/postgrestest"
)

// A change that waits for another leaves what that has changed as it is.
func TestAPIChangesOfOneRoomAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.room("open", nil, "ana")
	token := h.apiToken("ana")
	for _, change := range []struct{ other, ours string }{
		{`visibility = 'private', lobby = 'everyone', capacity = 7`, `{"guests": true, "history_days": 3}`},
		{`name = 'Named'`, `{"topic": "News"}`},
	} {
		other, err := h.pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer other.Rollback(context.Background())
		if _, err := other.Exec(t.Context(), `update rooms set `+change.other+` where id = $1`, r.ID); err != nil {
			t.Fatal(err)
		}
		committed := make(chan error, 1)
		go func() {
			err := postgrestest.UntilWaiting(h.Context(), h.pool, "")
			if err == nil {
				err = other.Commit(t.Context())
			}
			committed <- err
		}()
		if got := h.program(token, http.MethodPatch, "/rooms/"+r.Slug, change.ours); got.status != http.StatusOK {
			t.Errorf("%s: %d %s", change.ours, got.status, got.body)
		}
		if err := <-committed; err != nil {
			t.Fatal(err)
		}
	}
	var now api.Room
	if err := json.Unmarshal([]byte(h.program(token, http.MethodGet, "/rooms/"+r.Slug, "").body), &now); err != nil {
		t.Fatal(err)
	}
	if now.Visibility != "private" || now.Lobby != "everyone" || now.Capacity != 7 || !now.Guests || now.HistoryDays != 3 || now.Name != "Named" || now.Topic != "News" {
		t.Errorf("then %+v", now)
	}
}
