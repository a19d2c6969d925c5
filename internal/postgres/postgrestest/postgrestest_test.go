package postgrestest

import (
	"context"
	"fmt"
	"testing"
)

func TestMain(m *testing.M) { Main(m) }

func TestDatabasesAreSeparate(t *testing.T) {
	t.Parallel()
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			pool := New(t)
			if _, err := pool.Exec(ctx, "CREATE TABLE only_here (id int PRIMARY KEY)"); err != nil {
				t.Fatal(err)
			}
			var version int
			if err := pool.QueryRow(ctx, "SELECT version FROM schema_version").Scan(&version); err != nil {
				t.Fatal(err)
			}
			if version < 1 {
				t.Errorf("got schema version %d, want a migrated database", version)
			}
		})
	}
}
