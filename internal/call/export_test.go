package call

import "context"

// SweepRound is one round of the sweep.
func (r *Reconciler) SweepRound(ctx context.Context, round int) error {
	return r.sweepOnce(ctx, round)
}
