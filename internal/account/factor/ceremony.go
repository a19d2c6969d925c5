package factor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/postgres"
)

// Purpose is what a browser is asked to sign for.
type Purpose string

const (
	Add    Purpose = "add"    // a new passkey
	Enter  Purpose = "enter"  // signing in with a passkey alone
	Second Purpose = "second" // the second step of signing in
	Prove  Purpose = "prove"  // showing that it is they, signed in already
)

// ceremonyLife is how long a browser has to answer, with time for the person.
const ceremonyLife = 5 * time.Minute

// Ceremony is a browser's answer.
type Ceremony struct {
	Token  account.Token // that Begin gave it
	Answer string        // the credential, as JSON
	Origin string        // where it was asked, like "https://meet.example.org"
}

// partyAt is Foyer as passkeys know it: by the host that it is reached at.
func partyAt(origin string) (*webauthn.WebAuthn, error) {
	u, err := url.Parse(origin)
	if err != nil {
		return nil, fmt.Errorf("passkeys at %q: %w", origin, err)
	}
	party, err := webauthn.New(&webauthn.Config{RPID: u.Hostname(), RPDisplayName: "Foyer", RPOrigins: []string{origin}})
	if err != nil {
		// An address of numbers, most likely: passkeys belong to names.
		return nil, fmt.Errorf("%w: %w", ErrPasskey, err)
	}
	return party, nil
}

// person is somebody as the library asks for them.
type person struct {
	account.User
	credentials []webauthn.Credential
}

func (p person) WebAuthnID() []byte                         { return []byte(p.ID) }
func (p person) WebAuthnName() string                       { return p.Username }
func (p person) WebAuthnDisplayName() string                { return p.DisplayName }
func (p person) WebAuthnCredentials() []webauthn.Credential { return p.credentials }

// person loads a user's passkeys; only the one with a credential id when that is
// given, and then locked.
func (s *Store) person(ctx context.Context, db postgres.Querier, user account.User, only []byte) (person, error) {
	query := `select id, record from passkeys where user_id = $1 and $2::bytea is null`
	if only != nil {
		query = `select id, record from passkeys where user_id = $1 and credential_id = $2 for update`
	}
	rows, err := db.Query(ctx, query, user.ID, only)
	if err != nil {
		return person{}, err
	}
	p := person{User: user}
	var id string
	var record []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &record}, func() error {
		plain, err := s.seal.Open(id, record)
		if err != nil {
			return err
		}
		var credential webauthn.Credential
		err = json.Unmarshal([]byte(plain), &credential)
		p.credentials = append(p.credentials, credential)
		return err
	})
	return p, err
}

// record is a credential as it is stored.
func (s *Store) record(id string, credential webauthn.Credential) ([]byte, error) {
	credential.Attestation = webauthn.CredentialAttestation{} // nobody asks what the device was made by
	plain, err := json.Marshal(credential)
	if err != nil {
		return nil, fmt.Errorf("record of passkey: %w", err)
	}
	return s.seal.Close(id, string(plain)), nil
}

// Begin makes what a browser is asked to sign for a purpose: the options of
// navigator.credentials, and a token that its answer comes back with. The user is
// empty for Enter. It returns ErrPasskey where there can be no passkeys.
func (s *Store) Begin(ctx context.Context, purpose Purpose, user account.User, origin string) (options any, token account.Token, err error) {
	party, err := partyAt(origin)
	if err != nil {
		return nil, "", err
	}
	who := person{User: user}
	if purpose != Enter {
		if who, err = s.person(ctx, s.pool, user, nil); err != nil {
			return nil, "", fmt.Errorf("begin with passkeys: %w", err)
		}
	}
	var data *webauthn.SessionData
	switch purpose {
	case Add:
		var creation *protocol.CredentialCreation
		creation, data, err = party.BeginRegistration(who,
			webauthn.WithResidentKeyRequirement(protocol.ResidentKeyRequirementPreferred),
			webauthn.WithExclusions(webauthn.Credentials(who.credentials).CredentialDescriptors()))
		if err == nil {
			options = creation.Response
		}
	case Enter:
		var assertion *protocol.CredentialAssertion
		assertion, data, err = party.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
		if err == nil {
			options = assertion.Response
		}
	default:
		var assertion *protocol.CredentialAssertion
		if len(who.credentials) == 0 {
			return nil, "", ErrPasskey
		}
		assertion, data, err = party.BeginLogin(who, webauthn.WithUserVerification(protocol.VerificationPreferred))
		if err == nil {
			options = assertion.Response
		}
	}
	if err != nil {
		return nil, "", fmt.Errorf("begin with passkeys: %w", err)
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return nil, "", fmt.Errorf("begin with passkeys: %w", err)
	}
	token = account.NewToken()
	_, err = s.pool.Exec(ctx, `
		insert into ceremonies (token_hash, purpose, user_id, data, expires_at) values ($1, $2, nullif($3, '')::uuid, $4, now() + $5::interval)`,
		token.Hash(), purpose, string(user.ID), raw, ceremonyLife)
	if err != nil {
		return nil, "", fmt.Errorf("begin with passkeys: %w", err)
	}
	return options, token, nil
}

