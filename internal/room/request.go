package room

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

// RequestID names one request to belong to a room.
type RequestID string

// JoinRequest is somebody's request to belong to a room.
type JoinRequest struct {
	ID          RequestID
	Username    string
	DisplayName string
	Message     string // a line of theirs; may be empty
	At          time.Time
}

// requestColumns selects a JoinRequest, for fields to scan, from the tables
// join_requests and users.
const requestColumns = `join_requests.id, users.username, users.display_name, join_requests.message, join_requests.created_at`

const requestQuery = `select ` + requestColumns + ` from join_requests join users on users.id = join_requests.user_id`

func (r *JoinRequest) fields() []any {
	return []any{&r.ID, &r.Username, &r.DisplayName, &r.Message, &r.At}
}

// Tell writes to people what became of a request, in the transaction in which it
// does.
type Tell func(ctx context.Context, tx pgx.Tx, request JoinRequest, to []account.User) error

// tellAgainAfter is how long the people who decide are not told again of
// somebody who asks repeatedly.
const tellAgainAfter = 24 * time.Hour

// Request asks for a user to become a member of a room. Who asked already asks
// with this message from now on, and nothing else happens. Those who can grant
// it are told, at most once a day of one person. It returns input.Invalid with
// field message, and what the policy says.
func (s *Store) Request(ctx context.Context, id ID, by account.UserID, message string, tell Tell) error {
	bad := input.Invalid{}
	message = bad.Line("message", message, 0, 300)
	if err := bad.Err(); err != nil {
		return err
	}
	return s.change(ctx, id, by, Ask{Action: RequestToJoin}, func(tx pgx.Tx, in Room) error {
		var fresh bool
		// A row that was there before has an xmax, since it was locked to be updated.
		err := tx.QueryRow(ctx, `
			insert into join_requests (id, room_id, user_id, message) values ($1, $2, $3, $4)
			on conflict (room_id, user_id) do update set message = excluded.message returning xmax = 0`,
			newID(), id, by, message).Scan(&fresh)
		if err != nil || !fresh {
			return err
		}
		var request JoinRequest
		err = tx.QueryRow(ctx, requestQuery+` where join_requests.room_id = $1 and join_requests.user_id = $2`, id, by).Scan(request.fields()...)
		if err != nil {
			return err
		}
		told, err := toldOf(ctx, tx, id, by)
		if err != nil {
			return err
		}
		if !told {
			deciders, err := deciders(ctx, tx, in)
			if err != nil {
				return err
			}
			if err := tell(ctx, tx, request, deciders); err != nil {
				return err
			}
		}
		return appendRequest(ctx, tx, ledger.JoinRequested, id, by, by, map[string]any{"username": request.Username, "message": message, "told": !told})
	})
}

// toldQuery finds out whether those who decide were told of somebody's request
// to a room not long ago: what was asked since is in the ledger.
const toldQuery = `
	select exists (select from ledger where room_id = $1 and actor = $2 and kind = 'join_requested'
		and (data->>'told')::boolean and at > now() - $3::interval)`

func toldOf(ctx context.Context, tx pgx.Tx, id ID, user account.UserID) (told bool, err error) {
	err = tx.QueryRow(ctx, toldQuery, id, user, tellAgainAfter).Scan(&told)
	return told, err
}

// deciders lists who may grant requests to join a room.
func deciders(ctx context.Context, tx pgx.Tx, in Room) ([]account.User, error) {
	rows, err := tx.Query(ctx, `
		select users.id, users.username, users.email, users.display_name, memberships.role
		from memberships join users on users.id = memberships.user_id
		where memberships.room_id = $1 and users.disabled_at is null and not users.service order by memberships.created_at, users.id`, in.ID)
	if err != nil {
		return nil, err
	}
	var found []account.User
	var user account.User
	var role Role
	_, err = pgx.ForEachRow(rows, []any{&user.ID, &user.Username, &user.Email, &user.DisplayName, &role}, func() error {
		if Authorize(Person{User: user.ID, Role: role}, DecideRequests, in.State()) == nil {
			found = append(found, user)
		}
		return nil
	})
	return found, err
}

// DecideRequests is what somebody must be allowed to see requests to join a room
// and answer them: a granted one makes a member.
var DecideRequests = Ask{Action: AddMember, NewRole: Member}

// WithdrawRequest takes back a user's request to join a room; nil when there is
// none. It returns what the policy says.
func (s *Store) WithdrawRequest(ctx context.Context, id ID, by account.UserID) error {
	return s.change(ctx, id, by, Ask{Action: See}, func(tx pgx.Tx, _ Room) error {
		tag, err := tx.Exec(ctx, `delete from join_requests where room_id = $1 and user_id = $2`, id, by)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return appendRequest(ctx, tx, ledger.JoinWithdrawn, id, by, by, nil)
	})
}

