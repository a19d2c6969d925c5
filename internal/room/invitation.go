package room

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/words"
)

// InvitationID names an invitation; it opens nothing, unlike its token.
type InvitationID string

// InvitationToken is the secret of an invitation's link. Only its SHA-256 is
// stored, so that it is known to whoever made it once, and then to those who
// have the link.
type InvitationToken string

func (t InvitationToken) hash() []byte { return account.Token(t).Hash() }

// Lasting is how long an invitation can be accepted, and how long those rely on
// it who came by it without an account.
type Lasting string

// How long invitations last.
const (
	LastsHour   Lasting = "hour"
	LastsDay    Lasting = "day"
	LastsWeek   Lasting = "week"
	LastsMonth  Lasting = "month"
	LastsAlways Lasting = "always"
)

const day = 24 * time.Hour

// lives holds how long each Lasting is. What is not in it has no end.
var lives = map[Lasting]time.Duration{LastsHour: time.Hour, LastsDay: day, LastsWeek: 7 * day, LastsMonth: 30 * day}

const (
	// MostUses is how often an invitation with a limit can be accepted at most.
	MostUses = 10_000
	// MostAddresses is to how many an invitation can be mailed at once.
	MostAddresses = 50
	// InvitationsPerPage is how many Invitations returns at once.
	InvitationsPerPage = 50
)

// InvitationDraft is what somebody gives to invite others.
type InvitationDraft struct {
	Role  Role
	Note  string
	Lasts Lasting
	// MostUses is how often the link can be accepted; 0: any number of times.
	MostUses int
	// ByMail makes, in place of a link, an invitation for one person each for
	// the Addresses, however they are separated.
	ByMail    bool
	Addresses string
}

// MadeInvitation is an invitation at the only time when its token is known.
type MadeInvitation struct {
	ID        InvitationID
	Token     InvitationToken
	Email     string // to whom it is to be mailed; empty for a link
	Role      Role
	Note      string
	ExpiresAt *time.Time
	Room      string // name
	By        string // name of who invites
}

// check returns the draft as it is stored and the addresses in it.
func (d InvitationDraft) check() (InvitationDraft, []string, error) {
	bad := input.Invalid{}
	bad.Choice("role", string(d.Role), string(Guest), string(Member), string(Moderator))
	bad.Choice("lasts", string(d.Lasts), string(LastsHour), string(LastsDay), string(LastsWeek), string(LastsMonth), string(LastsAlways))
	d.Note = bad.Line("note", d.Note, 0, 200)
	if d.ByMail {
		d.MostUses = 1
		addresses := checkAddresses(bad, d.Addresses)
		return d, addresses, bad.Err()
	}
	if d.MostUses < 0 || d.MostUses > MostUses {
		bad.Add("uses", words.Text("room.uses_range", "most", MostUses))
	}
	return d, []string{""}, bad.Err()
}

// checkAddresses takes addresses as people paste them: one a line or separated
// by commas, semicolons or spaces, with or without names; each counts once.
func checkAddresses(bad input.Invalid, pasted string) []string {
	var addresses []string
	seen := make(map[string]bool)
	for _, text := range splitAddresses(pasted) {
		address := checkAddress(bad, text)
		if address == "" || seen[strings.ToLower(address)] {
			continue
		}
		seen[strings.ToLower(address)] = true
		addresses = append(addresses, address)
	}
	switch {
	case len(addresses) == 0:
		bad.Add("emails", words.Text("room.fill_in_at_least_one"))
	case len(addresses) > MostAddresses:
		bad.Add("emails", words.Text("room.too_many_addresses", "most", MostAddresses, "count", len(addresses)))
	}
	return addresses
}

func splitAddresses(pasted string) []string {
	var texts []string
	for _, part := range strings.FieldsFunc(pasted, func(r rune) bool { return strings.ContainsRune(",;\r\n", r) }) {
		if strings.Contains(part, "<") {
			texts = append(texts, strings.TrimSpace(part))
			continue
		}
		texts = append(texts, strings.Fields(part)...)
	}
	return texts
}

// addressPattern leaves out what has to be quoted in an address: nobody has one
// like that.
var addressPattern = regexp.MustCompile(`^[^\s@"<>()\[\],;:\\]+@[^\s@"<>()\[\],;:\\]+$`)

