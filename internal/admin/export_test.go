package admin

import (
	"context"
	"time"

	"github.com/google/uuid"

	"foyer/internal/account"
)

// FindsUsers reports whether those who have a text, beside those near, are found by
// the index of parts rather than walked to.
func (s *Store) FindsUsers(ctx context.Context, text string) (bool, error) {
	sql, args := UserSearch{}.others(text, expecting)
	expected, err := s.expected(ctx, sql, args)
	return expected <= mostFound, err
}

// Query is a query of a list, and the index that it needs.
type Query struct {
	SQL   string
	Args  []any
	Index string
}

// Queries are those of all lists.
func Queries() map[string]Query {
	list := func(s UserSearch, index string) Query {
		sql, args := s.list().page()
		return Query{sql, args, index}
	}
	first := func(s UserSearch, index string) Query {
		sql, args := s.first("ana")
		return Query{sql, args, index}
	}
	others := func(s UserSearch, index string, by way) Query {
		sql, args := s.others("ana", by)
		return Query{sql, args, index}
	}
	rooms := func(s RoomSearch, index string, by way) Query {
		sql, args := s.query(by)
		return Query{sql, args, index}
	}
	somebody := account.UserID(uuid.NewString())
	return map[string]Query{
		"users":                list(UserSearch{After: "a"}, "users_in_order"),
		"administrators":       list(UserSearch{Only: "administrators"}, "users_administrators"),
		"disabled":             list(UserSearch{Only: "disabled"}, "users_disabled"),
		"users that begin":     first(UserSearch{}, "Index Only Scan using users_in_order"),
		"disabled that begin":  first(UserSearch{Only: "disabled"}, "Index Only Scan using users_disabled"),
		"found users":          others(UserSearch{}, "users_terms", finding),
		"users with it":        others(UserSearch{}, "Index Only Scan using users_in_order", walking),
		"administrators of it": others(UserSearch{Only: "administrators"}, "users_administrators", walking),
		"users further on":     others(UserSearch{}, "Index Only Scan using users_in_order", walkingOn),
		"disabled further on":  others(UserSearch{Only: "disabled"}, "Index Only Scan using users_disabled", walkingOn),
		"what users are":       {usersQuery, []any{[]string{string(somebody)}}, "users_pkey"},
		"rooms":                rooms(RoomSearch{}, "rooms_by_name", walking),
		"found rooms":          rooms(RoomSearch{Text: "ana"}, "rooms_terms", finding),
		"rooms with it":        rooms(RoomSearch{Text: "ana"}, "rooms_by_name", walking),
		"rooms further on":     rooms(RoomSearch{Text: "ana"}, "rooms_by_name", walkingOn),
		"live rooms":           rooms(RoomSearch{Live: true}, "calls_", walking),
		"live rooms with it":   rooms(RoomSearch{Text: "ana", Live: true}, "calls_", walking),
		"rooms of one":         rooms(RoomSearch{Of: somebody}, "memberships_by_user", walking),
		"what rooms are":       {roomsQuery, []any{[]string{string(somebody)}}, "rooms_pkey"},
		"calls":                {callsQuery, []any{time.Now(), uuid.NewString(), 51}, "calls_going_on"},
		"people":               {peopleQuery, []any{[]string{uuid.NewString()}}, "grants_present"},
	}
}
