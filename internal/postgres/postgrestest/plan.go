package postgrestest

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/postgres"
)

// Plan is how Postgres would answer a query, as EXPLAIN prints it.
type Plan string

// Explain asks how Postgres would answer a query. It does not carry it out.
func Explain(t testing.TB, db postgres.Querier, query string, args ...any) Plan {
	t.Helper()
	rows, err := db.Query(t.Context(), "explain "+query, args...)
	if err != nil {
		t.Fatalf("explain %s: %v", query, err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("explain %s: %v", query, err)
	}
	return Plan(strings.Join(lines, "\n"))
}

// Uses reports whether the plan reads an index.
func (p Plan) Uses(index string) bool {
	return regexp.MustCompile(` (using|on) ` + regexp.QuoteMeta(index) + `\b`).MatchString(string(p))
}

// Sorts reports whether the plan sorts rows, instead of reading them in order.
func (p Plan) Sorts() bool { return strings.Contains(string(p), "Sort Key:") }

var indexScan = regexp.MustCompile(`^[ >-]*(?:Index Scan|Index Only Scan|Bitmap Index Scan)\b.*? (?:using|on) (\S+)`)

// ReadsWhole names what the plan reads from one end to the other: tables, and
// indexes of which it wants no part.
func (p Plan) ReadsWhole() (names []string) {
	lines := strings.Split(string(p), "\n")
	for i, line := range lines {
		if _, table, found := strings.Cut(line, "Seq Scan on "); found {
			names = append(names, firstWord(table))
			continue
		}
		match := indexScan.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		conditioned := false
		for _, detail := range lines[i+1:] {
			if strings.Contains(detail, "(cost=") {
				break
			}
			conditioned = conditioned || strings.Contains(detail, "Index Cond:")
		}
		if !conditioned {
			names = append(names, match[1])
		}
	}
	return names
}

func firstWord(text string) string { return strings.Fields(text)[0] }

// Watch notes what a pool is asked.
type Watch struct {
	pool *pgxpool.Pool

	mu      sync.Mutex
	queries map[string][]any
	order   []string
}

// NewWatched is New, with a Watch of every query that the pool is asked.
func NewWatched(t testing.TB) (*pgxpool.Pool, *Watch) {
	t.Helper()
	plain := New(t)
	w := &Watch{pool: plain, queries: make(map[string][]any)}
	config := plain.Config()
	config.ConnConfig.Tracer = w
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatalf("postgrestest: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool, w
}

// explainable is what begins a statement that has a plan.
var explainable = regexp.MustCompile(`(?i)^\s*(select|insert|update|delete|with)\b`)

// TraceQueryStart is for the pool's connections.
func (w *Watch) TraceQueryStart(ctx context.Context, _ *pgx.Conn, asked pgx.TraceQueryStartData) context.Context {
	if explainable.MatchString(asked.SQL) {
		w.mu.Lock()
		w.queries[asked.SQL] = asked.Args
		w.order = append(w.order, asked.SQL)
		w.mu.Unlock()
	}
	return ctx
}

// TraceQueryEnd is for the pool's connections.
func (w *Watch) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// Take returns what was asked, in order, since it was called before.
func (w *Watch) Take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	order := w.order
	w.order = nil
	return order
}

// Check makes the test fail for each query so far that reads whole tables or
// indexes, and when there were fewer than least. What may be read whole, because
// it never holds much, is named.
func (w *Watch) Check(t testing.TB, least int, mayReadWhole ...string) {
	t.Helper()
	w.mu.Lock()
	queries := maps.Clone(w.queries)
	w.mu.Unlock()
	if len(queries) < least {
		t.Errorf("%d queries, want %d at least: does this still drive everything?", len(queries), least)
	}
	for query, args := range queries {
		plan := Explain(t, w.pool, query, args...)
		for _, whole := range plan.ReadsWhole() {
			if !slices.Contains(mayReadWhole, whole) {
				t.Errorf("%s\nreads all of %s:\n%s", query, whole, plan)
			}
		}
	}
}
