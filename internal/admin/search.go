package admin

import (
	"context"
	"strconv"
	"unicode/utf8"
)

// way is how the rows of a list that have a text in them are found, in the list's
// order.
type way int

const (
	// walking looks at the next mostWalked rows: it finds a page of what many have
	// at once, or says that it has not looked far enough.
	walking way = iota
	// finding asks an index for all, and puts them in order: for what no more than
	// mostFound have, by Postgres' estimate, which expecting asks for.
	finding
	expecting
	// walkingOn looks at all rows that come: what many have, of whom few are near. To
	// walk past a row costs a fifth of what it costs to find one.
	walkingOn
)

const (
	mostWalked = 1000
	mostFound  = 12000
	// leastFindable is how many letters the index of letters needs.
	leastFindable = 3
)

func findable(text string) bool { return utf8.RuneCountInString(text) >= leastFindable }

// list is the rows of a table after a place in their order, which is that of a key
// and then of the id, as SQL with arguments.
type list struct {
	from, where, key string
	unique           bool // no two have the same key
	args             []any
}

func (l *list) order() string {
	if l.unique {
		return l.key // so that an index of the key alone has the order
	}
	return l.key + `, id`
}

// arg adds an argument and returns its name.
func (l *list) arg(value any) string {
	l.args = append(l.args, value)
	return "$" + strconv.Itoa(len(l.args))
}

// page is the SQL for the ids of a page and one more.
func (l list) page() (string, []any) {
	limit := l.arg(PerPage + 1)
	return `select array(select id from ` + l.from + ` where ` + l.where + ` order by ` + l.order() + ` limit ` + limit + `), false`, l.args
}

// walkOn is page for the rows that also meet a condition.
func (l list) walkOn(condition string) (string, []any) {
	l.where += ` and ` + condition
	return l.page()
}

// walk is walkOn among the next mostWalked, and whether it has not looked far enough.
// The rows of a with query are made as they are read: no more than the page needs.
func (l list) walk(condition string) (string, []any) {
	limit, bound := l.arg(PerPage+1), l.arg(mostWalked)
	return `
		with walked as materialized (
			select id, ` + condition + ` as meets from ` + l.from + ` where ` + l.where + ` order by ` + l.order() + ` limit ` + bound + `),
		page as materialized (select id from walked where meets limit ` + limit + `)
		select array(select id from page),
			case when (select count(*) from page) = ` + limit + ` then false
			else (select count(*) from walked) = ` + bound + ` end`, l.args
}

// find is walkOn for a condition that an index knows, which is asked first.
func (l list) find(condition string) (string, []any) {
	l.from = `(select * from ` + l.from + ` where ` + condition + ` offset 0) ` + l.from
	return l.page()
}

// expect is the SQL for Postgres' plan to look for rows that meet a condition.
func expect(from, condition string, args ...any) (string, []any) {
	return `explain (format json) select from ` + from + ` where ` + condition, args
}

// ask returns the ids that a list's SQL is for, and whether it has not looked far
// enough.
func (s *Store) ask(ctx context.Context, sql string, args []any) (ids []string, further bool, err error) {
	err = s.pool.QueryRow(ctx, sql, args...).Scan(&ids, &further)
	return ids, further, err
}

// inWays looks at the rows that are near, and then in the way that takes less time.
func (s *Store) inWays(ctx context.Context, query func(way) (string, []any)) (ids []string, err error) {
	sql, args := query(walking)
	ids, further, err := s.ask(ctx, sql, args)
	if err != nil || !further {
		return ids, err
	}
	sql, args = query(expecting)
	expected, err := s.expected(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	sql, args = query(finding)
	if expected > mostFound {
		sql, args = query(walkingOn)
	}
	ids, _, err = s.ask(ctx, sql, args)
	return ids, err
}

// expected is how many rows Postgres expects of a plan. It knows a sample of the table.
func (s *Store) expected(ctx context.Context, sql string, args []any) (float64, error) {
	var plans []struct {
		Plan struct {
			Rows float64 `json:"Plan Rows"`
		}
	}
	if err := s.pool.QueryRow(ctx, sql, args...).Scan(&plans); err != nil {
		return 0, err
	}
	return plans[0].Plan.Rows, nil
}

// cut leaves a page of ids, and says whether there are more.
func cut(ids []string) (page []string, more bool) {
	if len(ids) > PerPage {
		return ids[:PerPage], true
	}
	return ids, false
}
