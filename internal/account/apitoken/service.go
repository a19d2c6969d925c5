package apitoken

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/words"
)

// Service is an account that acts through tokens only.
type Service struct {
	ID          account.UserID
	Username    string
	DisplayName string
	DisabledAt  *time.Time
	CreatedAt   time.Time
	Tokens      int
	Rooms       int
}

// mostServices is how many services there are at most.
const mostServices = 200

var usernamePattern = regexp.MustCompile(`^[a-z0-9_-]{2,32}$`)

// MakeService makes the account of a service; by administers the site. No mail
// reaches it, and nobody logs in to it. It returns input.Invalid with fields
// username and display_name.
func (s *Store) MakeService(ctx context.Context, by account.UserID, username, displayName string) (account.UserID, error) {
	bad := input.Invalid{}
	username = strings.ToLower(bad.Line("username", username, 1, 32))
	if bad["username"] == "" && !usernamePattern.MatchString(username) {
		bad.Add("username", words.Text("account.use_2_to_32_small"))
	}
	displayName = bad.Line("display_name", displayName, 1, 64)
	if err := bad.Err(); err != nil {
		return "", err
	}
	id := account.UserID(uuid.Must(uuid.NewV7()).String())
	err := postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		var count int
		if err := tx.QueryRow(ctx, `select count(*) from users where service`).Scan(&count); err != nil {
			return err
		}
		if count >= mostServices {
			return input.Invalid{"username": words.Text("service.too_many", "count", mostServices)}
		}
		_, err := tx.Exec(ctx, `
			insert into users (id, username, email, display_name, service) values ($1, $2, $3, $4, true)`,
			id, username, username+"@service.invalid", displayName)
		if err != nil {
			return err
		}
		return ledger.Append(ctx, tx, ledger.Entry{
			Kind: ledger.ServiceMade, Actor: string(by), Subject: string(id), Data: ledger.Data(map[string]string{"username": username}),
		})
	})
	var conflict *postgres.Conflict
	if errors.As(err, &conflict) && (conflict.Constraint == "users_username_key" || conflict.Constraint == "users_email_key") {
		return "", input.Invalid{"username": words.Text("account.this_username_is_taken_choose")}
	}
	if err != nil {
		return "", fmt.Errorf("make service: %w", err)
	}
	return id, nil
}

const serviceQuery = `
	select id, username, display_name, disabled_at, created_at,
		(select count(*) from api_tokens join sessions on sessions.id = api_tokens.session_id
			where api_tokens.user_id = users.id and sessions.expires_at > now()),
		(select count(*) from memberships where memberships.user_id = users.id)
	from users where service`

// Services lists the services, by username.
func (s *Store) Services(ctx context.Context) ([]Service, error) {
	rows, err := s.pool.Query(ctx, serviceQuery+` order by username limit $1`, mostServices)
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	services, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Service])
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	return services, nil
}

// Service returns one of them. It returns postgres.ErrNotFound.
func (s *Store) Service(ctx context.Context, id account.UserID) (Service, error) {
	if uuid.Validate(string(id)) != nil {
		return Service{}, postgres.ErrNotFound
	}
	rows, err := s.pool.Query(ctx, serviceQuery+` and id = $1`, id)
	if err != nil {
		return Service{}, fmt.Errorf("look at service: %w", err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Service])
	if err != nil {
		return Service{}, fmt.Errorf("look at service: %w", postgres.Translate(err))
	}
	return found, nil
}
