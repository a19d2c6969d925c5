package factor

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

const (
	codeCount  = 10
	codeLength = 16 // characters of 5 bits, so a plain hash of one is enough
	// alphabet leaves out what is read as something else.
	alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
)

// clean takes from a code what people put between its characters.
func clean(code string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, code)
}

func codeHash(user account.UserID, code string) []byte {
	sum := sha256.Sum256([]byte(string(user) + ":" + code))
	return sum[:]
}

func newCode() string {
	var raw [codeLength]byte
	_, _ = rand.Read(raw[:]) // never fails
	var code strings.Builder
	for i, b := range raw {
		if i > 0 && i%4 == 0 {
			code.WriteByte('-')
		}
		code.WriteByte(alphabet[int(b)%len(alphabet)])
	}
	return code.String()
}

// NewCodes gives a user codes to use once, each in place of another factor. The
// ones before are over. They are shown now or never.
func (s *Store) NewCodes(ctx context.Context, user account.UserID) ([]string, error) {
	codes := make([]string, codeCount)
	hashes := make([][]byte, codeCount)
	for i := range codes {
		codes[i] = newCode()
		hashes[i] = codeHash(user, clean(codes[i]))
	}
	err := postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		// Two who ask at once get one set between them: the later.
		if _, err := tx.Exec(ctx, `select from users where id = $1 for no key update`, user); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from recovery_codes where user_id = $1`, user); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into recovery_codes (user_id, code_hash) select $1, unnest($2::bytea[])`, user, hashes); err != nil {
			return err
		}
		return account.Note(ctx, tx, user, ledger.CodesMade, nil)
	})
	if err != nil {
		return nil, fmt.Errorf("recovery codes: %w", err)
	}
	return codes, nil
}

// takeOnce uses up a code that was given to be used once.
func takeOnce(ctx context.Context, tx pgx.Tx, user account.UserID, code string) error {
	tag, err := tx.Exec(ctx, `delete from recovery_codes where user_id = $1 and code_hash = $2`, user, codeHash(user, code))
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return ErrWrongCode
	}
	var left int
	if err := tx.QueryRow(ctx, `select count(*) from recovery_codes where user_id = $1`, user).Scan(&left); err != nil {
		return err
	}
	return account.Note(ctx, tx, user, ledger.CodeUsed, map[string]any{"count": left})
}
