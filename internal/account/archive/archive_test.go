package archive_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/account/archive"
	"foyer/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// document is what is in one, by section.
type document map[string][]map[string]any

// made is the document of a user, read to its end.
func made(t *testing.T, store *archive.Store, user account.UserID) []byte {
	t.Helper()
	d, err := store.Make(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	written, err := io.ReadAll(d)
	if err := errors.Join(err, d.Close()); err != nil || int64(len(written)) != d.Size {
		t.Fatalf("%d bytes of %d: %v", len(written), d.Size, err)
	}
	return written
}

// everything of one person, planted by SQL: a row of everything that names them,
// and as much of somebody else's.
const planted = `
	insert into users (id, username, email, display_name, password_hash) values ($1, $3, $3 || '@example.org', initcap($3), 'PLANTED-hash');
	insert into rooms (id, slug, name, backend, created_by) values ($2, $3 || '-room', 'Room of ' || $3, 'memory', $1);
	insert into sessions (id, token_hash, user_id, expires_at, address, user_agent) values (gen_random_uuid(), convert_to($3, 'utf8'), $1, now(), '192.0.2.1', 'Browser of ' || $3);
	insert into sessions (id, token_hash, user_id, api, expires_at) values ($2, convert_to('PLANTED' || $3, 'utf8'), $1, true, now());
	insert into api_tokens (session_id, user_id, name, hint, scopes) values ($2, $1, 'Robot of ' || $3, 'abcd', '{chat}');
	insert into totp (user_id, secret, confirmed_at) values ($1, 'PLANTED', now());
	insert into recovery_codes (user_id, code_hash) values ($1, 'PLANTED');
	insert into passkeys (id, user_id, credential_id, record, name) values (gen_random_uuid(), $1, convert_to($3, 'utf8'), 'PLANTED', 'Key of ' || $3);
	insert into identities (issuer, subject, user_id) values ('https://id.example.org', $3, $1);
	insert into recovery (token_hash, kind, user_id, email, expires_at) values (convert_to($3, 'utf8'), 'verify', $1, $3 || '@example.com', now());
	insert into mails (id, kind, state, recipient, recipient_name, subject, body, lapses_at) values (gen_random_uuid(), 'verify', 'held', upper($3) || '@example.org', $3, 'Hello ' || $3, 'PLANTED', now());
	insert into memberships (room_id, user_id, role) values ($2, $1, 'owner');
	insert into join_requests (id, room_id, user_id, message) values (gen_random_uuid(), $2, $1, 'Please ' || $3);
	insert into invitations (id, room_id, token_hash, role, note, created_by) values (gen_random_uuid(), $2, convert_to($3, 'utf8'), 'member', 'Note of ' || $3, $1);
	insert into lobby (id, room_id, user_id, display_name) values (gen_random_uuid(), $2, $1, 'Waiting ' || $3);
	insert into webhooks (id, room_id, url, topics, secret, created_by) values (gen_random_uuid(), $2, 'https://hooks.example.org/' || $3, '{call}', 'PLANTED', $1);
	insert into messages (id, room_id, position, revision, author, display_name, username, text) values (gen_random_uuid(), $2, 1, 1, $1, $3, $3, 'Words of ' || $3);
	insert into files (id, room_id, owner, name, type, size, stored_at) values (gen_random_uuid(), $2, $1, $3 || '.png', 'image/png', 7, now());
	insert into grants (id, room_id, generation, user_id, session_id, display_name, permissions) values ($3 || '-grant', $2, 1, $1, gen_random_uuid(), 'In as ' || $3, '{}');
	insert into connections (grant_id, path, quality, rtt_ms, loss) values ($3 || '-grant', 'relay', 'poor', 7, 0);
	insert into bans (id, room_id, user_id, name) values (gen_random_uuid(), $2, $1, 'Banned ' || $3);
	insert into ledger (room_id, kind, actor, data, address) values ($2, 'room_created', $1, jsonb_build_object('name', 'Made by ' || $3), '192.0.2.1');
	insert into ledger (kind, actor, address) values ('signed_in', $1, '192.0.2.' || length($3));
	insert into ledger (room_id, kind, actor, subject, address) values ($2, 'role_changed', gen_random_uuid(), $1, '198.51.100.9'), ($2, 'banned', gen_random_uuid(), $1, '198.51.100.9');
	insert into ledger (kind, subject, address) values ('log_ins_failed', $1, '198.51.100.9')`

// Everything that somebody has is in it, nothing of anybody else's, and no secret;
// each part is found by an index.
func TestEverythingOfOnePerson(t *testing.T) {
	t.Parallel()
	pool, watch := postgrestest.NewWatched(t)
	ids := make(map[string]account.UserID)
	for _, name := range []string{"ana", "benjamin"} {
		user, room := uuid.NewString(), uuid.NewString()
		ids[name] = account.UserID(user)
		for statement := range strings.SplitSeq(planted, ";") {
			statement = strings.NewReplacer("$1", "'"+user+"'", "$2", "'"+room+"'", "$3", "'"+name+"'").Replace(statement)
			if _, err := pool.Exec(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
	}
	// Of a table that has rooms, Postgres would not read all.
	for _, statement := range []string{
		`insert into rooms (id, slug, name, backend) select gen_random_uuid(), 'r' || i, 'R' || i, 'memory' from generate_series(1, 1000) i`, `analyze rooms`,
	} {
		if _, err := pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	written := made(t, archive.NewStore(pool, t.TempDir()), ids["ana"])
	var got document
	if err := json.Unmarshal(written, &got); err != nil {
		t.Fatalf("%v in %s", err, written)
	}
	for section, rows := range got {
		want := map[string]int{"what_you_did": 2, "what_was_done_to_you": 2}[section]
		if len(rows) != max(want, 1) {
			t.Errorf("%s has %d rows: %v", section, len(rows), rows)
		}
	}
	for section, want := range map[string]string{
		"account": "ana@example.org", "sessions": "Browser of ana", "programs": "Robot of ana", "passkeys": "Key of ana", "connected_providers": "ana",
		"links_that_were_mailed": "ana@example.com", "mails": "Hello ana", "rooms_made": "Room of ana", "memberships": "owner",
		"requests_to_join": "Please ana", "invitations_made": "Note of ana", "waiting_to_be_let_in": "Waiting ana",
		"webhooks_made": "https://hooks.example.org/ana", "messages": "Words of ana", "files": "/r/ana-room/files/", "calls": "relay",
		"what_you_did": "signed_in", "what_was_done_to_you": "log_ins_failed", "authenticator_apps": "confirmed_at", "recovery_codes": "created_at",
	} {
		raw, err := json.Marshal(got[section])
		if err != nil || !bytes.Contains(raw, []byte(want)) {
			t.Errorf("%s has no %q: %s, %v", section, want, raw, err)
		}
	}
	for _, not := range []string{"PLANTED", "benjamin", "Benjamin", "198.51.100.9", "banned", "Banned", "token"} {
		if bytes.Contains(written, []byte(not)) {
			t.Errorf("%q is in it:\n%s", not, written)
		}
	}
	watch.Check(t, 15, "connections_pkey")
}

// leftOut is what refers to people and is not in the document, and why.
var leftOut = map[string]string{
	"api_tokens.created_by":  "in what_you_did",
	"guests.vouched_by":      "somebody else, whom a program let in",
	"bans.user_id":           "what a room's moderators keep to themselves",
	"bans.created_by":        "in what_you_did",
	"calls.host":             "goes with the call",
	"ceremonies.user_id":     "lives for minutes",
	"halfway.user_id":        "lives for minutes",
	"lobby.decided_by":       "in what_you_did",
	"memberships.created_by": "in what_you_did",
	"messages.deleted_by":    "somebody else's message",
	"settings.changed_by":    "in what_you_did",
}

// Whatever names a user, in a table of any migration, is in the document or left
// out for a reason.
func TestNothingIsForgotten(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	rows, err := pool.Query(t.Context(), `
		select conrelid::regclass::text || '.' || attname from pg_constraint
		join pg_attribute on attrelid = conrelid and attnum = any(conkey)
		where contype = 'f' and confrelid = 'users'::regclass
		union
		select attrelid::regclass::text || '.' || attname from pg_attribute join pg_class on pg_class.oid = attrelid
		where relkind = 'r' and relnamespace = 'public'::regnamespace and atttypid = 'uuid'::regtype
		and attname in ('actor', 'author', 'owner', 'deleted_by', 'user_id', 'created_by')`)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if len(columns) < 20 || !slices.Contains(columns, "ledger.actor") {
		t.Fatalf("columns that name users: %v", columns)
	}
	source, err := os.ReadFile("archive.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range columns {
		table, name, _ := strings.Cut(column, ".")
		asked := regexp.MustCompile(`from ` + table + `\b[^` + "`" + `]*where (` + table + `\.)?` + name + ` = \$1`).Match(source)
		if _, out := leftOut[column]; asked == out {
			t.Errorf("%s: is in the document: %t, is left out: %t", column, asked, out)
		}
	}
	for column := range leftOut {
		if !slices.Contains(columns, column) {
			t.Errorf("%s is left out, but there is no such column", column)
		}
	}
}
