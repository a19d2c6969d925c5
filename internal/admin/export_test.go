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
	rooms := func(s RoomSearch, index string, by way) Query {
		sql, args := s.query(by)
		return Query{sql, args, index}
	}
	somebody := account.UserID(uuid.NewString())
	return map[string]Query{
		"users":                users(UserSearch{After: "a"}, "users_username_key", walking),
		"administrators":       users(UserSearch{Only: "administrators"}, "users_administrators", walking),
		"disabled":             users(UserSearch{Only: "disabled"}, "users_disabled", walking),
		"found users":          users(UserSearch{Text: "ana"}, "users_terms", finding),
		"users with it":        users(UserSearch{Text: "ana"}, "users_username_key", walking),
		"administrators of it": users(UserSearch{Text: "ana", Only: "administrators"}, "users_administrators", walking),
		"users further on":     users(UserSearch{Text: "ana"}, "users_username_key", walkingOn),
		"few letters":          users(UserSearch{Text: "an"}, "users_username_begins", finding),
		"users with few":       users(UserSearch{Text: "an"}, "users_username_key", walking),
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
