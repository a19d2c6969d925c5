package room

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

// ErrInvitation is the one answer to every link that lets nobody in: wrong, used
// up, expired, revoked, closed by a ban, or made by somebody who may not invite
// any more. It does not tell whether there is such a room.
var ErrInvitation = errors.New("room: the invitation is not valid")

// Comer is who opens an invitation's link, or comes to a room's door.
type Comer struct {
	User account.UserID // empty when nobody is signed in
	// Guest is the token of a guest's session that the browser has, if any.
	Guest account.Token
	// DisplayName is what somebody without an account wants to be called.
	DisplayName string
	// Attempt is a random text of the form that is sent: sent twice, it makes
	// one guest.
	Attempt string
	Origin  account.Origin
}

// Offer is what an invitation's link leads to.
type Offer struct {
	Invitation
	Room Room
	In   bool // who opened it belongs to the room, or is its guest by this invitation
	// former is the guest whom who opened it was by this invitation, until the call
	// ended.
	former account.GuestID
}

// Offer says what the link with a token offers to who opens it. It returns
// ErrInvitation.
func (s *Store) Offer(ctx context.Context, link InvitationToken, who Comer) (Offer, error) {
	offer, err := findOffer(ctx, s.pool, link, who)
	if err != nil && !errors.Is(err, ErrInvitation) {
		return Offer{}, fmt.Errorf("open invitation: %w", err)
	}
	return offer, err
}

// findOffer loads what a link leads to and decides whether it may be accepted.
// Who is in already needs no valid link any more.
func findOffer(ctx context.Context, db postgres.Querier, link InvitationToken, who Comer) (Offer, error) {
	var o Offer
	err := db.QueryRow(ctx, invitationQuery+` where invited.token_hash = $1`, link.hash()).Scan(o.fields()...)
	if errors.Is(err, pgx.ErrNoRows) {
		return Offer{}, ErrInvitation
	}
	if err != nil {
		return Offer{}, err
	}
	if err := db.QueryRow(ctx, `select `+Columns+` from rooms where id = $1`, o.room).Scan(o.Room.Fields()...); err != nil {
		return Offer{}, err
	}
	if o.In, err = isIn(ctx, db, o, who); err != nil || o.In {
		return o, err
	}
	if o.former, err = formerGuest(ctx, db, o, who.Guest); err != nil {
		return Offer{}, err
	}
	if o.former != "" {
		o.MostUses = 0 // theirs is counted already
	}
	if o.State = o.state(o.Room.State()); o.State != InvitationOpen {
		return Offer{}, ErrInvitation
	}
	return o, nil
}

// isIn says whether who opens a link may be in its room without it. It returns
// ErrInvitation for those to whom the room is closed.
func isIn(ctx context.Context, db postgres.Querier, o Offer, who Comer) (bool, error) {
	var known []Person
	if who.User != "" {
		user, err := person(ctx, db, o.room, who.User)
		if err != nil {
			return false, err
		}
		known = append(known, user)
	}
	if guest, err := guestBy(ctx, db, o, who.Guest); err == nil {
		known = append(known, guest)
	} else if !errors.Is(err, pgx.ErrNoRows) {
		return false, err
	}
	in := false
	for _, p := range known {
		if p.Banned {
			return false, ErrInvitation
		}
		in = in || Authorize(p, Ask{Action: See}, o.Room.State()) == nil && !raises(p, o.Role)
	}
	return in, nil
}

// guestBy loads the guest of a session who came by the invitation of an offer,
// or returns pgx.ErrNoRows.
func guestBy(ctx context.Context, db postgres.Querier, o Offer, token account.Token) (Person, error) {
	var p Person
	err := db.QueryRow(ctx, `
		select `+PersonColumns+`
		from sessions join guests on guests.id = sessions.guest_id and guests.invitation_id = $2
		join rooms on rooms.id = guests.room_id
		left join users on false`+PersonJoins+`
		where sessions.token_hash = $1 and `+account.Valid, token.Hash(), o.ID).Scan(p.Fields()...)
	return p, err
}

