package ledger_test

import (
	"os"
	"regexp"
	"testing"

	"foyer/internal/postgres/postgrestest"
)

// What has no topic is in no audit log, goes to no webhook, and is never purged.
func TestEveryKindHasATopic(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("ledger.go")
	if err != nil {
		t.Fatal(err)
	}
	kinds := regexp.MustCompile(`Kind = "([a-z_]+)"`).FindAllSubmatch(source, -1)
	if len(kinds) < 50 {
		t.Fatalf("%d kinds found", len(kinds))
	}
	pool := postgrestest.New(t)
	for _, match := range kinds {
		kind := string(match[1])
		if kind == "reaction" { // passed on, not kept
			continue
		}
		var topic string
		if err := pool.QueryRow(t.Context(), `select ledger_topic($1, null)`, kind).Scan(&topic); err != nil {
			t.Fatal(err)
		}
		if topic == "" {
			t.Errorf("%s has no topic", kind)
		}
	}
}
