// Package ledger is the one ordered record of everything that happens in rooms.
// Whoever changes something appends to it in the same transaction; live event
// streams, the audit log and attendance read it from a position on.
package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/postgres"
)

// Room is the id of the room that an entry belongs to.
type Room string

// Position is a place in the ledger: the id of the last entry seen, 0 before the
// first. Within one room, entries become visible in the order of their ids.
type Position int64

// Kind says what happened.
type Kind string

// The kinds of entry. The comment names the subject and the fields of data.
const (
	RoomCreated    Kind = "room_created"    // data: name
	RoomRenamed    Kind = "room_renamed"    // data: name, topic
	RoomConfigured Kind = "room_configured" // data: visibility, guests, lobby, succession, capacity
	RoomSwitched   Kind = "room_switched"   // data: microphone, camera, share, chat, reactions
	RoomLocked     Kind = "room_locked"
	RoomUnlocked   Kind = "room_unlocked"
	RoomDeleted    Kind = "room_deleted"
	RoomMoved      Kind = "room_moved"     // data: from, to (media backends)
	MemberAdded    Kind = "member_added"   // subject: user; data: username, role
	RoleChanged    Kind = "role_changed"   // subject: user; data: username, role
	MemberRemoved  Kind = "member_removed" // subject: user; data: username
	Admitted       Kind = "admitted"       // subject: grant; data: who it is
	Joined         Kind = "joined"         // subject: grant; data: who it is
	Left           Kind = "left"           // subject: grant
	Removed        Kind = "removed"        // subject: grant; data: reason, by
	Permitted      Kind = "permitted"      // subject: grant; data: what it may do now

	// What moderators do in a call. By is the name of who did it.
	Hand         Kind = "hand"          // subject: grant; data: participant, hand_at, by
	Muted        Kind = "muted"         // subject: grant; data: by
	UnmuteAsked  Kind = "unmute_asked"  // subject: grant; data: by
	ShareStopped Kind = "share_stopped" // subject: grant; data: by
	Spotlit      Kind = "spotlit"       // subject: grant, or empty; data: participant, by

	// Reaction is passed only, never kept. Subject: grant; data: participant, reaction
	Reaction Kind = "reaction"

	CallStarted Kind = "call_started" // subject: call
	CallEnded   Kind = "call_ended"   // subject: call; data: cause
	HostChanged Kind = "host_changed" // subject: user, or empty when nobody hosts; data: username, display_name, ends_at

	MessageSent    Kind = "message_sent"    // subject: message
	MessageEdited  Kind = "message_edited"  // subject: message
	MessageDeleted Kind = "message_deleted" // subject: message

	Knocked       Kind = "knocked"        // subject: lobby entry; data: name
	KnockGone     Kind = "knock_gone"     // subject: lobby entry; they wait no more
	LobbyAdmitted Kind = "lobby_admitted" // subject: lobby entry; data: name
	LobbyDenied   Kind = "lobby_denied"   // subject: lobby entry; data: name
	SentToLobby   Kind = "sent_to_lobby"  // subject: lobby entry; data: name

	InvitationMade     Kind = "invitation_made"     // subject: invitation; data: role, note, email
	InvitationAccepted Kind = "invitation_accepted" // subject: invitation; data: name
	InvitationRevoked  Kind = "invitation_revoked"  // subject: invitation; data: note
	GuestCame          Kind = "guest_came"          // subject: guest, without an invitation; data: name
	GuestLeft          Kind = "guest_left"          // subject: guest; data: name
	Banned             Kind = "banned"              // subject: user, guest or invitation; data: name
	BanLifted          Kind = "ban_lifted"          // subject: user, guest or invitation; data: name
	JoinRequested      Kind = "join_requested"      // subject: user; data: username, message, told
	JoinWithdrawn      Kind = "join_withdrawn"      // subject: user
	JoinGranted        Kind = "join_granted"        // subject: user; data: username
	JoinDeclined       Kind = "join_declined"       // subject: user; data: username
	Transferred        Kind = "transferred"         // subject: user who owns it now; data: username
	WebhookMade        Kind = "webhook_made"        // subject: webhook; data: url; also about the site
	WebhookRemoved     Kind = "webhook_removed"     // subject: webhook; data: url; also about the site
)

