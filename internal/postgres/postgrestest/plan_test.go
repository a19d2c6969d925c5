package postgrestest

import (
	"slices"
	"testing"
)

// What reads whole tables, or whole indexes, is found; what does not, is not.
func TestReadsWhole(t *testing.T) {
	t.Parallel()
	pool := New(t)
	if _, err := pool.Exec(t.Context(), `create table things (id int primary key, name text not null, size int); create index things_by_name on things (name)`); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string][]string{
		`select from things where id = 1`:                                       nil,
		`select name from things where name > 'a' order by name limit 1`:        nil,
		`select from things where size = 1`:                                     {"things"},
		`update things set size = 2`:                                            {"things"},
		`select from things where id = 1 or size = 1`:                           {"things"},
		`select name from things order by name limit 1`:                         {"things_by_name"},
		`select from things where id = (select max(size) from things)`:          {"things"},
		`with gone as (delete from things where size = 1 returning 1) select 1`: {"things"},
	} {
		plan := Explain(t, pool, query)
		if got := plan.ReadsWhole(); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v:\n%s", query, got, want, plan)
		}
	}
	plan := Explain(t, pool, `select from things where name = $1 order by size`, "x")
	if !plan.Uses("things_by_name") || plan.Uses("things_by") || plan.Uses("things_pkey") || !plan.Sorts() {
		t.Errorf("misread:\n%s", plan)
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	pool, watch := NewWatched(t)
	if _, err := pool.Exec(t.Context(), `select from users where id = $1`, "00000000-0000-0000-0000-000000000000"); err != nil {
		t.Fatal(err)
	}
	watch.Check(t, 1)
	if got := watch.Take(); !slices.Equal(got, []string{`select from users where id = $1`}) || len(watch.Take()) != 0 {
		t.Errorf("took %q", got)
	}
	if _, err := pool.Exec(t.Context(), `select from users where display_name = $1`, "x"); err != nil {
		t.Fatal(err)
	}
	told := &listening{TB: t}
	if watch.Check(told, 1); told.errors != 1 {
		t.Errorf("%d complaints about a query without an index, want one", told.errors)
	}
	told = &listening{TB: t}
	if watch.Check(told, 3, "users"); told.errors != 1 {
		t.Errorf("%d complaints about too few queries, want one", told.errors)
	}
}

// listening is a test whose failures are counted.
type listening struct {
	testing.TB
	errors int
}

func (l *listening) Errorf(string, ...any) { l.errors++ }
