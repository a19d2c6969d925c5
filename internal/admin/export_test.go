package admin

import (
	"time"

	"github.com/google/uuid"

	"foyer/internal/account"
)

// Query is a query of a list, and the index that it needs.
type Query struct {
	SQL   string
	Args  []any
	Index string
}

// Queries are those of all lists.
func Queries() map[string]Query {
	users := func(s UserSearch, index string, by way) Query {
		sql, args := s.query(by)
		return Query{sql, args, index}
	}
	rooms := func(s RoomSearch, index string) Query {
		sql, args := s.query()
		return Query{sql, args, index}
	}
	return map[string]Query{
		"users":          users(UserSearch{After: "a"}, "users_username_key", walking),
		"administrators": users(UserSearch{Only: "administrators"}, "users_administrators", walking),
		"disabled":       users(UserSearch{Only: "disabled"}, "users_disabled", walking),
		"found users":    users(UserSearch{Text: "ana"}, "users_terms", finding),
		"users with it":  users(UserSearch{Text: "ana"}, "users_username_key", walking),
		"few letters":    users(UserSearch{Text: "an"}, "users_username_begins", finding),
		"rooms":          rooms(RoomSearch{}, "rooms_by_name"),
		"found rooms":    rooms(RoomSearch{Text: "ana"}, "rooms_terms"),
		"live rooms":     rooms(RoomSearch{Live: true}, "calls_"),
		"rooms of one":   rooms(RoomSearch{Of: account.UserID(uuid.NewString())}, "memberships_by_user"),
		"calls":          {callsQuery, []any{time.Now(), uuid.NewString(), 51}, "calls_going_on"},
		"people":         {peopleQuery, []any{[]string{uuid.NewString()}}, "grants_present"},
	}
}