// The kinds that concern the site and no room.
const (
	AdministratorMade   Kind = "administrator_made"   // subject: user; data: username
	AdministratorUnmade Kind = "administrator_unmade" // subject: user; data: username
	UserDisabled        Kind = "user_disabled"        // subject: user; data: username
	UserEnabled         Kind = "user_enabled"         // subject: user; data: username
	UserSignedOut       Kind = "user_signed_out"      // subject: user, everywhere; data: username
	ResetMade           Kind = "password_reset_made"  // subject: user; data: username
	SettingsChanged     Kind = "settings_changed"     // data: name, value
	Purged              Kind = "purged"               // data: what, count, before
	TokenMade           Kind = "token_made"           // subject: user whom it acts for; data: username, name, scopes
	TokenRevoked        Kind = "token_revoked"        // subject: user whom it acted for; data: username, name
	ServiceMade         Kind = "service_made"         // subject: user; data: username
)

// The kinds that concern somebody's own account. The actor is whose it is.
const (
	AccountMade          Kind = "account_made"    // subject: user; data: username
	AccountDeleted       Kind = "account_deleted" // there is no such user any more
	DataExported         Kind = "data_exported"
	EmailChanged         Kind = "email_changed"
	PasswordChanged      Kind = "password_changed"
	SessionsEnded        Kind = "sessions_ended" // data: count
	AppAdded             Kind = "app_added"
	AppRemoved           Kind = "app_removed"
	PasskeyAdded         Kind = "passkey_added"      // data: name
	PasskeyRemoved       Kind = "passkey_removed"    // data: name
	CodesMade            Kind = "codes_made"         // recovery codes
	CodeUsed             Kind = "code_used"          // a recovery code; data: count that are left
	ProviderConnected    Kind = "provider_connected" // data: name
	ProviderDisconnected Kind = "provider_disconnected"
)

// The kinds about log-ins, which are many and kept for a shorter time.
const (
	SignedIn         Kind = "signed_in"          // data: way
	SignedOut        Kind = "signed_out"         // by themselves, in one browser
	LogInsFailed     Kind = "log_ins_failed"     // subject: user, empty when nobody has such names; data: count
	SecondStepFailed Kind = "second_step_failed" // subject: user, whose password was right
)

// Entry is one thing that happened.
type Entry struct {
	ID      Position  // given by Append's database
	Room    Room      // empty: it concerns the whole site
	At      time.Time // given by Append's database
	Kind    Kind
	Actor   string          // id of the user or guest who did it; empty: the system
	Subject string          // whom or what it was done to
	Data    json.RawMessage // an object; what it holds depends on Kind
}

type addressKey struct{}

// From remembers in a context where the request comes from that acts in it, for
// the entries about what it does.
func From(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, addressKey{}, address)
}

// Address is where the request comes from that acts in a context; empty when it
// is nobody's request.
func Address(ctx context.Context) string {
	address, _ := ctx.Value(addressKey{}).(string)
	return address
}

// Append writes an entry, best in the transaction that does what it says. Other
// writers to the same room wait until that transaction ends.
func Append(ctx context.Context, db postgres.Querier, entry Entry) error {
	data := entry.Data
	if data == nil {
		data = json.RawMessage(`{}`)
	}
	_, err := db.Exec(ctx, `
		insert into ledger (room_id, kind, actor, subject, data, address)
		values (nullif($1, '')::uuid, $2, nullif($3, '')::uuid, nullif($4, ''), $5, $6)`,
		entry.Room, entry.Kind, entry.Actor, entry.Subject, data, Address(ctx))
	if err != nil {
		return fmt.Errorf("append to ledger: %w", err)
	}
	return nil
}

// Lock keeps everybody else from appending to a room's ledger until the
// transaction ends. Whoever counts or changes a room's people does it under this
// lock, and takes it before they lock any row but the room's own.
func Lock(ctx context.Context, tx pgx.Tx, room Room) error {
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(ledger_key($1))`, room); err != nil {
		return fmt.Errorf("lock ledger: %w", err)
	}
	return nil
}

// Data marshals what an entry's data holds. It panics when v cannot be JSON.
func Data(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("ledger data: %v", err))
	}
	return raw
}

// Read returns up to limit entries of a room after a position, oldest first.
func Read(ctx context.Context, db postgres.Querier, room Room, after Position, limit int) ([]Entry, error) {
	rows, err := db.Query(ctx, `
		select id, room_id, at, kind, coalesce(actor::text, ''), coalesce(subject, ''), data
		from ledger where room_id = $1 and id > $2 order by id limit $3`, room, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	entries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e Entry, err error) {
		err = row.Scan(&e.ID, &e.Room, &e.At, &e.Kind, &e.Actor, &e.Subject, &e.Data)
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	return entries, nil
}

// End returns the position of a room's last entry.
func End(ctx context.Context, db postgres.Querier, room Room) (end Position, err error) {
	err = db.QueryRow(ctx, `select coalesce(max(id), 0) from ledger where room_id = $1`, room).Scan(&end)
	if err != nil {
		return 0, fmt.Errorf("end of ledger: %w", err)
	}
	return end, nil
}
