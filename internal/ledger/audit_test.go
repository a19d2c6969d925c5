package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/ledger"
	"foyer/internal/postgres/postgrestest"
)

func newUser(t *testing.T, pool *pgxpool.Pool, name string) string {
	t.Helper()
	id := uuid.NewString()
	_, err := pool.Exec(t.Context(), `
		insert into users (id, username, email, display_name, password_hash) values ($1, $2, $2 || '@example.org', initcap($2), '')`, id, name)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func record(t *testing.T, pool *pgxpool.Pool, address string, entries ...ledger.Entry) {
	t.Helper()
	for _, entry := range entries {
		if err := ledger.Append(ledger.From(t.Context(), address), pool, entry); err != nil {
			t.Fatal(err)
		}
	}
}

// kinds are the kinds of records, newest first, each with its actor's and its
// subject's name.
func found(t *testing.T, pool *pgxpool.Pool, search ledger.Search) string {
	t.Helper()
	records, err := ledger.Audit(t.Context(), pool, search, 100)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range records {
		out = append(out, fmt.Sprintf("%s:%s>%s@%s", r.Kind, r.ActorName, r.SubjectName, r.Address))
	}
	return strings.Join(out, " ")
}

func TestAudit(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	ana, ben := newUser(t, pool, "ana"), newUser(t, pool, "ben")
	room, other := newRoom(t, pool), newRoom(t, pool)
	record(t, pool, "192.0.2.1",
		ledger.Entry{Room: room, Kind: ledger.MemberAdded, Actor: ana, Subject: ben},
		ledger.Entry{Room: room, Kind: ledger.Joined, Actor: ben, Subject: "abc"}, // no change of access
		ledger.Entry{Room: room, Kind: ledger.CallEnded, Actor: ana},
		ledger.Entry{Room: room, Kind: ledger.CallEnded}) // by itself
	record(t, pool, "2001:db8::1",
		ledger.Entry{Room: other, Kind: ledger.RoleChanged, Actor: ben, Subject: ana},
		ledger.Entry{Kind: ledger.UserDisabled, Actor: ana, Subject: ben})
	record(t, pool, "192.0.2.9", ledger.Entry{Kind: ledger.SignedIn, Actor: ben})
	const added, ended = "member_added:Ana>Ben@192.0.2.1", "call_ended:Ana>@192.0.2.1"
	const role, disabled = "role_changed:Ben>Ana@2001:db8::1", "user_disabled:Ana>Ben@2001:db8::1"
	const signedIn = "signed_in:Ben>@192.0.2.9"
	tests := []struct {
		name   string
		search ledger.Search
		want   string
	}{
		{"all", ledger.Search{}, disabled + " " + role + " " + ended + " " + added},
		{"a room", ledger.Search{Room: room}, ended + " " + added},
		{"the site", ledger.Search{Site: true}, disabled},
		{"a person, acting or not", ledger.Search{Person: ana}, disabled + " " + role + " " + ended + " " + added},
		{"another person, with log-ins", ledger.Search{Person: ben}, signedIn + " " + disabled + " " + role + " " + added},
		{"log-ins", ledger.Search{SignIns: true}, signedIn},
		{"a kind of log-in", ledger.Search{Kind: ledger.SignedIn}, signedIn},
		{"an address of a log-in", ledger.Search{Address: "192.0.2.9"}, signedIn},
		{"a person in a room", ledger.Search{Person: ben, Room: room}, added},
		{"a kind", ledger.Search{Kind: ledger.RoleChanged}, role},
		{"an address", ledger.Search{Address: "192.0.2.1"}, ended + " " + added},
		{"no address", ledger.Search{Address: "192.0.2.2"}, ""},
		{"from tomorrow", ledger.Search{From: time.Now().Add(24 * time.Hour)}, ""},
		{"until tomorrow", ledger.Search{Until: time.Now().Add(24 * time.Hour), Kind: ledger.RoleChanged}, role},
	}
	for _, test := range tests {
		if got := found(t, pool, test.search); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

// A page goes on where the one before ended, also among entries of one moment.
func TestAuditInPages(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	room := newRoom(t, pool)
	const total, page = 57, 10
	_, err := pool.Exec(t.Context(), `
		insert into ledger (room_id, kind, data) select $1, 'room_locked', jsonb_build_object('n', n) from generate_series(1, $2::int) n`, room, total)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[ledger.Position]bool)
	for mark := (ledger.Mark{}); ; {
		records, err := ledger.Audit(t.Context(), pool, ledger.Search{Room: room, Before: ledger.ParseMark(mark.String())}, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if seen[r.ID] {
				t.Errorf("entry %d twice", r.ID)
			}
			seen[r.ID] = true
		}
		if len(records) < page {
			break
		}
		mark = ledger.MarkOf(records[page-1])
	}
	if len(seen) != total {
		t.Errorf("%d entries, want %d", len(seen), total)
	}
}

func FuzzParseMark(f *testing.F) {
	f.Add("")
	f.Add(ledger.Mark{At: time.UnixMicro(1), ID: 2}.String())
	f.Add("OTk5OTk5OTk5OTk5OTk5OTk5OTkuMQ")
	f.Fuzz(func(t *testing.T, text string) {
		mark := ledger.ParseMark(text)
		if again := ledger.ParseMark(mark.String()); !again.At.Equal(mark.At) || again.ID != mark.ID {
			t.Errorf("%q is %v, and that again %v", text, mark, again)
		}
		if mark.ID < 0 || mark.At.Year() > 9999 {
			t.Errorf("%q is %v", text, mark)
		}
	})
}

// Every way to look into the audit log finds an index, and none reads comings and
// goings.
func TestAuditQueriesHaveIndexes(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	room, ana := newRoom(t, pool), newUser(t, pool, "ana")
	_, err := pool.Exec(t.Context(), `
		insert into ledger (room_id, kind, actor, subject, address)
		select $1, case when n % 20 = 0 then 'role_changed' else 'joined' end, $2, 'x' || n, '192.0.2.' || n % 250 from generate_series(1, 4000) n`, room, ana)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `analyze ledger`); err != nil {
		t.Fatal(err)
	}
	mark := ledger.Mark{At: time.Now(), ID: 5}
	for name, search := range map[string]ledger.Search{
		"ledger_audit":          {Before: mark},
		"ledger_audit_room":     {Room: ledger.Room(uuid.NewString()), Before: mark},
		"ledger_audit_site":     {Site: true, Before: mark},
		"ledger_audit_sign_ins": {SignIns: true, Before: mark},
		"ledger_audit_kind":     {Kind: ledger.MemberAdded, Before: mark},
		"ledger_audit_actor":    {Person: uuid.NewString(), Before: mark},
		"ledger_audit_subject":  {Person: ana, Before: mark},
		"ledger_audit_address":  {Address: "192.0.2.1", Before: mark},
	} {
		query, args := ledger.AuditQuery(search, 51)
		plan := postgrestest.Explain(t, pool, query, args...)
		if !plan.Uses(name) || strings.Contains(string(plan), "Seq Scan on ledger") {
			t.Errorf("%+v does not use %s:\n%s", search, name, plan)
		}
	}
}

// What is older than it is to be kept goes, kind by kind, and the purge leaves an
// entry; several nodes at once delete no more than that.
func TestPurge(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	room := newRoom(t, pool)
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	const old, fresh = 6001, 7 // more than one portion
	exec(`insert into ledger (room_id, kind, at) select $1, 'joined', now() - interval '400 days' from generate_series(1, $2::int)`, room, old)
	exec(`insert into ledger (room_id, kind) select $1, 'joined' from generate_series(1, $2::int)`, room, fresh)
	exec(`insert into ledger (room_id, kind, at) values ($1, 'member_added', now() - interval '400 days'), ($1, 'member_added', now() - interval '800 days'), ($1, 'test', now() - interval '900 days')`, room)
	exec(`insert into ledger (kind, at) values ('signed_in', now() - interval '91 days'), ('signed_in', now() - interval '89 days'), ('password_changed', now() - interval '91 days')`)
	exec(`insert into calls (id, room_id, started_at, ended_at) values (gen_random_uuid(), $1, now() - interval '401 days', now() - interval '400 days')`, room)
	ana := newUser(t, pool, "ana")
	exec(`insert into grants (id, room_id, generation, user_id, session_id, display_name, permissions, issued_at, connected_at, left_at, call_id)
		select 'abc', $1, 1, $2, gen_random_uuid(), 'Ana', '{}', now() - interval '400 days', now() - interval '400 days', now() - interval '400 days', id from calls`, room, ana)
	// Guests of long ago: one of whom nothing is left, and whom something speaks of still.
	exec(`insert into guests (id, room_id, display_name, created_at, ended_at)
		select gen_random_uuid(), $1, name, now() - interval '400 days', now() - interval '400 days' from unnest('{forgotten,was in,is in,waits,banned}'::text[]) name`, room)
	exec(`insert into guests (id, room_id, display_name) values (gen_random_uuid(), $1, 'new')`, room)
	exec(`insert into grants (id, room_id, generation, guest_id, session_id, display_name, permissions, issued_at, connected_at, left_at)
		select 'guest', $1, 1, id, gen_random_uuid(), 'Gus', '{}', now() - interval '400 days', now() - interval '400 days', now() - interval '400 days' from guests where display_name = 'was in'`, room)
	exec(`insert into sessions (id, token_hash, guest_id, expires_at) select gen_random_uuid(), 'x', id, now() + interval '1 hour' from guests where display_name = 'is in'`)
	exec(`insert into lobby (id, room_id, guest_id, display_name) select gen_random_uuid(), $1, id, 'Gus' from guests where display_name = 'waits'`, room)
	exec(`insert into bans (id, room_id, guest_id, name) select gen_random_uuid(), $1, id, 'Gus' from guests where display_name = 'banned'`, room)
	exec(`insert into webhooks (id, url, secret, topics) select gen_random_uuid(), 'https://example.org/', '\x00', '{call}'`)
	exec(`insert into deliveries (webhook_id, kind, body, created_at) select id, 'joined', '{}', now() - age from webhooks, unnest('{31 days,32 days,29 days}'::interval[]) age`)
	done := make(chan error)
	keep := ledger.Retention{Calls: 365 * 24 * time.Hour, Audit: 730 * 24 * time.Hour, SignIns: 90 * 24 * time.Hour, Deliveries: 30 * 24 * time.Hour}
	for range 3 {
		go func() { done <- ledger.Purge(context.WithoutCancel(t.Context()), pool, keep) }()
	}
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if err := ledger.Purge(t.Context(), pool, keep); err != nil { // what a node left that found another at it
		t.Fatal(err)
	}
	count := func(query string, args ...any) (n int) {
		t.Helper()
		if err := pool.QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for what, test := range map[string]struct{ got, want int }{
		"comings":                {count(`select count(*) from ledger where kind = 'joined'`), fresh},
		"changes of access":      {count(`select count(*) from ledger where kind = 'member_added'`), 1},
		"log-ins":                {count(`select count(*) from ledger where kind = 'signed_in'`), 1},
		"passwords changed":      {count(`select count(*) from ledger where kind = 'password_changed'`), 1},
		"what has no topic":      {count(`select count(*) from ledger where kind = 'test'`), 1},
		"calls":                  {count(`select count(*) from calls`), 0},
		"presences":              {count(`select count(*) from grants`), 0},
		"guests":                 {count(`select count(*) from guests`), 4},
		"guests nobody knows":    {count(`select count(*) from guests where display_name in ('forgotten', 'was in')`), 0},
		"deliveries":             {count(`select count(*) from deliveries`), 1},
		"of them, as it is told": {count(`select (data->>'count')::int from ledger where kind = 'purged' and data->>'what' = 'deliveries'`), 2},
		"deleted, as it is told": {count(`select sum((data->>'count')::int) from ledger where kind = 'purged' and data->>'what' = 'calls'`), old + 2 + 1 + 2}, // and presences, the call, guests
	} {
		if test.got != test.want {
			t.Errorf("%s: %d, want %d", what, test.got, test.want)
		}
	}
	// Guests are of age alone, once nothing speaks of them any more.
	exec(`delete from sessions`)
	if err := ledger.Purge(t.Context(), pool, keep); err != nil {
		t.Fatal(err)
	}
	if n := count(`select (data->>'count')::int from ledger where kind = 'purged' order by id desc limit 1`); n != 1 || count(`select count(*) from guests`) != 3 {
		t.Errorf("a guest alone is deleted, told as %d", n)
	}
	// Zero keeps for good.
	exec(`insert into ledger (room_id, kind, at) values ($1, 'joined', now() - interval '4000 days')`, room)
	if err := ledger.Purge(t.Context(), pool, ledger.Retention{}); err != nil {
		t.Fatal(err)
	}
	if n := count(`select count(*) from ledger where kind = 'joined'`); n != fresh+1 {
		t.Errorf("%d entries where all are kept, want %d", n, fresh+1)
	}
}
