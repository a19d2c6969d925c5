package postgres

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Key returns the named secret key of 32 random bytes, the same to every copy
// of the program that shares the database. The first to ask makes it.
func Key(ctx context.Context, pool *pgxpool.Pool, name string) (key []byte, err error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh) // never fails
	err = pool.QueryRow(ctx, `
		insert into keys (name, value) values ($1, $2)
		on conflict (name) do update set value = keys.value returning value`, name, fresh).Scan(&key)
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", name, err)
	}
	return key, nil
}
