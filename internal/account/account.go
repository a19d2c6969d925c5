// Package account knows who people are: users, their passwords, and the
// sessions in which they are signed in.
package account

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/input"
	"foyer/internal/postgres"
)

// UserID names a user for good; usernames and addresses may change.
type UserID string

// User is a registered person.
type User struct {
	ID            UserID
	Username      string
	Email         string
	DisplayName   string
	Administrator bool
	DisabledAt    *time.Time
	CreatedAt     time.Time
}

var (
	// ErrWrongPassword is the one answer to every failed log-in: no such user,
	// disabled, or the password is not theirs.
	ErrWrongPassword = errors.New("account: wrong name or password")
	// ErrBusy means too many passwords are being checked; try again shortly.
	ErrBusy = errors.New("account: too many passwords to check at once")
	// ErrSignedOut means that a session token opens nothing (any more).
	ErrSignedOut = errors.New("account: signed out")
	// ErrSetupDone means that a setup link is wrong or was used already.
	ErrSetupDone = errors.New("account: setup link is not valid")
)

// Store keeps users and sessions in Postgres.
type Store struct {
	pool      *pgxpool.Pool
	passwords *passwords
}

// NewStore returns a store whose passwords are hashed at the given bcrypt cost;
// DefaultCost outside tests.
func NewStore(pool *pgxpool.Pool, cost int) *Store {
	return &Store{pool: pool, passwords: newPasswords(cost)}
}

// Registration is what someone gives to get an account.
type Registration struct {
	Username    string
	Email       string
	DisplayName string // the username when empty
	Password    string
}

var (
	usernamePattern = regexp.MustCompile(`^[a-z0-9_-]{2,32}$`)
	emailPattern    = regexp.MustCompile(`^[^\s@]+@[^\s@.]+(\.[^\s@.]+)*$`)
)

// Register makes a user. It returns input.Invalid, with fields username, email,
// display_name and password, for what cannot be accepted, and ErrBusy.
func (s *Store) Register(ctx context.Context, r Registration) (User, error) {
	return s.register(ctx, r, false, func(pgx.Tx) error { return nil })
}

// RegisterAdministrator is Register for an administrator of the site.
func (s *Store) RegisterAdministrator(ctx context.Context, r Registration) (User, error) {
	return s.register(ctx, r, true, func(pgx.Tx) error { return nil })
}

// register runs also in the transaction that inserts the user.
func (s *Store) register(ctx context.Context, r Registration, administrator bool, also func(pgx.Tx) error) (User, error) {
	user, err := r.user()
	if err != nil {
		return User{}, err
	}
	hash, err := s.passwords.hash(ctx, r.Password)
	if err != nil {
		return User{}, err
	}
	user.ID = UserID(uuid.Must(uuid.NewV7()).String())
	user.Administrator = administrator
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := also(tx); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `
			insert into users (id, username, email, display_name, password_hash, administrator)
			values ($1, $2, $3, $4, $5, $6) returning created_at`,
			user.ID, user.Username, user.Email, user.DisplayName, hash, administrator).Scan(&user.CreatedAt)
	})
	if taken := takenField(err); taken != nil {
		return User{}, taken
	}
	if err != nil {
		return User{}, fmt.Errorf("register: %w", err)
	}
	return user, nil
}

// user checks everything about a registration that needs no database.
func (r Registration) user() (User, error) {
	bad := input.Invalid{}
	user := User{Username: strings.ToLower(bad.Line("username", r.Username, 1, 32))}
	if bad["username"] == "" && !usernamePattern.MatchString(user.Username) {
		bad.Add("username", "Use 2 to 32 small letters (a to z), digits, hyphens or underscores.")
	}
	user.Email = bad.Line("email", r.Email, 3, 254)
	if bad["email"] == "" && (len(user.Email) > 254 || !emailPattern.MatchString(user.Email)) {
		bad.Add("email", "This is not an email address. It looks like name@example.org.")
	}
	if strings.TrimSpace(r.DisplayName) == "" {
		r.DisplayName = user.Username
	}
	user.DisplayName = checkDisplayName(bad, r.DisplayName)
	checkPassword(bad, r.Password, user.Username, user.Email)
	return user, bad.Err()
}

func checkDisplayName(bad input.Invalid, name string) string {
	return bad.Line("display_name", name, 1, 64)
}

// CleanDisplayName checks a name to be shown to others, under the field
// display_name of input.Invalid.
func CleanDisplayName(name string) (string, error) {
	bad := input.Invalid{}
	name = checkDisplayName(bad, name)
	return name, bad.Err()
}

func takenField(err error) error {
	var conflict *postgres.Conflict
	if !errors.As(err, &conflict) {
		return nil
	}
	switch conflict.Constraint {
	case "users_username_key":
		return input.Invalid{"username": "This username is taken. Choose another."}
	case "users_email_key":
		return input.Invalid{"email": "This address has an account already. Log in instead."}
	}
	return nil
}

const userColumns = `id, username, email, display_name, administrator, disabled_at, created_at`

func (u *User) fields() []any {
	return []any{&u.ID, &u.Username, &u.Email, &u.DisplayName, &u.Administrator, &u.DisabledAt, &u.CreatedAt}
}

// Find returns the active user with a username or email address, both without
// regard to case. It returns postgres.ErrNotFound when there is none.
func Find(ctx context.Context, db postgres.Querier, login string) (User, error) {
	var user User
	err := db.QueryRow(ctx, `
		select `+userColumns+` from users
		where (username = lower($1) or lower(email) = lower($1)) and disabled_at is null`,
		input.Searchable(login)).Scan(user.fields()...)
	if err != nil {
		return User{}, fmt.Errorf("find user: %w", postgres.Translate(err))
	}
	return user, nil
}

// Rename changes the name that others see. It returns input.Invalid.
func (s *Store) Rename(ctx context.Context, id UserID, displayName string) error {
	name, err := CleanDisplayName(displayName)
	if err != nil {
		return err
	}
	if _, err := s.pool.Exec(ctx, `update users set display_name = $2 where id = $1`, id, name); err != nil {
		return fmt.Errorf("rename user: %w", err)
	}
	return nil
}

// ChangePassword sets a new password and signs out every session but keep. It
// returns input.Invalid, with fields current_password and password, and
// ErrBusy.
func (s *Store) ChangePassword(ctx context.Context, id UserID, keep SessionID, current, password string) error {
	var username, email, hash string
	err := s.pool.QueryRow(ctx, `select username, email, password_hash from users where id = $1`, id).Scan(&username, &email, &hash)
	if err != nil {
		return fmt.Errorf("change password: %w", postgres.Translate(err))
	}
	right, err := s.passwords.matches(ctx, hash, current)
	if err != nil {
		return err
	}
	bad := input.Invalid{}
	if !right {
		bad.Add("current_password", "This is not your present password.")
	}
	checkPassword(bad, password, username, email)
	if err := bad.Err(); err != nil {
		return err
	}
	if hash, err = s.passwords.hash(ctx, password); err != nil {
		return err
	}
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `update users set password_hash = $2 where id = $1`, id, hash); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `delete from sessions where user_id = $1 and id <> $2`, id, keep)
		return err
	})
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	return nil
}