// GrantRequest makes whoever made a request a member, tells them, and returns
// their name. It returns what the policy says, and postgres.ErrNotFound when the
// request was answered or withdrawn meanwhile.
func (s *Store) GrantRequest(ctx context.Context, id ID, by account.UserID, request RequestID, tell Tell) (name string, err error) {
	return s.decide(ctx, id, by, request, tell, func(tx pgx.Tx, asker account.User) error {
		if _, err := enrol(ctx, tx, id, by, asker.ID, asker.Username, Member); err != nil {
			return err
		}
		return appendRequest(ctx, tx, ledger.JoinGranted, id, by, asker.ID, map[string]any{"username": asker.Username})
	})
}

// DeclineRequest answers a request with no, tells whoever made it, and returns
// their name. They may ask again. It returns what GrantRequest returns.
func (s *Store) DeclineRequest(ctx context.Context, id ID, by account.UserID, request RequestID, tell Tell) (name string, err error) {
	return s.decide(ctx, id, by, request, tell, func(tx pgx.Tx, asker account.User) error {
		return appendRequest(ctx, tx, ledger.JoinDeclined, id, by, asker.ID, map[string]any{"username": asker.Username})
	})
}

func (s *Store) decide(ctx context.Context, id ID, by account.UserID, request RequestID, tell Tell, do func(pgx.Tx, account.User) error) (name string, err error) {
	err = s.change(ctx, id, by, DecideRequests, func(tx pgx.Tx, _ Room) error {
		var asker account.User
		var decided JoinRequest
		err := tx.QueryRow(ctx, `select user_id from join_requests where room_id = $1 and id::text = $2`, id, request).Scan(&asker.ID)
		if err != nil {
			return postgres.Translate(err)
		}
		if err := holdUser(ctx, tx, asker.ID); err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `
			delete from join_requests using users
			where join_requests.room_id = $1 and join_requests.id::text = $2
				and users.id = join_requests.user_id and users.disabled_at is null
			returning users.id, users.email, `+requestColumns, id, request).
			Scan(append([]any{&asker.ID, &asker.Email}, decided.fields()...)...)
		if err != nil {
			return postgres.Translate(err)
		}
		name, asker.Username, asker.DisplayName = decided.DisplayName, decided.Username, decided.DisplayName
		if err := do(tx, asker); err != nil {
			return err
		}
		return tell(ctx, tx, decided, []account.User{asker})
	})
	return name, err
}

// mostRequests bounds a list of requests; the others show once these are
// answered.
const mostRequests = 200

// Requests lists who asks to join rooms, the first to ask first; of many only
// the first.
func (s *Store) Requests(ctx context.Context, rooms ...ID) (map[ID][]JoinRequest, error) {
	rows, err := s.pool.Query(ctx, `
		select join_requests.room_id, `+requestColumns+`
		from join_requests join users on users.id = join_requests.user_id
		where join_requests.room_id = any($1::uuid[]) and users.disabled_at is null
		order by join_requests.created_at, join_requests.id limit $2`, rooms, mostRequests)
	if err != nil {
		return nil, fmt.Errorf("list requests: %w", err)
	}
	requests := make(map[ID][]JoinRequest)
	var id ID
	var r JoinRequest
	_, err = pgx.ForEachRow(rows, append([]any{&id}, r.fields()...), func() error {
		requests[id] = append(requests[id], r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list requests: %w", err)
	}
	return requests, nil
}

// RequestOf returns a user's own request to join a room; false when they have
// not asked.
func (s *Store) RequestOf(ctx context.Context, id ID, user account.UserID) (JoinRequest, bool, error) {
	var r JoinRequest
	err := s.pool.QueryRow(ctx, requestQuery+` where join_requests.room_id = $1 and join_requests.user_id = $2`, id, user).Scan(r.fields()...)
	if errors.Is(err, pgx.ErrNoRows) {
		return JoinRequest{}, false, nil
	}
	if err != nil {
		return JoinRequest{}, false, fmt.Errorf("request of user: %w", err)
	}
	return r, true, nil
}

func appendRequest(ctx context.Context, tx pgx.Tx, kind ledger.Kind, id ID, by, subject account.UserID, data map[string]any) error {
	if data == nil {
		data = map[string]any{}
	}
	return ledger.Append(ctx, tx, ledger.Entry{Room: ledger.Room(id), Kind: kind, Actor: string(by), Subject: string(subject), Data: ledger.Data(data)})
}
