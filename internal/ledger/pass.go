package ledger

import (
	"context"
	"encoding/json"
	"fmt"

	"foyer/internal/postgres"
)

// PassingChannel is where Postgres carries what Pass says.
const PassingChannel = "ledger_passing"

// mostPassing is how much of it waits for a slow follower; what is older is
// dropped.
const mostPassing = 100

// passing is an Entry on its way; it has no id and no time.
type passing struct {
	Room    Room            `json:"room"`
	Kind    Kind            `json:"kind"`
	Subject string          `json:"subject"`
	Data    json.RawMessage `json:"data"`
}

// Pass tells those who follow a room's ledger now something that is not worth
// keeping: it is written nowhere, and who is not there misses it. The entry may
// have 7 kB. Its actor is not told.
func Pass(ctx context.Context, db postgres.Querier, e Entry) error {
	_, err := db.Exec(ctx, `select pg_notify($1, $2)`, PassingChannel, string(Data(passing{e.Room, e.Kind, e.Subject, e.Data})))
	if err != nil {
		return fmt.Errorf("pass to followers: %w", err)
	}
	return nil
}

// Passed takes a payload of PassingChannel. It does not block.
func (h *Hub) Passed(payload string) {
	var p passing
	if err := json.Unmarshal([]byte(payload), &p); err != nil {
		h.log.Warn("a passing entry could not be read", "error", err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.feeds[p.Room]
	if f == nil {
		return
	}
	for follower := range f.followers {
		follower.passing = append(follower.passing, Entry{Room: p.Room, Kind: p.Kind, Subject: p.Subject, Data: p.Data})
		if over := len(follower.passing) - mostPassing; over > 0 {
			follower.passing = follower.passing[over:]
		}
	}
	f.announce()
}
