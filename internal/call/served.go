package call

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/room"
)

const (
	// claimEvery is how often a node says which media services it has.
	claimEvery = 20 * time.Second
	// unclaimedAfter is when a service that no node has spoken for since is taken
	// for gone: later than nodes take to be replaced one by one.
	unclaimedAfter = 3 * time.Minute
)

// claim says that this node has its media services.
func (r *Reconciler) claim(ctx context.Context) error {
	names := slices.Sorted(maps.Keys(r.backends)) // in one order, for nodes that do it at once
	_, err := r.pool.Exec(ctx, `
		insert into media_services (name, seen_at) select name, now() from unnest($1::text[]) with ordinality named (name, place) order by place
		on conflict (name) do update set seen_at = now() where media_services.seen_at < now() - $2::interval`, names, claimEvery)
	if err != nil {
		return fmt.Errorf("claim media services: %w", err)
	}
	return nil
}

// spokenFor lists the media services that a node has: this one, or another.
func (r *Reconciler) spokenFor(ctx context.Context) ([]string, error) {
	rows, err := r.pool.Query(ctx, `select name from media_services where seen_at > now() - $1::interval`, unclaimedAfter)
	if err != nil {
		return nil, fmt.Errorf("who has the media services: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("who has the media services: %w", err)
	}
	return names, nil
}

// abandon writes down that everybody has left a room whose media service no node has
// any more: nobody is connected to that.
func (r *Reconciler) abandon(ctx context.Context, in room.Room, present []presence) error {
	if in.DeletedAt != nil {
		return nil
	}
	if spokenFor, err := r.spokenFor(ctx); err != nil || slices.Contains(spokenFor, in.Backend) {
		return err
	}
	var failed error
	for _, p := range present {
		if p.connected != nil && p.over() == "" {
			failed = errors.Join(failed, r.markLeft(ctx, p, time.Now()))
		}
	}
	return errors.Join(failed, r.preside(ctx, in))
}
