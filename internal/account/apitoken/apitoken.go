// Package apitoken keeps the tokens by which programs act for an account through
// the API, and the accounts of services, which have no other way in.
//
// A token is a session: whatever ends an account's sessions, or asks whether one
// still holds, does so with its tokens.
package apitoken

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/words"
)

// Scope is a part of the API that a token opens. Within it a token's holder may
// no more than on the pages.
type Scope string

// The scopes.
const (
	RoomsRead  Scope = "rooms:read"  // look at rooms and who belongs to them
	RoomsWrite Scope = "rooms:write" // make and change rooms, who belongs to them and who may come
	Moderate   Scope = "moderate"    // lead calls: lobby, lock, switches, participants
	Media      Scope = "media"       // be let into calls, and let others in
	Chat       Scope = "chat"        // read and write what is written in rooms
	Account    Scope = "account"     // the account itself: name, sessions, tokens
	Admin      Scope = "admin"       // the administrators' desk
	Metrics    Scope = "metrics"     // the figures at /metrics, for administrators and services
)

// Scopes lists all of them, in the order in which they are offered.
var Scopes = []Scope{RoomsRead, RoomsWrite, Moderate, Media, Chat, Account, Admin, Metrics}

// Lives are for how many days a token can be good, as offered.
var Lives = []int{7, 30, 90, 365}

const (
	day = 24 * time.Hour
	// mostOfOne is how many tokens an account has at most.
	mostOfOne = 50
	// mostRooms is how many rooms a token can be limited to.
	mostRooms = 100

	// Programs that look for secrets in what is published know tokens by these.
	personal, service = "foyer_pat_", "foyer_svc_"
)

// Token is a token as its holder sees it: all but its secret.
type Token struct {
	ID        account.SessionID
	Name      string
	Hint      string // the secret's last characters
	Scopes    []Scope
	Rooms     []string // ids of the rooms that it is limited to; nil: none
	By        string   // name of who made it; empty when their account is gone
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    *time.Time // to the minute; nil: never
}

// Allows says whether the token opens a part of the API.
func (t Token) Allows(scope Scope) bool { return slices.Contains(t.Scopes, scope) }

// Reaches says whether the token is good for a room.
func (t Token) Reaches(room string) bool { return t.Rooms == nil || slices.Contains(t.Rooms, room) }

// Draft is what somebody gives to make a token.
type Draft struct {
	Name   string
	Scopes []Scope
	Days   int
	Rooms  string // addresses of rooms that the holder belongs to, by space, comma or line; empty: no limit
}

// Store keeps tokens in Postgres.
type Store struct{ pool *pgxpool.Pool }

// NewStore returns a store over the database of pool.
func NewStore(pool *pgxpool.Pool) *Store { return &Store{pool: pool} }

func (d Draft) check() (Draft, []string, error) {
	bad := input.Invalid{}
	d.Name = bad.Line("name", d.Name, 1, 80)
	for _, scope := range d.Scopes {
		if !slices.Contains(Scopes, scope) {
			bad.Add("scopes", words.Text("apitoken.unknown_scope"))
		}
	}
	d.Scopes = slices.DeleteFunc(slices.Clone(Scopes), func(scope Scope) bool { return !slices.Contains(d.Scopes, scope) })
	if len(d.Scopes) == 0 {
		bad.Add("scopes", words.Text("apitoken.no_scope"))
	}
	if !slices.Contains(Lives, d.Days) {
		bad.Add("days", words.Text("apitoken.bad_life"))
	}
	slugs := strings.FieldsFunc(input.Searchable(d.Rooms), func(r rune) bool { return strings.ContainsRune(" ,;\t\r\n", r) })
	if len(slugs) > mostRooms {
		bad.Add("rooms", words.Text("apitoken.too_many_rooms", "most", mostRooms))
	}
	return d, slugs, bad.Err()
}

// Make makes a token for the account holder, which is by's own, or a service's
// when by administers the site, and returns its secret: the only time that it is
// known. Session is the one in which it is made, whose second factor the token
// inherits. It returns input.Invalid with fields name, scopes, days and rooms,
// postgres.ErrNotFound for an account that by makes no tokens for, and
// account.ErrSignedOut when the session has ended meanwhile.
func (s *Store) Make(ctx context.Context, by account.Session, holder account.UserID, d Draft) (account.Token, error) {
	d, slugs, err := d.check()
	if err != nil {
		return "", err
	}
	var secret account.Token
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		owner, err := holds(ctx, tx, by.User.ID, holder)
		if err != nil {
			return err
		}
		if err := account.Hold(ctx, tx, by); err != nil {
			return err
		}
		var count int
		if err := tx.QueryRow(ctx, `select count(*) from api_tokens where user_id = $1`, holder).Scan(&count); err != nil {
			return err
		}
		if count >= mostOfOne {
			return input.Invalid{"name": words.Text("apitoken.too_many", "count", mostOfOne)}
		}
		rooms, err := limits(ctx, tx, holder, slugs)
		if err != nil {
			return err
		}
		secret = newSecret(owner.service)
		if err := insert(ctx, tx, by, holder, secret, d, rooms); err != nil {
			return err
		}
		return ledger.Append(ctx, tx, ledger.Entry{
			Kind: ledger.TokenMade, Actor: string(by.User.ID), Subject: string(holder),
			Data: ledger.Data(map[string]any{"username": owner.username, "name": d.Name, "scopes": d.Scopes}),
		})
	})
	if err != nil {
		return "", fmt.Errorf("make token: %w", err)
	}
	return secret, nil
}

