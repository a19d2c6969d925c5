package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/postgres/embedded"
)

// What a large deployment has.
const (
	deskUsers   = 100_000
	deskRooms   = 20_000
	deskEntries = 5_000_000
	deskCalls   = 400_000
	deskLive    = 500 // calls that go on

	firstEntry = 1000 // of the ledger
)

// desk reports how long the administrators' pages take in a large deployment.
func desk(ctx context.Context, p *program) error {
	cookie, err := signUp(ctx, p.url, "benchadmin")
	if err != nil {
		return err
	}
	address, err := embedded.Running(filepath.Join(p.dir, "data"))
	if err != nil {
		return err
	}
	db, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer db.Close(ctx) //nolint:errcheck // nothing is lost with it
	began := time.Now()
	if err := fill(ctx, db); err != nil {
		return err
	}
	fmt.Printf("The administrators' desk with %d users, %d rooms and %d ledger entries (filled in %v):\n", deskUsers, deskRooms, deskEntries, time.Since(began).Round(time.Second))
	var calls, people int
	if err := db.QueryRow(ctx, `
		select (select count(*) from calls where ended_at is null),
			(select count(*) from grants where connected_at is not null and left_at is null and revoked_at is null)`).Scan(&calls, &people); err != nil {
		return err
	}
	if calls != deskLive || people != deskLive*3 {
		return fmt.Errorf("%d calls with %d people go on: some were ended meanwhile", calls, people)
	}
	pages, err := deskPages(ctx, db)
	if err != nil {
		return err
	}
	const times = 60
	worst := time.Duration(0)
	for _, page := range pages {
		var took []time.Duration
		for n := range times + 5 {
			path := page.path(n)
			d, err := look(ctx, p.url+path, cookie)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			if n >= 5 { // connections are warm, plans are made
				took = append(took, d)
			}
		}
		high := percentile(took, 95)
		worst = max(worst, high)
		fmt.Printf("  %-44s median %-8v 95th percentile %v\n", page.name, median(took).Round(100*time.Microsecond), high.Round(100*time.Microsecond))
	}
	fmt.Printf("  Slowest 95th percentile: %v (aimed at: 50ms).\n", worst.Round(100*time.Microsecond))
	fmt.Printf("  Method: %d requests of each page one after the other, after 5 to warm up; from sending the request to the end of the answer, on this machine.\n\n", times)
	return nil
}

