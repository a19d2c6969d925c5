package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account/apitoken"
	"foyer/internal/problem"
	"foyer/internal/room"
)

// InvitationWriter has an invitation mailed, once tx commits.
type InvitationWriter func(ctx context.Context, tx pgx.Tx, made room.MadeInvitation) error

// Invitation is an invitation into a room. Its link is known to who made it, once.
type Invitation struct {
	ID        room.InvitationID    `json:"id" format:"uuid"`
	Role      room.Role            `json:"role" enum:"guest,member,moderator"`
	Note      string               `json:"note"`
	Email     string               `json:"email" doc:"To whom it was mailed; empty for a link."`
	MostUses  int                  `json:"most_uses" doc:"0: any number."`
	Uses      int                  `json:"uses"`
	CreatedAt time.Time            `json:"created_at"`
	CreatedBy string               `json:"created_by" doc:"Name of who made it; empty when their account is gone."`
	ExpiresAt *time.Time           `json:"expires_at,omitempty" doc:"Left out when it lasts."`
	State     room.InvitationState `json:"state" enum:"open,used_up,expired,revoked,banned,void,no_guests"`
}

// MadeInvitation is an invitation as who made it sees it, once.
type MadeInvitation struct {
	ID        room.InvitationID `json:"id" format:"uuid"`
	Role      room.Role         `json:"role" enum:"guest,member,moderator"`
	URL       string            `json:"url,omitempty" doc:"Its link. Left out of invitations by mail, which go to who they are for."`
	Email     string            `json:"email,omitempty"`
	ExpiresAt *time.Time        `json:"expires_at,omitempty"`
}

func (a *API) invitationOperations() {
	s := a.section("Invitations")
	addRoom(s, op{method: http.MethodGet, path: "/rooms/{slug}/invitations", id: "listInvitations", summary: "Invitations into a room", scope: apitoken.RoomsRead,
		about: "Those that the caller may end, the newest first."}, a.listInvitations)
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/invitations", id: "invite", summary: "Invite people", scope: apitoken.RoomsWrite,
		status: http.StatusCreated, about: "Makes a link, or with emails one for each address, which is mailed there. A link is told once."}, a.invite)
	addRoom(s, op{method: http.MethodDelete, path: "/rooms/{slug}/invitations/{invitation}", id: "revokeInvitation", summary: "Revoke an invitation",
		scope: apitoken.RoomsWrite, about: "Guests who came by it are out at once."}, a.revokeInvitation)
	add(s, op{method: http.MethodPost, path: "/look-at-invitation", id: "lookAtInvitation", summary: "Look at an invitation", scope: apitoken.RoomsRead,
		about: "What its link offers, before it is accepted; it is not used up by that. One that lets nobody in, for whatever reason, is not found."}, a.lookAtInvitation)
	add(s, op{method: http.MethodPost, path: "/accept-invitation", id: "acceptInvitation", summary: "Accept an invitation", scope: apitoken.RoomsWrite,
		about: "As the account of the token, which belongs to the room from then on."}, a.acceptInvitation)
}

type listInvitationsInput struct {
	AboutRoom
	Paged
}

func (a *API) listInvitations(ctx context.Context, v room.Visit, in *listInvitationsInput) (*body[page[Invitation]], error) {
	roles := room.Allowed(v.Person, room.Ask{Action: room.Revoke}, v.Room.State(), room.InvitationRoles)
	if len(roles) == 0 {
		return nil, v.May(room.Ask{Action: room.Revoke, NewRole: room.Guest})
	}
	at, err := a.place(listOf("invitations", v.Room.ID), in.After)
	if err != nil {
		return nil, err
	}
	found, next, err := a.Rooms.Invitations(ctx, v.Room, roles, room.ParseCursor(at))
	return answer(page[Invitation]{each(found, func(i room.Invitation) Invitation {
		return Invitation{i.ID, i.Role, i.Note, i.Email, i.MostUses, i.Uses, i.CreatedAt, i.By, i.ExpiresAt, i.State}
	}), a.next(listOf("invitations", v.Room.ID), next.String())}, err)
}