func checkAddress(bad input.Invalid, text string) string {
	if !utf8.ValidString(text) {
		bad.Add("emails", words.Text("room.this_is_not_valid_text"))
		return ""
	}
	parsed, err := mail.ParseAddress(text)
	if err != nil || !addressPattern.MatchString(parsed.Address) {
		bad.Add("emails", fmt.Sprintf("“%s” is not an email address. It looks like name@example.org.", excerpt(text)))
		return ""
	}
	return bad.Line("emails", parsed.Address, 3, 254)
}

// excerpt is enough of a text to find it again, with nothing that does not show.
func excerpt(text string) string {
	const most = 40
	var out []rune
	for _, r := range text {
		if len(out) == most {
			return string(out) + "…"
		}
		if r >= ' ' {
			out = append(out, r)
		}
	}
	return string(out)
}

// Invite makes an invitation that somebody with its link can accept, or one for
// each of the draft's addresses, and gives each to deliver in the transaction
// that makes them. It returns input.Invalid with fields role, lasts, note, uses
// and emails, what the policy says, and what deliver returns.
func (s *Store) Invite(ctx context.Context, id ID, by account.UserID, d InvitationDraft, deliver func(context.Context, pgx.Tx, MadeInvitation) error) ([]MadeInvitation, error) {
	d, addresses, err := d.check()
	if err != nil {
		return nil, err
	}
	var made []MadeInvitation
	err = s.change(ctx, id, by, Ask{Action: Invite, NewRole: d.Role}, func(tx pgx.Tx, now Room) error {
		template := MadeInvitation{Role: d.Role, Note: d.Note, Room: now.Name}
		if err := tx.QueryRow(ctx, `select display_name from users where id = $1`, by).Scan(&template.By); err != nil {
			return err
		}
		for _, address := range addresses {
			invitation := template
			invitation.Email = address
			if err := insertInvitation(ctx, tx, id, by, d, &invitation); err != nil {
				return err
			}
			if err := deliver(ctx, tx, invitation); err != nil {
				return err
			}
			made = append(made, invitation)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

func insertInvitation(ctx context.Context, tx pgx.Tx, id ID, by account.UserID, d InvitationDraft, m *MadeInvitation) error {
	m.ID, m.Token = InvitationID(newID()), InvitationToken(account.NewToken())
	var life *time.Duration
	if length, ends := lives[d.Lasts]; ends {
		life = &length
	}
	err := tx.QueryRow(ctx, `
		insert into invitations (id, room_id, token_hash, role, note, email, most_uses, expires_at, created_by)
		values ($1, $2, $3, $4, $5, $6, nullif($7, 0), now() + $8::interval, $9) returning expires_at`,
		m.ID, id, m.Token.hash(), m.Role, m.Note, m.Email, d.MostUses, life, by).Scan(&m.ExpiresAt)
	if err != nil {
		return err
	}
	return ledger.Append(ctx, tx, ledger.Entry{
		Room: ledger.Room(id), Kind: ledger.InvitationMade, Actor: string(by), Subject: string(m.ID),
		Data: ledger.Data(map[string]string{"role": string(m.Role), "note": m.Note, "email": m.Email}),
	})
}

// InvitationState says whether an invitation can be accepted, and if not, why.
type InvitationState string

// The states.
const (
	InvitationOpen     InvitationState = "open"
	InvitationUsedUp   InvitationState = "used_up"
	InvitationExpired  InvitationState = "expired"
	InvitationRevoked  InvitationState = "revoked"
	InvitationBanned   InvitationState = "banned"    // the room is closed to who comes by it
	InvitationVoid     InvitationState = "void"      // whoever made it may not make it any more
	InvitationNoGuests InvitationState = "no_guests" // the room takes no guests just now
)

// Invitation is an invitation as the room's moderators see it.
type Invitation struct {
	ID        InvitationID
	Role      Role
	Note      string
	Email     string // to whom it was mailed; empty for a link
	MostUses  int    // 0: any number
	Uses      int
	ExpiresAt *time.Time
	CreatedAt time.Time
	By        string // name of who made it; empty when their account is gone
	State     InvitationState

	room                     ID
	expired, revoked, banned bool
	maker                    Person // as they are now
}

// invitationQuery selects invitations, as invited, for Invitation.fields to scan.
const invitationQuery = `
	select invited.id, invited.role, invited.note, invited.email, coalesce(invited.most_uses, 0), invited.uses,
		invited.expires_at, invited.created_at, coalesce(users.display_name, ''), invited.room_id,
		coalesce(invited.expires_at <= now(), false), invited.revoked_at is not null,
		exists (select from bans where bans.room_id = invited.room_id and bans.subject = invited.id), ` + PersonColumns + `
	from invitations invited
	join rooms on rooms.id = invited.room_id
	left join users on users.id = invited.created_by
	left join guests on false` + PersonJoins

func (i *Invitation) fields() []any {
	return append([]any{&i.ID, &i.Role, &i.Note, &i.Email, &i.MostUses, &i.Uses, &i.ExpiresAt, &i.CreatedAt, &i.By, &i.room,
		&i.expired, &i.revoked, &i.banned}, i.maker.Fields()...)
}

// state is what an invitation into a room is worth. It counts only as long as
// whoever made it may make such a one: nobody who was put out of a room comes
// back by a link of their own.
func (i *Invitation) state(in State) InvitationState {
	switch {
	case i.revoked:
		return InvitationRevoked
	case i.banned:
		return InvitationBanned
	case i.expired:
		return InvitationExpired
	case i.MostUses > 0 && i.Uses >= i.MostUses:
		return InvitationUsedUp
	case Authorize(i.maker, Ask{Action: Revoke, NewRole: i.Role}, in) != nil:
		return InvitationVoid
	case Authorize(i.maker, Ask{Action: Invite, NewRole: i.Role}, in) != nil:
		return InvitationNoGuests
	}
	return InvitationOpen
}

// Invitations lists the invitations into a room that give one of the roles, the
// newest first, a page of them from after, which has an invitation's id only. Next
// is where the page that follows begins, zero when this is the last.
func (s *Store) Invitations(ctx context.Context, in Room, roles []Role, after Cursor) (page []Invitation, next Cursor, err error) {
	rows, err := s.pool.Query(ctx, invitationQuery+`
		where invited.room_id = $1 and invited.role = any($2) and ($3 = '' or exists (
			select from invitations last where last.id = nullif($3, '')::uuid and last.room_id = $1 and invited.created_at <= last.created_at
				and (invited.created_at < last.created_at or invited.id > last.id)))
		order by invited.created_at desc, invited.id limit $4`, in.ID, roles, after.ID, InvitationsPerPage+1)
	if err != nil {
		return nil, Cursor{}, fmt.Errorf("list invitations: %w", err)
	}
	page, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (i Invitation, err error) {
		err = row.Scan(i.fields()...)
		i.State = i.state(in.State())
		return i, err
	})
	if err != nil {
		return nil, Cursor{}, fmt.Errorf("list invitations: %w", err)
	}
	if len(page) > InvitationsPerPage {
		page = page[:InvitationsPerPage]
		next = Cursor{ID: string(page[InvitationsPerPage-1].ID)}
	}
	return page, next, nil
}

// Revoke ends an invitation, and with it the stay of the guests who came by it;
// nil when it was ended before. It returns what the policy says, and
// postgres.ErrNotFound.
func (s *Store) Revoke(ctx context.Context, id ID, by account.UserID, invitation InvitationID) error {
	return s.Hold(ctx, id, by, func(tx pgx.Tx, now Room, who Person) error {
		// Whoever can end none learns nothing of which there are.
		ask := Ask{Action: Revoke, NewRole: Guest}
		if err := Authorize(who, ask, now.State()); err != nil {
			return err
		}
		var note string
		var revoked bool
		err := tx.QueryRow(ctx, `
			select role, note, revoked_at is not null from invitations where room_id = $1 and id::text = $2`, id, invitation).
			Scan(&ask.NewRole, &note, &revoked)
		if errors.Is(err, pgx.ErrNoRows) {
			return postgres.ErrNotFound
		}
		if err != nil {
			return err
		}
		if err := Authorize(who, ask, now.State()); err != nil || revoked {
			return err
		}
		if _, err := tx.Exec(ctx, `update invitations set revoked_at = now() where id = $1`, invitation); err != nil {
			return err
		}
		return ledger.Append(ctx, tx, ledger.Entry{
			Room: ledger.Room(id), Kind: ledger.InvitationRevoked, Actor: string(by), Subject: string(invitation),
			Data: ledger.Data(map[string]string{"note": note}),
		})
	})
}
