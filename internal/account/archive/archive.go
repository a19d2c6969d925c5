// Package archive writes down for somebody what is stored about them, as one JSON
// document that programs can read too. See Store for how that is kept from taking
// what others need.
package archive

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/account"
)

// sections are the parts of the document: each a query about the user $1 whose
// rows become objects. Secrets are in none of them, nor what others keep to
// themselves, like who banned the user from a room that they cannot see.
var sections = []struct{ name, query string }{
	{"account", `
		select username, email, display_name, administrator, created_at, email_verified_at, password_hash is not null as has_password
		from users where id = $1`},
	{"sessions", `
		select created_at, last_seen_at, expires_at, address, user_agent from sessions where user_id = $1 and not api order by id`},
	{"programs", `
		select api_tokens.name, api_tokens.scopes, api_tokens.created_at, sessions.expires_at, sessions.last_seen_at as used_at
		from api_tokens join sessions on sessions.id = api_tokens.session_id where api_tokens.user_id = $1 order by api_tokens.session_id`},
	{"authenticator_apps", `select confirmed_at from totp where user_id = $1 and confirmed_at is not null`},
	{"passkeys", `select name, created_at, used_at from passkeys where user_id = $1 order by id`},
	{"recovery_codes", `select created_at from recovery_codes where user_id = $1 order by created_at`},
	{"connected_providers", `select issuer, subject, created_at, used_at from identities where user_id = $1 order by issuer`},
	{"links_that_were_mailed", `select kind, email, created_at, expires_at from recovery where user_id = $1 order by created_at`},
	{"mails", `
		select mails.kind, mails.recipient, mails.subject, mails.created_at, mails.sent_at
		from users join mails on lower(mails.recipient) = lower(users.email) where users.id = $1 order by mails.id`},
	{"rooms_made", `select slug as room, name as room_name, topic, created_at from rooms where created_by = $1 and deleted_at is null order by created_at`},
	{"memberships", `
		select rooms.slug as room, rooms.name as room_name, memberships.role, memberships.created_at as since
		from memberships join rooms on rooms.id = memberships.room_id
		where memberships.user_id = $1 and rooms.deleted_at is null order by memberships.created_at`},
	{"requests_to_join", `
		select rooms.slug as room, join_requests.message, join_requests.created_at
		from join_requests join rooms on rooms.id = join_requests.room_id where join_requests.user_id = $1 order by join_requests.created_at`},
	{"invitations_made", `
		select rooms.slug as room, invitations.role, invitations.note, invitations.email, invitations.uses, invitations.created_at,
			invitations.expires_at, invitations.revoked_at
		from invitations join rooms on rooms.id = invitations.room_id where invitations.created_by = $1 order by invitations.created_at`},
	{"waiting_to_be_let_in", `
		select rooms.slug as room, lobby.display_name, lobby.state, lobby.asked_at
		from lobby join rooms on rooms.id = lobby.room_id where lobby.user_id = $1 order by lobby.asked_at`},
	{"webhooks_made", `
		select rooms.slug as room, webhooks.url, webhooks.topics, webhooks.created_at, webhooks.paused_at
		from webhooks left join rooms on rooms.id = webhooks.room_id where webhooks.created_by = $1 order by webhooks.created_at`},
	{"messages", `
		select rooms.slug as room, rooms.name as room_name, messages.sent_at, messages.display_name, messages.text, messages.edited_at, messages.deleted_at
		from messages join rooms on rooms.id = messages.room_id where messages.author = $1 order by messages.room_id, messages.position`},
	{"files", `
		select rooms.slug as room, files.name, files.type, files.size, files.created_at,
			case when rooms.deleted_at is null then '/r/' || rooms.slug || '/files/' || files.id end as path
		from files left join rooms on rooms.id = files.room_id
		where files.owner = $1 and files.stored_at is not null and files.gone_at is null order by files.id`},
	{"calls", `
		select rooms.slug as room, rooms.name as room_name, grants.display_name, grants.issued_at, grants.connected_at, grants.left_at,
			grants.reason, grants.role, connections.path as connection, connections.quality as connection_quality
		from grants join rooms on rooms.id = grants.room_id left join connections on connections.grant_id = grants.id
		where grants.user_id = $1 order by grants.issued_at desc`},
	{"what_you_did", `
		select ledger.at, ledger.kind, rooms.slug as room, ledger.data, ledger.address
		from ledger left join rooms on rooms.id = ledger.room_id
		where ledger.actor = $1 and ledger.topic in ('access', 'site', 'sign_in') order by ledger.at, ledger.id`},
	// What others did to them, as far as they were told; not who did, nor from where.
	{"what_was_done_to_you", `
		select ledger.at, ledger.kind, rooms.slug as room, ledger.data
		from ledger left join rooms on rooms.id = ledger.room_id
		where ledger.subject = $1::text and ledger.actor is distinct from $1::uuid and ledger.topic in ('access', 'site', 'sign_in')
		and (ledger.topic <> 'access' or ledger.kind in ('member_added', 'role_changed', 'member_removed', 'transferred', 'join_granted', 'join_declined'))
		order by ledger.at, ledger.id`},
}

// write writes all of it, as it is at one moment, row by row: it may be much.
func write(ctx context.Context, pool *pgxpool.Pool, user account.UserID, to io.Writer) error {
	out := bufio.NewWriter(to)
	return pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		for i, section := range sections {
			before := ",\n"
			if i == 0 {
				before = "{\n"
			}
			fmt.Fprintf(out, "%s  %q: [", before, section.name)
			if err := writeRows(ctx, tx, section.query, user, out); err != nil {
				return fmt.Errorf("%s: %w", section.name, err)
			}
			out.WriteString("]")
		}
		out.WriteString("\n}\n")
		return out.Flush()
	})
}

func writeRows(ctx context.Context, tx pgx.Tx, query string, user account.UserID, out *bufio.Writer) error {
	rows, err := tx.Query(ctx, `select row_to_json(t)::text from (`+query+`) t`, user)
	if err != nil {
		return err
	}
	var row string
	before := "\n    "
	_, err = pgx.ForEachRow(rows, []any{&row}, func() error {
		_, err := out.WriteString(before + row)
		before = ",\n    "
		return err
	})
	return err
}
