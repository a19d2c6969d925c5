// Package health looks whether each part of Foyer works, and says in words what
// to do about what does not. The administrators' desk shows what it finds, and
// foyer doctor prints the same.
package health

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// State is how a part is.
type State string

// The states.
const (
	Well    State = "well"
	Notable State = "notable" // it works, but not for everybody, or not for long
	Broken  State = "broken"
)

// Finding is what was found about one part.
type Finding struct {
	Part   string // its name, in words
	State  State
	Says   string // a sentence
	Advice string // what to do, in sentences; empty when there is nothing
}

// Check looks at one part. It returns when ctx is done at the latest.
type Check func(ctx context.Context) []Finding

// patience is how long one look takes at most.
const patience = 8 * time.Second

// Look does all checks at once and returns what they found in their order.
func Look(ctx context.Context, checks []Check) []Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found := make([][]Finding, len(checks))
	var looking sync.WaitGroup
	for i, check := range checks {
		looking.Go(func() { found[i] = check(ctx) })
	}
	looking.Wait()
	var all []Finding
	for _, findings := range found {
		all = append(all, findings...)
	}
	return all
}

// Worst is the worst state among findings.
func Worst(findings []Finding) State {
	worst := Well
	for _, f := range findings {
		if f.State == Broken || f.State == Notable && worst == Well {
			worst = f.State
		}
	}
	return worst
}

// Monitor looks from time to time, so that nobody who asks has to wait.
type Monitor struct {
	checks []Check
	log    *slog.Logger

	mu       sync.Mutex
	findings []Finding
	at       time.Time
}

// NewMonitor returns a monitor that has not looked yet.
func NewMonitor(checks []Check, log *slog.Logger) *Monitor { return &Monitor{checks: checks, log: log} }

// Run looks every minute until ctx ends.
func (m *Monitor) Run(ctx context.Context) {
	const every = time.Minute
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		m.Look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Look looks now.
func (m *Monitor) Look(ctx context.Context) {
	findings := Look(ctx, m.checks)
	if ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range findings {
		if f.State == Broken && !has(m.findings, f) {
			m.log.Warn("a part of Foyer does not work", "part", f.Part, "problem", f.Says)
		}
	}
	m.findings, m.at = findings, time.Now()
}

func has(findings []Finding, f Finding) bool {
	for _, other := range findings {
		if other == f {
			return true
		}
	}
	return false
}

// Latest returns what was found last, and when; the zero time when nobody has
// looked yet.
func (m *Monitor) Latest() ([]Finding, time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.findings, m.at
}