type inviteInput struct {
	AboutRoom
	Body struct {
		Role     string   `json:"role" enum:"guest,member,moderator"`
		Lasts    string   `json:"lasts,omitempty" enum:"hour,day,week,month,always" default:"week"`
		Note     string   `json:"note,omitempty" maxLength:"200"`
		MostUses int      `json:"most_uses,omitempty" minimum:"0" maximum:"10000" doc:"How often a link can be accepted; 0: any number of times."`
		Emails   []string `json:"emails,omitempty" maxItems:"50" doc:"Addresses to which invitations for one person each are mailed, in place of a link."`
	}
}

func (a *API) invite(ctx context.Context, v room.Visit, in *inviteInput) (*made[list[MadeInvitation]], error) {
	b := in.Body
	draft := room.InvitationDraft{
		Role: room.Role(b.Role), Lasts: room.Lasting(b.Lasts), Note: b.Note, MostUses: b.MostUses,
		ByMail: len(b.Emails) > 0, Addresses: strings.Join(b.Emails, "\n"),
	}
	if draft.ByMail {
		if err := a.Limit(Mailings, string(v.Person.User)); err != nil {
			return nil, err
		}
	}
	invitations, err := a.Rooms.Invite(ctx, v.Room.ID, v.Person.User, draft, a.Letters.Invited)
	if err != nil {
		return nil, err
	}
	items := each(invitations, func(m room.MadeInvitation) MadeInvitation {
		out := MadeInvitation{ID: m.ID, Role: m.Role, Email: m.Email, ExpiresAt: m.ExpiresAt}
		if m.Email == "" {
			out.URL = a.Origin + "/invite/" + string(m.Token)
		}
		return out
	})
	return &made[list[MadeInvitation]]{Root + "/rooms/" + v.Room.Slug + "/invitations", list[MadeInvitation]{items}}, nil
}

type invitationInput struct {
	AboutRoom
	Invitation room.InvitationID `path:"invitation" maxLength:"64"`
}

func (a *API) revokeInvitation(ctx context.Context, v room.Visit, in *invitationInput) (*none, error) {
	return done(a.Rooms.Revoke(ctx, v.Room.ID, v.Person.User, in.Invitation))
}

type linkInput struct {
	Body struct {
		Token room.InvitationToken `json:"token" maxLength:"200" doc:"What stands behind /invite/ in the link."`
	}
}

// byLink does something with an invitation's link for the account of the token,
// unless its address has tried too many that lead nowhere.
func byLink[T any](ctx context.Context, a *API, in *linkInput, do func(context.Context, room.InvitationToken, room.Comer) (T, error)) (done T, err error) {
	c := callerOf(ctx)
	if c.Rooms != nil {
		return done, errLimited
	}
	if a.TooManyWrongLinks(c.address) {
		return done, problem.ErrTooMany
	}
	done, err = do(ctx, in.Body.Token, room.Comer{User: c.user()})
	if errors.Is(err, room.ErrInvitation) {
		a.WrongLink(c.address)
	}
	return done, err
}

// Offer is what an invitation's link offers to the account of the token.
type Offer struct {
	Room      string     `json:"room" doc:"The room's name."`
	Slug      string     `json:"slug,omitempty" doc:"Its address, for who belongs to it already."`
	Role      room.Role  `json:"role" enum:"guest,member,moderator" doc:"What it makes of who accepts it."`
	InvitedBy string     `json:"invited_by" doc:"Name of who made it; empty when their account is gone."`
	Note      string     `json:"note"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Left out when it lasts."`
	Takes     string     `json:"takes" enum:"nothing,account,name" doc:"What it takes to accept it. account: the token's will do, by accept-invitation; name: somebody gives theirs on the page of the link, as a guest; nothing: the account is in already."`
}

func (a *API) lookAtInvitation(ctx context.Context, in *linkInput) (*body[Offer], error) {
	o, err := byLink(ctx, a, in, a.Rooms.Offer)
	offer := Offer{Room: o.Room.Name, Role: o.Role, InvitedBy: o.By, Note: o.Note, ExpiresAt: o.ExpiresAt, Takes: "account"}
	switch {
	case o.In:
		offer.Takes, offer.Slug = "nothing", o.Room.Slug
	case o.Role == room.Guest:
		offer.Takes = "name"
	}
	return answer(offer, err)
}

// Accepted is the room that an invitation led into.
type Accepted struct {
	Slug string `json:"slug"`
}

func (a *API) acceptInvitation(ctx context.Context, in *linkInput) (*body[Accepted], error) {
	accepted, err := byLink(ctx, a, in, a.Rooms.Accept)
	return answer(Accepted{accepted.Slug}, err)
}
