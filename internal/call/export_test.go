package call

import (
	"context"
	"time"

	"foyer/internal/media"
	"foyer/internal/room"
)

// SweepEvery sets how often a sweep comes, before Run.
func (r *Reconciler) SweepEvery(every time.Duration) { r.every = every }

// SweepRound is one round of the sweep.
func (r *Reconciler) SweepRound(ctx context.Context, round int) error {
	return r.sweepOnce(ctx, round)
}

// IsQueued reports whether a room is to be attended anew.
func (r *Reconciler) IsQueued(in room.Room) bool { return r.isQueued(in) }

// Over says why a participant may not be in the call, or is empty when they may.
func (s *Service) Over(ctx context.Context, id media.ParticipantID) (Reason, error) {
	p, err := s.presence(ctx, id)
	if err != nil {
		return "", err
	}
	return p.over(), nil
}