// takeCeremony uses up what a browser was asked: it may answer once.
func takeCeremony(ctx context.Context, tx pgx.Tx, c Ceremony, purpose Purpose, user account.UserID) (data webauthn.SessionData, err error) {
	var raw []byte
	err = tx.QueryRow(ctx, `
		delete from ceremonies where token_hash = $1 and purpose = $2 and coalesce(user_id::text, '') = $3 and expires_at > now() returning data`,
		c.Token.Hash(), purpose, string(user)).Scan(&raw)
	if errors.Is(err, pgx.ErrNoRows) {
		return data, ErrPasskey
	}
	if err != nil {
		return data, err
	}
	return data, json.Unmarshal(raw, &data)
}

// assert checks a passkey's answer; then runs in the same transaction, for the user
// whose passkey it is. The user is empty for Enter.
func (s *Store) assert(ctx context.Context, c Ceremony, purpose Purpose, user account.User, then func(pgx.Tx, account.User) error) error {
	answer, err := protocol.ParseCredentialRequestResponseBytes([]byte(c.Answer))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPasskey, err)
	}
	party, err := partyAt(c.Origin)
	if err != nil {
		return err
	}
	// Committed before the answer is looked at, so that a wrong one uses it up too.
	var data webauthn.SessionData
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) (err error) {
		data, err = takeCeremony(ctx, tx, c, purpose, user.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("passkey: %w", err)
	}
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		who, credential, err := s.validate(ctx, tx, party, data, user, answer)
		if err != nil {
			return err
		}
		var id string
		if err := tx.QueryRow(ctx, `select id from passkeys where credential_id = $1`, credential.ID).Scan(&id); err != nil {
			return err
		}
		record, err := s.record(id, *credential)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update passkeys set record = $2, used_at = now() where id = $1`, id, record); err != nil {
			return err
		}
		return then(tx, who)
	})
	if err != nil {
		return fmt.Errorf("passkey: %w", err)
	}
	return nil
}

// validate finds whose passkey has answered, and has the library check what it
// signed.
func (s *Store) validate(ctx context.Context, tx pgx.Tx, party *webauthn.WebAuthn, data webauthn.SessionData, user account.User, answer *protocol.ParsedCredentialAssertionData) (account.User, *webauthn.Credential, error) {
	anybody := user.ID == ""
	if anybody {
		err := tx.QueryRow(ctx, `
			select `+account.Columns+` from users join passkeys on passkeys.user_id = users.id
			where passkeys.credential_id = $1 and users.disabled_at is null`, []byte(answer.RawID)).Scan(user.Fields()...)
		if errors.Is(err, pgx.ErrNoRows) {
			return user, nil, ErrPasskey
		}
		if err != nil {
			return user, nil, err
		}
	}
	// Before the passkey, in the order of whoever takes one away.
	if err := account.Stay(ctx, tx, user.ID); err != nil {
		return user, nil, err
	}
	locked, err := s.person(ctx, tx, user, answer.RawID)
	if err != nil {
		return user, nil, err
	}
	var credential *webauthn.Credential
	if anybody {
		credential, err = party.ValidateDiscoverableLogin(func(_, _ []byte) (webauthn.User, error) { return locked, nil }, data, answer)
	} else {
		all, loadErr := s.person(ctx, tx, user, nil)
		if loadErr != nil {
			return user, nil, loadErr
		}
		credential, err = party.ValidateLogin(all, data, answer)
	}
	switch {
	case err != nil:
		return user, nil, fmt.Errorf("%w: %w", ErrPasskey, err)
	case credential.Authenticator.CloneWarning:
		// Its counter has gone back: there may be two of it.
		return user, nil, fmt.Errorf("%w: its counter went back", ErrPasskey)
	}
	return user, credential, nil
}