func insert(ctx context.Context, tx pgx.Tx, by account.Session, holder account.UserID, secret account.Token, d Draft, rooms []string) error {
	id := uuid.Must(uuid.NewV7()).String()
	_, err := tx.Exec(ctx, `
		insert into sessions (id, token_hash, user_id, api, expires_at, proved_at, factor_at)
		values ($1, $2, $3, true, now() + $4, 'epoch', $5)`, id, secret.Hash(), holder, time.Duration(d.Days)*day, by.FactorAt)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		insert into api_tokens (session_id, user_id, name, hint, scopes, rooms, created_by) values ($1, $2, $3, $4, $5, $6, $7)`,
		id, holder, d.Name, string(secret[len(secret)-4:]), d.Scopes, rooms, by.User.ID)
	return err
}

func newSecret(ofService bool) account.Token {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails
	prefix := personal
	if ofService {
		prefix = service
	}
	return account.Token(prefix + hex.EncodeToString(raw[:]))
}

type owner struct {
	username string
	service  bool
}

// holds locks the account that a token is for and says whose it is. It returns
// postgres.ErrNotFound when by has nothing to do with its tokens.
func holds(ctx context.Context, tx pgx.Tx, by, holder account.UserID) (o owner, err error) {
	if uuid.Validate(string(holder)) != nil {
		return owner{}, postgres.ErrNotFound
	}
	err = tx.QueryRow(ctx, `
		select username, service from users
		where id = $2 and disabled_at is null and (id = $1
			or service and exists (select from users makers where makers.id = $1 and makers.administrator and makers.disabled_at is null))
		for no key update`, by, holder).Scan(&o.username, &o.service)
	return o, postgres.Translate(err)
}

// limits are the ids of the rooms with these addresses that an account belongs to;
// nil for none.
func limits(ctx context.Context, tx pgx.Tx, holder account.UserID, slugs []string) ([]string, error) {
	if len(slugs) == 0 {
		return nil, nil
	}
	slices.Sort(slugs)
	slugs = slices.Compact(slugs)
	rows, err := tx.Query(ctx, `
		select rooms.id::text from memberships join rooms on rooms.id = memberships.room_id
		where memberships.user_id = $1 and rooms.deleted_at is null and rooms.slug = any($2)`, holder, slugs)
	if err != nil {
		return nil, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(ids) != len(slugs) {
		err = input.Invalid{"rooms": words.Text("apitoken.unknown_room")}
	}
	return ids, err
}

const columns = `api_tokens.session_id, api_tokens.name, api_tokens.hint, api_tokens.scopes, api_tokens.rooms::text[], coalesce(makers.display_name, ''),
	api_tokens.created_at, sessions.expires_at, case when sessions.last_seen_at > sessions.created_at then sessions.last_seen_at end`

const tables = `api_tokens join sessions on sessions.id = api_tokens.session_id left join users makers on makers.id = api_tokens.created_by`

func (t *Token) fields() []any {
	return []any{&t.ID, &t.Name, &t.Hint, &t.Scopes, &t.Rooms, &t.By, &t.CreatedAt, &t.ExpiresAt, &t.UsedAt}
}

// List lists the tokens of an account that have not run out, the newest first.
func (s *Store) List(ctx context.Context, holder account.UserID) ([]Token, error) {
	rows, err := s.pool.Query(ctx, `
		select `+columns+` from `+tables+`
		where api_tokens.user_id = $1 and sessions.expires_at > now() order by api_tokens.session_id desc`, holder)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	tokens, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t Token, err error) {
		return t, row.Scan(t.fields()...)
	})
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return tokens, nil
}

// Revoke ends a token of an account, and with it the calls that it let somebody
// into. By is as in Make. It returns postgres.ErrNotFound.
func (s *Store) Revoke(ctx context.Context, by, holder account.UserID, id account.SessionID) error {
	if uuid.Validate(string(id)) != nil {
		return postgres.ErrNotFound
	}
	err := postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		owner, err := holds(ctx, tx, by, holder)
		if err != nil {
			return err
		}
		var name string
		err = tx.QueryRow(ctx, `select name from api_tokens where session_id = $1 and user_id = $2`, id, holder).Scan(&name)
		if err != nil {
			return postgres.Translate(err)
		}
		if _, err := tx.Exec(ctx, `delete from sessions where id = $1`, id); err != nil {
			return err
		}
		return ledger.Append(ctx, tx, ledger.Entry{
			Kind: ledger.TokenRevoked, Actor: string(by), Subject: string(holder),
			Data: ledger.Data(map[string]string{"username": owner.username, "name": name}),
		})
	})
	if err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	return nil
}

// Holder is who acts by a token, and what the token is for.
type Holder struct {
	Token
	Session account.Session
	Service bool
}

// Open returns who holds the token of a secret. It returns account.ErrSignedOut
// for what is no token, one that was revoked or has run out, and one whose
// account is switched off, all alike; a browser's session is no token.
func (s *Store) Open(ctx context.Context, secret account.Token) (Holder, error) {
	if !strings.HasPrefix(string(secret), personal) && !strings.HasPrefix(string(secret), service) {
		return Holder{}, account.ErrSignedOut
	}
	var h Holder
	err := s.pool.QueryRow(ctx, `
		select `+columns+`, users.service, sessions.last_seen_at, sessions.factor_at, `+account.Columns+`
		from `+tables+` join users on users.id = sessions.user_id
		where sessions.token_hash = $1 and sessions.api and `+account.Valid, secret.Hash()).
		Scan(append(append(h.fields(), &h.Service, &h.Session.SeenAt, &h.Session.FactorAt), h.Session.User.Fields()...)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return Holder{}, account.ErrSignedOut
	}
	if err != nil {
		return Holder{}, fmt.Errorf("open token: %w", err)
	}
	h.Session.ID = h.ID
	return h, nil
}
