package record

import (
	"context"

	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

// Audit is the table, under a name, of all records that are looked for; without rows
// when nothing of the name that is looked for is known.
func Audit(db postgres.Querier, name string, search ledger.Search, known bool) Table {
	return Table{name, []string{"time (UTC)", "kind", "what", "by", "by username", "room", "address", "details"},
		func(ctx context.Context, write func(...string)) error {
			const some = 1000 // at a time, so that neither side holds them all
			for search := search; known; {
				records, err := ledger.Audit(ctx, db, search, some)
				if err != nil {
					return err
				}
				for _, r := range records {
					told := Tell(r)
					write(moment(r.At), string(r.Kind), told.Sentence, told.By, r.ActorUsername, r.Slug, r.Address, string(r.Data))
				}
				if len(records) < some {
					break
				}
				search.Before = ledger.MarkOf(records[some-1])
			}
			return nil
		}}
}
