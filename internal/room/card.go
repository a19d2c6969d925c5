package room

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
)

// Card is a room as lists of rooms show it to somebody.
type Card struct {
	Room
	Person Person // who looks at it
	Live   []Participant
	Asked  bool // they have asked to join it
}

// May asks the policy about who looks at the card and its room. The room is
// without its Counts.
func (c Card) May(ask Ask) error { return Authorize(c.Person, ask, c.Room.State()) }

// cardColumns selects a Card but for Live, for fields to scan, from the tables
// that PersonColumns need.
const cardColumns = PersonColumns + `,
	exists (select from join_requests where join_requests.room_id = rooms.id and join_requests.user_id = users.id), ` + Columns

func (c *Card) fields() []any {
	return append(append(c.Person.Fields(), &c.Asked), c.Room.Fields()...)
}

// Mine lists the rooms that a user belongs to, those where somebody is first,
// then by name.
func (s *Store) Mine(ctx context.Context, user account.UserID) ([]Card, error) {
	cards, err := s.cards(ctx, `
		select `+cardColumns+`
		from memberships mine join rooms on rooms.id = mine.room_id
		join users on users.id = mine.user_id left join guests on false `+PersonJoins+`
		where mine.user_id = $1 and rooms.deleted_at is null
		order by lower(rooms.name), rooms.id`, user)
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	slices.SortStableFunc(cards, func(a, b Card) int { return cmp.Compare(min(len(b.Live), 1), min(len(a.Live), 1)) })
	return cards, nil
}

// MinePage lists a page of the rooms that a user belongs to, by name; of some
// rooms, by their ids, when only is not nil. Next is zero on the last page.
func (s *Store) MinePage(ctx context.Context, user account.UserID, only []string, after Cursor) (found []Card, next Cursor, err error) {
	found, err = s.cards(ctx, `
		select `+cardColumns+`
		from memberships mine join rooms on rooms.id = mine.room_id
		join users on users.id = mine.user_id left join guests on false `+PersonJoins+`
		where mine.user_id = $1 and rooms.deleted_at is null and ($2::uuid[] is null or rooms.id = any($2))
			and (lower(rooms.name), rooms.id) > ($3, $4::uuid)
		order by lower(rooms.name), rooms.id limit $5`, user, only, after.Name, after.id(), RoomsPerPage+1)
	if err != nil {
		return nil, Cursor{}, fmt.Errorf("list rooms: %w", err)
	}
	return s.cutPage(ctx, found)
}

// RoomsPerPage is how many rooms a page of MinePage and InSight holds.
const RoomsPerPage = 24

// InSight lists a page of the rooms that a user may know of without belonging to
// them, those with a text in their name, by name; also the user's own among
// them; of some rooms, by their ids, when only is not nil. Live is empty where they
// may not see who is in. Next is zero on the last page.
func (s *Store) InSight(ctx context.Context, user account.UserID, only []string, name string, after Cursor) (found []Card, next Cursor, err error) {
	found, err = s.cards(ctx, `
		select `+cardColumns+`
		from rooms join users on users.id = $1 left join guests on false `+PersonJoins+`
		where rooms.visibility <> 'private' and rooms.deleted_at is null
			and ($2 = '' or strpos(lower(rooms.name), lower($2)) > 0)
			and not exists (select from bans where bans.room_id = rooms.id and bans.subject = $1)
			and ($6::uuid[] is null or rooms.id = any($6)) and (lower(rooms.name), rooms.id) > ($3, $4::uuid)
		order by lower(rooms.name), rooms.id limit $5`,
		user, input.Searchable(name), after.Name, after.id(), RoomsPerPage+1, only)
	if err != nil {
		return nil, Cursor{}, fmt.Errorf("find rooms: %w", err)
	}
	return s.cutPage(ctx, found)
}

// cutPage leaves out the card that was asked for to see whether there are more, and
// says where the next page begins then.
func (s *Store) cutPage(ctx context.Context, found []Card) (_ []Card, next Cursor, err error) {
	if len(found) > RoomsPerPage {
		found = found[:RoomsPerPage]
		last := found[len(found)-1]
		next.ID = string(last.ID)
		// Lowered by the database, which sorts by it.
		if err := s.pool.QueryRow(ctx, `select lower($1)`, last.Name).Scan(&next.Name); err != nil {
			return nil, Cursor{}, fmt.Errorf("find rooms: %w", err)
		}
	}
	return found, next, nil
}

// cards loads cards with who is in, where their viewer may see that.
func (s *Store) cards(ctx context.Context, query string, args ...any) ([]Card, error) {
	rows, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	cards, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Card, err error) {
		err = row.Scan(c.fields()...)
		return c, err
	})
	if err != nil {
		return nil, err
	}
	var open []ID
	for _, card := range cards {
		if card.May(Ask{Action: SeePeople}) == nil {
			open = append(open, card.ID)
		}
	}
	live, err := s.Live(ctx, open...)
	if err != nil {
		return nil, err
	}
	for i := range cards {
		cards[i].Live = live[cards[i].ID]
	}
	return cards, nil
}
