package call

import (
	"context"
	"log/slog"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

// Follow runs a hub and a reconciler until ctx ends, and hands both what
// Postgres notifies.
func Follow(ctx context.Context, pool *pgxpool.Pool, hub *ledger.Hub, reconciler *Reconciler, log *slog.Logger) {
	listener := &postgres.Listener{
		Pool: pool,
		Log:  log,
		Channels: map[string]func(payload string){
			ledger.Channel:        func(payload string) { hub.Grown(ledger.Room(payload)) },
			ledger.PassingChannel: hub.Passed,
			Channel:               reconciler.AccessChanged,
		},
		Connected: func() {
			hub.Resync()
			reconciler.Resync()
		},
	}
	var running sync.WaitGroup
	for _, run := range []func(context.Context){hub.Run, reconciler.Run, listener.Run} {
		running.Go(func() { run(ctx) })
	}
	running.Wait()
}