// fill copies a large deployment's rows into the database. Without triggers:
// nobody follows them.
func fill(ctx context.Context, db *pgx.Conn) error {
	for _, statement := range []string{
		`set session_replication_role = replica`,
		`update users set administrator = true where username = 'benchadmin'`,
		// What the program appends meanwhile comes after what is copied.
		fmt.Sprintf(`select setval('ledger_id_seq', %d)`, firstEntry+deskEntries),
		// As if another node had the media service of the calls that go on.
		`insert into media_services (name, seen_at) values ('elsewhere', now() + interval '1 day')`,
	} {
		if _, err := db.Exec(ctx, statement); err != nil {
			return err
		}
	}
	id := func(kind, n int) string { return fmt.Sprintf("%08x-0000-7000-8000-%012x", kind, n) }
	const users, rooms, calls, sessions, webhooks = 1, 2, 3, 4, 5
	first := []string{"Ana", "Ben", "Cleo", "Dora", "Emil", "Farah", "Gwen", "Henri", "Ines", "Jonas"}
	last := []string{"Adler", "Becker", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Huber", "Ito", "Jansen", "Kovac"}
	now := time.Now()
	// Calls that go on are in the last rooms, whose members are in them. A media
	// service that this node does not have carries those, so that it does not find
	// them empty.
	member := func(room, n int) string { return id(users, ((room*10+n)*7)%deskUsers) }
	live := func(room int) bool { return room >= deskRooms-deskLive }
	may := `{"microphone": true, "camera": true, "share": true, "chat": true, "reactions": true}` // what they are permitted: nothing is to be mended
	copies := []struct {
		table   string
		columns []string
		count   int
		row     func(n int) []any
	}{
		{"users", []string{"id", "username", "email", "display_name", "password_hash", "administrator"}, deskUsers, func(n int) []any {
			name := fmt.Sprintf("%s%d", strings.ToLower(first[n%len(first)]), n)
			return []any{id(users, n), name, name + "@example.org", first[n%len(first)] + " " + last[n%len(last)], "x", n%5000 == 0}
		}},
		{"rooms", []string{"id", "slug", "name", "backend"}, deskRooms, func(n int) []any {
			backend := "livekit"
			if live(n) {
				backend = "elsewhere"
			}
			return []any{id(rooms, n), fmt.Sprintf("team-%d", n), fmt.Sprintf("Team %s %d", last[n%len(last)], n), backend}
		}},
		{"memberships", []string{"room_id", "user_id", "role"}, deskRooms * 10, func(n int) []any {
			role := "member"
			if n%10 == 0 {
				role = "owner"
			}
			return []any{id(rooms, n/10), member(n/10, n%10), role}
		}},
		{"sessions", []string{"id", "token_hash", "user_id", "expires_at"}, deskLive * 3, func(n int) []any {
			return []any{id(sessions, n), fmt.Appendf(nil, "bench%d", n), member(deskRooms-deskLive+n/3, n%3), now.Add(24 * time.Hour)}
		}},
		{"grants", []string{"id", "room_id", "generation", "user_id", "session_id", "display_name", "permissions", "issued_at", "connected_at", "left_at", "call_id", "role"}, deskCalls * 3, func(n int) []any {
			call := n / 3
			at := now.Add(-time.Duration(deskCalls-call) * time.Minute)
			if begun := deskCalls - deskLive; call >= begun {
				room := deskRooms - deskLive + call - begun
				return []any{fmt.Sprintf("bench%d", n), id(rooms, room), 1, member(room, n%3), id(sessions, n-begun*3), first[n%len(first)], may, at, at, nil, id(calls, call), "member"}
			}
			return []any{fmt.Sprintf("bench%d", n), id(rooms, call%deskRooms), 1, id(users, (n*13)%deskUsers), id(users, n), first[n%len(first)], "{}", at, at, at.Add(20 * time.Minute), id(calls, call), "member"}
		}},
		// After who is in them: a call without anybody is over.
		{"calls", []string{"id", "room_id", "started_at", "ended_at"}, deskCalls, func(n int) []any {
			at := now.Add(-time.Duration(deskCalls-n) * time.Minute)
			var ended *time.Time
			if n < deskCalls-deskLive {
				end := at.Add(30 * time.Minute)
				ended = &end
			}
			return []any{id(calls, n), id(rooms, n%deskRooms), at, ended}
		}},
		{"ledger", []string{"id", "room_id", "at", "kind", "actor", "subject", "data", "address"}, deskEntries, func(n int) []any {
			at := now.Add(-time.Duration(deskEntries-n) * 6 * time.Second)
			entry := []any{int64(firstEntry + n), id(rooms, n%deskRooms), at, "joined", id(users, (n*11)%deskUsers), fmt.Sprintf("bench%d", n), `{}`, fmt.Sprintf("192.0.%d.%d", n%7, n%250)}
			switch { // one in ten changes access, as many log in, one in a thousand changes the site
			case n%1000 == 999:
				entry[1], entry[3], entry[5] = nil, "user_disabled", id(users, n%deskUsers)
			case n%10 == 5:
				entry[1], entry[3], entry[5], entry[6] = nil, "signed_in", nil, `{"way": "password"}`
			case n%10 == 0:
				entry[3], entry[5], entry[6] = "role_changed", id(users, (n*3)%deskUsers), `{"username": "ana1", "role": "moderator"}`
			}
			return entry
		}},
	}
	for _, c := range copies {
		_, err := db.CopyFrom(ctx, pgx.Identifier{c.table}, c.columns, pgx.CopyFromSlice(c.count, func(n int) ([]any, error) { return c.row(n), nil }))
		if err != nil {
			return fmt.Errorf("fill %s: %w", c.table, err)
		}
	}
	for _, statement := range []string{
		`update users set disabled_at = now() where id in (select id from users where not administrator and not exists (
			select from grants where user_id = users.id and left_at is null) order by id desc limit 10000)`,
		`update users set service = true, password_hash = '' where id in (select id from users where not administrator and not exists (
			select from grants where user_id = users.id and left_at is null) order by id limit 200)`,
		`insert into webhooks (id, url, topics, secret) values ('` + id(webhooks, 0) + `', 'https://receiver.example/', '{site}', '')`,
		`insert into deliveries (webhook_id, kind, body, state, attempts, status, created_at, done_at)
			select '` + id(webhooks, 0) + `', 'user_disabled', '{}', case when n % 10 = 0 then 'failed' else 'delivered' end, 1, 200, at, at
			from generate_series(1, 200000) n, lateral (select now() - n * interval '10 seconds' as at) written`,
		`insert into mails (id, kind, state, recipient, recipient_name, subject, created_at, lapses_at)
			select ('00000006-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'reset', 'lapsed', 'ana@example.org', 'Ana', 'A link', now() - n * interval '1 minute', now() + interval '20 days'
			from generate_series(1, 50000) n`,
		// As Postgres does of itself while rows come one by one.
		`vacuum (analyze)`,
	} {
		if _, err := db.Exec(ctx, statement); err != nil {
			return fmt.Errorf("fill: %w", err)
		}
	}
	return nil
}

// page is one to be looked at, at another place each time.
type page struct {
	name string
	path func(n int) string
}

func deskPages(ctx context.Context, db *pgx.Conn) ([]page, error) {
	var user, room, slug, call string
	err := db.QueryRow(ctx, `
		select (select id::text from users where username = 'ana10'), rooms.id::text, rooms.slug, calls.id::text
		from rooms join calls on calls.room_id = rooms.id and calls.ended_at is not null
		where rooms.slug = 'team-17' limit 1`).Scan(&user, &room, &slug, &call)
	if err != nil {
		return nil, err
	}
	fixed := func(path string) func(int) string { return func(int) string { return path } }
	return []page{
		{"users", fixed("/admin/users")},
		{"users, further on", func(n int) string { return fmt.Sprintf("/admin/users?after=emil%d", n*997%deskUsers) }},
		{"users, search of one", func(n int) string { return fmt.Sprintf("/admin/users?q=gwen%d", 6+n*10) }},
		{"users, search of many", fixed("/admin/users?q=fischer")},
		{"users, search of all", fixed("/admin/users?q=example")},
		{"users, search of many far on", fixed("/admin/users?q=gwen")},
		{"users, search within many at the end", fixed("/admin/users?q=onas")},
		{"users, search among administrators", fixed("/admin/users?q=example&only=administrators")},
		{"users, search of a letter", fixed("/admin/users?q=a")},
		{"users, administrators", fixed("/admin/users?only=administrators")},
		{"users, disabled", fixed("/admin/users?only=disabled")},
		{"users, search among disabled", fixed("/admin/users?q=onas&only=disabled")},
		{"services", fixed("/admin/services")},
		{"a user", fixed("/admin/users/" + user)},
		{"rooms", fixed("/admin/rooms")},
		{"rooms, search", func(n int) string { return fmt.Sprintf("/admin/rooms?q=team-%d", n*311%deskRooms) }},
		{"rooms, search of all", fixed("/admin/rooms?q=team")},
		{"rooms, search of many at the end", fixed("/admin/rooms?q=kovac")},
		{"rooms, live", fixed("/admin/rooms?only=live")},
		{"a room", fixed("/admin/rooms/" + room)},
		{"attendance of a room", fixed("/admin/rooms/" + room + "/attendance")},
		{"attendance of a call", fixed("/admin/rooms/" + room + "/attendance?call=" + call)},
		{"live calls", fixed("/admin/live")},
		{"audit log", fixed("/admin/audit")},
		{"audit log of a person", fixed("/admin/audit?person=ana10")},
		{"audit log of a room", fixed("/admin/audit?room=" + slug)},
		{"audit log, a kind", fixed("/admin/audit?kind=role_changed")},
		{"audit log, a kind that is rare", fixed("/admin/audit?kind=user_disabled")},
		{"audit log, a kind that never was", fixed("/admin/audit?kind=banned")},
		{"audit log, log-ins", fixed("/admin/audit?kind=sign_in")},
		{"audit log of the site", fixed("/admin/audit?kind=site")},
		{"audit log from an address", fixed("/admin/audit?address=192.0.3.10")},
		{"audit log, long ago", fixed("/admin/audit?until=" + time.Now().AddDate(0, -6, 0).Format(time.DateOnly))},
		{"outbox", fixed("/admin/mail")},
		{"webhooks", fixed("/admin/webhooks")},
		{"media services", fixed("/admin/media")},
		{"health", fixed("/admin")},
		{"storage", fixed("/admin/storage")},
		{"settings", fixed("/admin/settings")},
	}, nil
}

// look asks for a page and returns how long its answer took.
func look(ctx context.Context, address, cookie string) (time.Duration, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Cookie", cookie)
	began := time.Now()
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return 0, err
	}
	took := time.Since(began)
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("status %d", response.StatusCode)
	}
	return took, nil
}