// formerGuest returns whom the session of somebody who opens a link made them by
// it, until the call ended: an invitation is for each of those who come, and not
// for a call of theirs. It is empty when there is none such, or their stay ended
// in another way.
func formerGuest(ctx context.Context, db postgres.Querier, o Offer, token account.Token) (id account.GuestID, err error) {
	err = db.QueryRow(ctx, `
		select guests.id from sessions join guests on guests.id = sessions.guest_id and guests.invitation_id = $2
		left join users on false
		where sessions.token_hash = $1 and guests.ended_by = 'call' and `+account.Valid, token.Hash(), o.ID).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// Accepted is what came of accepting an invitation.
type Accepted struct {
	Slug  string
	Guest account.Token // of the new guest's session; empty for people with an account, and for who was in already
}

// Accept lets who opened a link into its room: an invited guest by a session of
// their own, others as members with the role that it gives, which lowers nobody's.
// It counts one use, and none when it changes nothing, or somebody comes again who
// was its guest until a call ended. Of several who want the
// last use, one gets it. It returns ErrInvitation, account.ErrSignedOut when it
// takes an account, and input.Invalid with field display_name.
func (s *Store) Accept(ctx context.Context, link InvitationToken, who Comer) (done Accepted, err error) {
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		done, err = accept(ctx, tx, link, who)
		return err
	})
	if err != nil {
		return Accepted{}, fmt.Errorf("accept invitation: %w", err)
	}
	return done, nil
}

// AcceptNew accepts an invitation for an account that tx makes, so that where an
// invitation is needed for one, each use makes one account and no more. It returns
// ErrInvitation.
func AcceptNew(ctx context.Context, tx pgx.Tx, link InvitationToken, user account.UserID) error {
	_, err := accept(ctx, tx, link, Comer{User: user})
	return err
}

func accept(ctx context.Context, tx pgx.Tx, link InvitationToken, who Comer) (Accepted, error) {
	var id InvitationID
	var in ID
	err := tx.QueryRow(ctx, `select id, room_id from invitations where token_hash = $1`, link.hash()).Scan(&id, &in)
	if errors.Is(err, pgx.ErrNoRows) {
		return Accepted{}, ErrInvitation
	}
	if err != nil {
		return Accepted{}, err
	}
	if err := lock(ctx, tx, in); err != nil {
		return Accepted{}, err
	}
	if again, err := resume(ctx, tx, string(id), who); err != nil || again.Guest != "" {
		return again, err
	}
	offer, err := findOffer(ctx, tx, link, who)
	if err != nil {
		return Accepted{}, err
	}
	done := Accepted{Slug: offer.Room.Slug}
	switch {
	case offer.In:
		return done, nil
	case offer.Role == Guest:
		done.Guest, err = acceptAsGuest(ctx, tx, offer, who)
		return done, err
	}
	return done, acceptAsMember(ctx, tx, offer, who.User)
}

func acceptAsGuest(ctx context.Context, tx pgx.Tx, o Offer, who Comer) (session account.Token, err error) {
	if who.DisplayName, err = account.CleanDisplayName(who.DisplayName); err != nil {
		return "", err
	}
	if o.former != "" {
		return comeAgain(ctx, tx, o.former, who)
	}
	id, session, err := insertGuest(ctx, tx, o.room, string(o.ID), who)
	if err != nil {
		return "", err
	}
	return session, use(ctx, tx, o, string(id), who.DisplayName)
}

// comeAgain begins the stay anew of a guest whose call has ended, and a session.
func comeAgain(ctx context.Context, tx pgx.Tx, id account.GuestID, who Comer) (account.Token, error) {
	if _, err := tx.Exec(ctx, `update guests set ended_at = null, ended_by = null, display_name = $2 where id = $1`, id, who.DisplayName); err != nil {
		return "", err
	}
	return account.BeginGuest(ctx, tx, id, who.Origin)
}

func acceptAsMember(ctx context.Context, tx pgx.Tx, o Offer, who account.UserID) error {
	if who == "" {
		return account.ErrSignedOut
	}
	var username, name string
	if err := tx.QueryRow(ctx, `select username, display_name from users where id = $1`, who).Scan(&username, &name); err != nil {
		return err
	}
	if err := use(ctx, tx, o, string(who), name); err != nil {
		return err
	}
	fresh, err := enrol(ctx, tx, o.room, who, who, username, o.Role)
	if err != nil || fresh {
		return err
	}
	if _, err := tx.Exec(ctx, `update memberships set role = $3 where room_id = $1 and user_id = $2`, o.room, who, o.Role); err != nil {
		return err
	}
	return appendMember(ctx, tx, ledger.RoleChanged, o.room, who, who, username, o.Role)
}

// use counts that somebody has accepted an invitation, in a transaction that
// holds its room.
func use(ctx context.Context, tx pgx.Tx, o Offer, by, name string) error {
	if _, err := tx.Exec(ctx, `update invitations set uses = uses + 1 where id = $1`, o.ID); err != nil {
		return err
	}
	return ledger.Append(ctx, tx, ledger.Entry{
		Room: ledger.Room(o.room), Kind: ledger.InvitationAccepted, Actor: by, Subject: string(o.ID),
		Data: ledger.Data(map[string]string{"name": name}),
	})
}
