package call

import (
	"context"
	"time"

	"foyer/internal/media"
	"foyer/internal/room"
)

// SweepEvery sets how often a sweep comes, before Run.
func (r *Reconciler) SweepEvery(every time.Duration) { r.every = every }

// Patience sets how long a media service may keep one room waiting.
func (r *Reconciler) Patience(patience time.Duration) { r.patience = patience }

// Arrived notes that somebody passed the gate at a moment.
func (r *Reconciler) Arrived(ctx context.Context, live media.RoomID, id media.ParticipantID, at time.Time) error {
	return r.noteArrival(ctx, passage{live, id, false, at})
}

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
