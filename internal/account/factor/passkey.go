package factor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

// PasskeyID names a passkey.
type PasskeyID string

// Passkey is one as its owner sees it.
type Passkey struct {
	ID        PasskeyID
	Name      string
	CreatedAt time.Time
	UsedAt    *time.Time
}

const passkeysQuery = `select id, name, created_at, used_at from passkeys where user_id = $1 order by id`

// mostPasskeys is how many somebody may have: all are listed on one page.
const mostPasskeys = 20

// Passkeys lists those of a user, the oldest first.
func (s *Store) Passkeys(ctx context.Context, user account.UserID) ([]Passkey, error) {
	rows, err := s.pool.Query(ctx, passkeysQuery, user)
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	keys, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (k Passkey, err error) {
		return k, row.Scan(&k.ID, &k.Name, &k.CreatedAt, &k.UsedAt)
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	return keys, nil
}

// ErrOnlyWay means that without that passkey nobody could log in to the account.
var ErrOnlyWay = errors.New("factor: the only way in")

// RemovePasskey takes a passkey of a user away. It returns postgres.ErrNotFound
// and ErrOnlyWay.
func (s *Store) RemovePasskey(ctx context.Context, user account.User, id PasskeyID, then account.Then) error {
	if uuid.Validate(string(id)) != nil {
		return postgres.ErrNotFound
	}
	err := postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		otherWay, err := removing(ctx, tx, user.ID)
		if err != nil {
			return err
		}
		var name string
		var others bool
		err = tx.QueryRow(ctx, `
			delete from passkeys where id = $2 and user_id = $1
			returning name, exists (select from passkeys others where others.user_id = $1 and others.id <> $2)`, user.ID, id).Scan(&name, &others)
		if err != nil {
			return err
		}
		if !otherWay && !others {
			return ErrOnlyWay
		}
		if err := afterLast(ctx, tx, user.ID); err != nil {
			return err
		}
		if err := account.Note(ctx, tx, user.ID, ledger.PasskeyRemoved, map[string]any{"name": name}); err != nil {
			return err
		}
		return then(ctx, tx, user)
	})
	if err != nil {
		return fmt.Errorf("remove passkey: %w", err)
	}
	return nil
}

// AddPasskey takes a browser's answer to Begin for Add. The session goes on under
// the token that it returns. It returns ErrPasskey, and input.Invalid with field
// name.
func (s *Store) AddPasskey(ctx context.Context, session account.Session, c Ceremony, name string, then account.Then) (token account.Token, err error) {
	bad := input.Invalid{}
	name = bad.Line("name", name, 1, 64)
	if err := bad.Err(); err != nil {
		return "", err
	}
	answer, err := protocol.ParseCredentialCreationResponseBytes([]byte(c.Answer))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrPasskey, err)
	}
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		data, err := takeCeremony(ctx, tx, c, Add, session.User.ID)
		if err != nil {
			return err
		}
		// Counted under the user's lock, so that several at once are counted too.
		var count int
		err = tx.QueryRow(ctx, `
			select (select count(*) from passkeys where user_id = users.id) from users where id = $1 for no key update`, session.User.ID).Scan(&count)
		if err != nil {
			return err
		}
		if count >= mostPasskeys {
			return ErrPasskey
		}
		person, err := s.person(ctx, tx, session.User, nil)
		if err != nil {
			return err
		}
		party, err := partyAt(c.Origin)
		if err != nil {
			return err
		}
		credential, err := party.CreateCredential(person, data, answer)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrPasskey, err)
		}
		id := uuid.Must(uuid.NewV7()).String()
		record, err := s.record(id, *credential)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			insert into passkeys (id, user_id, credential_id, record, name) values ($1, $2, $3, $4, $5)`,
			id, session.User.ID, credential.ID, record, name)
		if err != nil {
			return err
		}
		if err := account.Note(ctx, tx, session.User.ID, ledger.PasskeyAdded, map[string]any{"name": name}); err != nil {
			return err
		}
		if err := then(ctx, tx, session.User); err != nil {
			return err
		}
		token, err = account.ProvenByFactor(ctx, tx, session.ID)
		return err
	})
	var conflict *postgres.Conflict
	if errors.As(err, &conflict) {
		err = ErrPasskey
	}
	if err != nil {
		return "", fmt.Errorf("add passkey: %w", err)
	}
	return token, nil
}

// EnterByPasskey lets in whoever's passkey answered Begin for Enter, without a
// password: the passkey has asked for a finger, a face or a PIN, which makes two
// factors. It returns ErrPasskey and account.ErrUnverified.
func (s *Store) EnterByPasskey(ctx context.Context, c Ceremony, old account.Token, from account.Origin) (token account.Token, err error) {
	err = s.assert(ctx, c, Enter, account.User{}, func(tx pgx.Tx, user account.User) error {
		if err := s.accounts.MayEnter(user); err != nil {
			return err
		}
		token, err = account.BeginProven(ctx, tx, user.ID, account.ByPasskey, old, from)
		return err
	})
	return token, err
}

// ArriveByPasskey takes the second step of a log-in by a passkey's answer to Begin
// for Second. It returns ErrPasskey and account.ErrSignedOut.
func (s *Store) ArriveByPasskey(ctx context.Context, halfway account.Token, c Ceremony, old account.Token, from account.Origin) (token account.Token, err error) {
	err = s.accounts.Try(ctx, halfway, func(user account.User) error {
		return s.assert(ctx, c, Second, user, func(tx pgx.Tx, _ account.User) error {
			token, err = account.Arrive(ctx, tx, halfway, old, from)
			return err
		})
	})
	return token, err
}

// ProveByPasskey takes a passkey's answer to Begin for Prove of whoever is signed
// in. It returns ErrPasskey.
func (s *Store) ProveByPasskey(ctx context.Context, session account.Session, c Ceremony) (token account.Token, err error) {
	err = s.assert(ctx, c, Prove, session.User, func(tx pgx.Tx, _ account.User) error {
		token, err = account.ProvenByFactor(ctx, tx, session.ID)
		return err
	})
	return token, err
}
