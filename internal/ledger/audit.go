package ledger

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/postgres"
)

// Record is an entry of the audit log: who changed who may do what, with the
// names that go with its ids as they are now, empty where there is nobody any
// more.
type Record struct {
	Entry
	Address       string // where the request came from; empty for the system's own
	Slug          string // of the room, empty for an entry about the site
	RoomName      string
	RoomDeleted   bool
	ActorUsername string // empty for guests
	ActorName     string
	// Administrator says that the actor administers the site.
	Administrator bool
	SubjectName   string // of a user or a participant
}

// Search says which records of the audit log are looked for. What is zero does
// not matter. Log-ins are found by person, address or kind, or by SignIns; they
// are not among all records, where they would hide the others.
type Search struct {
	Room    Room
	Site    bool   // only entries about the site
	SignIns bool   // only log-ins
	Person  string // id of a user who did it, or to whom it was done
	Kind    Kind
	Address string
	From    time.Time // not before
	Until   time.Time // before
	Before  Mark      // further back than this record
}

// Mark is a place in the audit log: a record's. The zero value is before the
// newest.
type Mark struct {
	At time.Time
	ID Position
}

// MarkOf is the place of a record.
func MarkOf(r Record) Mark { return Mark{r.At, r.ID} }

// String is the mark as an address carries it; empty for the zero value.
func (m Mark) String() string {
	if m == (Mark{}) {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d", m.At.UnixMicro(), m.ID))
}

// ParseMark is the inverse of String. What String does not make is the zero
// value.
func ParseMark(text string) Mark {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return Mark{}
	}
	at, id, _ := strings.Cut(string(raw), ".")
	micros, err := strconv.ParseInt(at, 10, 54) // so many that Postgres knows the year
	if err != nil || micros < 0 {
		return Mark{}
	}
	position, err := strconv.ParseInt(id, 10, 64)
	if err != nil || position < 0 {
		return Mark{}
	}
	return Mark{time.UnixMicro(micros), Position(position)}
}

// uuidPattern is the SQL pattern of an id.
const uuidPattern = `'^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'`

// Audit returns up to limit records of the audit log that are looked for, newest
// first.
func Audit(ctx context.Context, db postgres.Querier, search Search, limit int) ([]Record, error) {
	query, args := search.query(limit)
	rows, err := db.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	records, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Record, err error) {
		err = row.Scan(&r.ID, &r.Room, &r.At, &r.Kind, &r.Actor, &r.Subject, &r.Data, &r.Address,
			&r.Slug, &r.RoomName, &r.RoomDeleted, &r.ActorUsername, &r.ActorName, &r.Administrator, &r.SubjectName)
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	return records, nil
}

// query is the SQL of a search, with the conditions it has and no others, so that
// each finds its index. The names are looked up for the rows that are shown.
func (s Search) query(limit int) (string, []any) {
	args := []any{limit}
	// A value's place among the arguments.
	value := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	conditions := []string{`topic in ('access', 'site')`}
	switch {
	case s.Site:
		conditions[0] = `topic = 'site'`
	case s.SignIns:
		conditions[0] = `topic = 'sign_in'`
	case s.Room == "" && (s.Person != "" || s.Kind != "" || s.Address != ""):
		conditions[0] = `topic in ('access', 'site', 'sign_in')`
	}
	if s.Room != "" {
		conditions = append(conditions, `room_id = `+value(s.Room))
	}
	if s.Kind != "" {
		conditions = append(conditions, `kind = `+value(s.Kind))
	}
	if s.Address != "" {
		conditions = append(conditions, `address <> '' and address = `+value(s.Address))
	}
	if !s.From.IsZero() {
		conditions = append(conditions, `at >= `+value(s.From))
	}
	if !s.Until.IsZero() {
		conditions = append(conditions, `at < `+value(s.Until))
	}
	if s.Before != (Mark{}) {
		conditions = append(conditions, `(at, id) < (`+value(s.Before.At)+`, `+value(s.Before.ID)+`)`)
	}
	branch := func(more ...string) string {
		return `(select id, room_id, at, kind, actor, subject, data, address from ledger where ` +
			strings.Join(append(slices.Clone(conditions), more...), " and ") + ` order by at desc, id desc limit $1)`
	}
	found := branch()
	if s.Person != "" {
		person := value(s.Person)
		found = branch(`actor = `+person+`::text::uuid`) + ` union ` + branch(`subject = `+person+`::text`)
	}
	return `
		with found as (select * from (` + found + `) ledger order by at desc, id desc limit $1)
		select found.id, coalesce(found.room_id::text, ''), found.at, found.kind, coalesce(found.actor::text, ''),
			coalesce(found.subject, ''), found.data, found.address,
			coalesce(rooms.slug, ''), coalesce(rooms.name, ''), rooms.deleted_at is not null,
			coalesce(actors.username, ''), coalesce(actors.display_name, guests.display_name, ''),
			coalesce(actors.administrator, false),
			coalesce(subjects.display_name, grants.display_name, '')
		from found
		left join rooms on rooms.id = found.room_id
		left join users actors on actors.id = found.actor
		left join guests on guests.id = found.actor
		left join users subjects on subjects.id = case when found.subject ~ ` + uuidPattern + ` then found.subject::uuid end
		left join grants on grants.id = found.subject
		order by found.at desc, found.id desc`, args
}
