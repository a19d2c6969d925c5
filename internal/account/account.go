// Package account knows who people are: users, their passwords, and the
// sessions in which they are signed in.
package account

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/input"
	"foyer/internal/postgres"
	"foyer/internal/words"
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
	// VerifiedAt is when somebody showed that mail to Email reaches them.
	VerifiedAt *time.Time
}

var (
	// ErrWrongPassword is the one answer to every failed log-in: no such user,
	// disabled, or the password is not theirs.
	ErrWrongPassword = errors.New("account: wrong name or password")
	// ErrUnverified means that an account opens once its address is confirmed.
	ErrUnverified = errors.New("account: the address is not confirmed")
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
	policy    atomic.Pointer[func() Policy]
}

// NewStore returns a store whose passwords are hashed at the given bcrypt cost;
// DefaultCost outside tests. Until UsePolicy, everybody may make an account.
func NewStore(pool *pgxpool.Pool, cost int) *Store {
	s := &Store{pool: pool, passwords: newPasswords(cost)}
	s.UsePolicy(func() Policy { return Policy{Signup: SignupOpen} })
	return s
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
	return s.register(ctx, r, making{})
}

// SignUp is Register for somebody who does it themselves, as the policy lets them:
// then runs in the transaction that makes the user.
func (s *Store) SignUp(ctx context.Context, r Registration, then Then) (User, error) {
	if err := s.checkDomain(r.Email); err != nil {
		return User{}, err
	}
	return s.register(ctx, r, making{themselves: true, then: then})
}

// RegisterAdministrator is Register for an administrator of the site.
func (s *Store) RegisterAdministrator(ctx context.Context, r Registration) (User, error) {
	return s.register(ctx, r, making{administrator: true})
}

// Then is what else happens in the transaction that changed an account.
type Then func(ctx context.Context, tx pgx.Tx, user User) error

// making is how an account comes about. First runs before, and then after, in the
// transaction that inserts the user; either may be nil.
type making struct {
	administrator bool
	themselves    bool // it is made by whose it is
	first         func(pgx.Tx) error
	then          Then
}

func (s *Store) register(ctx context.Context, r Registration, how making) (User, error) {
	user, err := r.user()
	if err != nil {
		return User{}, err
	}
	hash, err := s.passwords.hash(ctx, r.Password)
	if err != nil {
		return User{}, err
	}
	user.ID = UserID(uuid.Must(uuid.NewV7()).String())
	user.Administrator = how.administrator
	var by UserID
	if how.themselves {
		by = user.ID
	}
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if how.first != nil {
			if err := how.first(tx); err != nil {
				return err
			}
		}
		err := tx.QueryRow(ctx, `
			insert into users (id, username, email, display_name, password_hash, administrator)
			values ($1, $2, $3, $4, $5, $6) returning created_at`,
			user.ID, user.Username, user.Email, user.DisplayName, hash, user.Administrator).Scan(&user.CreatedAt)
		if err != nil {
			return err
		}
		if err := NoteMade(ctx, tx, by, user); err != nil || how.then == nil {
			return err
		}
		return how.then(ctx, tx, user)
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
		bad.Add("username", words.Text("account.use_2_to_32_small"))
	}
	user.Email = checkEmail(bad, r.Email)
	if strings.TrimSpace(r.DisplayName) == "" {
		r.DisplayName = user.Username
	}
	user.DisplayName = checkDisplayName(bad, r.DisplayName)
	checkPassword(bad, r.Password, user.Username, user.Email)
	return user, bad.Err()
}

func checkEmail(bad input.Invalid, email string) string {
	email = bad.Line("email", email, 3, 254)
	if bad["email"] == "" && (len(email) > 254 || !emailPattern.MatchString(email)) {
		bad.Add("email", words.Text("account.this_is_not_an_email"))
	}
	return email
}

// CleanEmail checks an address, under the field email of input.Invalid.
func CleanEmail(email string) (string, error) {
	bad := input.Invalid{}
	email = checkEmail(bad, email)
	return email, bad.Err()
}

// Named is what an account is looked up by when somebody types its username or
// address. What leads to one account by it counts as one wherever tries are counted.
func Named(login string) string { return strings.ToLower(input.Searchable(login)) }

// Nameable reports whether a text could name an account, as its username or
// address. What could not is best not kept: it may be a password in the wrong field.
func Nameable(login string) bool {
	login = Named(login)
	return usernamePattern.MatchString(login) || emailPattern.MatchString(login)
}

// checkDomain returns input.Invalid with field email for an address that accounts
// here may not have. What is no address at all is complained about elsewhere.
func (s *Store) checkDomain(email string) error {
	policy := s.Policy()
	email, err := CleanEmail(email)
	if err != nil || policy.Allows(email) {
		return nil
	}
	return input.Invalid{"email": words.Text("policy.domain", "domains", strings.Join(policy.MailDomains, ", "))}
}

// CleanOwnEmail is CleanEmail for an address that somebody wants for their account.
func (s *Store) CleanOwnEmail(email string) (string, error) {
	email, err := CleanEmail(email)
	if err == nil {
		err = s.checkDomain(email)
	}
	return email, err
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
		return input.Invalid{"username": words.Text("account.this_username_is_taken_choose")}
	case "users_email_key":
		return input.Invalid{"email": words.Text("account.this_address_has_an_account")}
	}
	return nil
}

// Columns selects, from users, what a User is, for Fields to scan.
const Columns = `users.id, users.username, users.email, users.display_name, users.administrator, users.disabled_at,
	users.created_at, users.email_verified_at`

// Fields is where Columns are scanned into.
func (u *User) Fields() []any {
	return []any{&u.ID, &u.Username, &u.Email, &u.DisplayName, &u.Administrator, &u.DisabledAt, &u.CreatedAt, &u.VerifiedAt}
}

// Find returns the active user with a username or email address, both without
// regard to case. It returns postgres.ErrNotFound when there is none.
func Find(ctx context.Context, db postgres.Querier, login string) (User, error) {
	var user User
	err := db.QueryRow(ctx, `
		select `+Columns+` from users
		where (username = $1 or lower(email) = lower($1)) and disabled_at is null`,
		Named(login)).Scan(user.Fields()...)
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
