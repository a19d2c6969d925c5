package admin

import (
	"context"
	"strconv"
	"unicode/utf8"
)

// way is how the rows of a list that have a text in them are found. Each finds the
// next of them in the list's order, or says that it has not looked far enough.
type way int

const (
	// walking looks at the next mostWalked rows: it finds a page of what many have
	// at once.
	walking way = iota
	// finding asks an index for mostFound, and puts them in order: quick for what
	// few have.
	finding
	// walkingOn looks at all rows that come: what many have, of whom none is near.
	walkingOn
)

const (
	mostWalked = 3000
	mostFound  = 15000
	// leastFindable is how many letters the index of letters needs.
	leastFindable = 3
)

func findable(text string) bool { return utf8.RuneCountInString(text) >= leastFindable }

// list is the rows of a table after a place in the order of a key and the id, as SQL
// with arguments.
type list struct {
	from, where, key string
	args             []any
}

// arg adds an argument and returns its name.
func (l *list) arg(value any) string {
	l.args = append(l.args, value)
	return "$" + strconv.Itoa(len(l.args))
}

// page is the SQL for the ids of a page and one more.
func (l list) page() (string, []any) {
	limit := l.arg(PerPage + 1)
	return `select array(select id from ` + l.from + ` where ` + l.where + ` order by ` + l.key + `, id limit ` + limit + `), false`, l.args
}

// walk is page for the rows that also meet a condition, among the next most, or
// among all when most is nil; and whether it has not looked far enough. The rows
// of a with query are made as they are read: no more than the page needs.
func (l list) walk(condition string, most any) (string, []any) {
	limit, bound := l.arg(PerPage+1), l.arg(most)
	return `
		with walked as materialized (
			select id, ` + condition + ` as meets from ` + l.from + ` where ` + l.where + ` order by ` + l.key + `, id limit ` + bound + `::bigint),
		page as materialized (select id from walked where meets limit ` + limit + `)
		select array(select id from page),
			case when (select count(*) from page) = ` + limit + ` then false
			else coalesce((select count(*) from walked) = ` + bound + `, false) end`, l.args
}

// find is walk for a condition that an index knows, which is asked first.
func (l list) find(condition string) (string, []any) {
	limit, bound := l.arg(PerPage+1), l.arg(mostFound)
	return `
		with found as materialized (
			select id, ` + l.key + ` as key from (select * from ` + l.from + ` where ` + condition + ` offset 0) ` + l.from + ` where ` + l.where + ` limit ` + bound + `)
		select array(select id from found order by key, id limit ` + limit + `), (select count(*) from found) = ` + bound, l.args
}

// ids returns those of a page of a list, and whether more come after them.
func (s *Store) ids(ctx context.Context, query func(way) (string, []any)) (ids []string, more bool, err error) {
	for by, further := walking, true; further; by++ {
		sql, args := query(by)
		if err := s.pool.QueryRow(ctx, sql, args...).Scan(&ids, &further); err != nil {
			return nil, false, err
		}
	}
	if more = len(ids) > PerPage; more {
		ids = ids[:PerPage]
	}
	return ids, more, nil
}
