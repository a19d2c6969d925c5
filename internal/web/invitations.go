package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"foyer/internal/room"
	"foyer/internal/words"
)

func (s *Server) invitationsPage(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	values := map[string]string{"role": string(room.Member), "lasts": string(room.LastsWeek), "way": "link"}
	// The members page leads here with addresses that have no account.
	if emails := r.URL.Query().Get("emails"); emails != "" {
		values["way"], values["emails"] = "mail", shown(emails)
	}
	return s.showInvitations(w, r, v, http.StatusOK, Form{Values: values})
}

func (s *Server) showInvitations(w http.ResponseWriter, r *http.Request, v room.Visit, status int, form Form) error {
	roles := mayRevoke(v)
	if len(roles) == 0 {
		return v.May(room.Ask{Action: room.Revoke, NewRole: room.Guest})
	}
	after := room.ParseCursor(r.URL.Query().Get("after"))
	invitations, next, err := s.Rooms.Invitations(r.Context(), v.Room, roles, after)
	if err != nil {
		return err
	}
	page := InvitationsPage{
		Page: s.base(r, words.Text("invitations.title", "room", v.Room.Name)), Room: header(v), Form: form,
		Roles: names(room.Allowed(v.Person, room.Ask{Action: room.Invite}, v.Room.State(), room.InvitationRoles)),
		Pages: pagesOf(invitationsPath(v), nil, after.String(), next.String()),
	}
	page.Notice = s.takeNotice(w, r)
	for _, i := range invitations {
		page.Invitations = append(page.Invitations, invitationRow(i))
	}
	if token := s.takeMade(w, r, v.Room.Slug); token != "" {
		if page.Made, err = madeLink(s.origin(r) + "/invite/" + string(token)); err != nil {
			return err
		}
	}
	w.Header().Set("Cache-Control", "no-store") // the link is shown once
	s.render(w, r, status, "invitations", page)
	return nil
}

// mayRevoke are the roles of the invitations that the visitor may see and end.
func mayRevoke(v room.Visit) []room.Role {
	return room.Allowed(v.Person, room.Ask{Action: room.Revoke}, v.Room.State(), room.InvitationRoles)
}

func invitationsPath(v room.Visit) string { return "/r/" + v.Room.Slug + "/invitations" }

func invitationRow(i room.Invitation) InvitationRow {
	row := InvitationRow{
		ID: string(i.ID), Role: string(i.Role), Note: i.Note, Email: i.Email, Uses: i.Uses, MostUses: i.MostUses,
		By: i.By, At: i.CreatedAt, Ends: i.ExpiresAt, Open: i.State == room.InvitationOpen,
	}
	switch i.State {
	case room.InvitationOpen:
		row.State = words.Text("invitations.state_open")
	case room.InvitationUsedUp:
		row.State = words.Text("invitations.used_up")
	case room.InvitationExpired:
		row.State = words.Text("invitations.state_expired")
	case room.InvitationRevoked:
		row.State = words.Text("invitations.state_revoked")
	case room.InvitationBanned:
		row.State = words.Text("invitations.closed_by_a_ban")
	case room.InvitationNoGuests:
		row.State = words.Text("invitations.the_room_takes_no_guests")
	case room.InvitationVoid:
		row.State = words.Text("invitations.void_account")
		if i.By != "" {
			row.State = words.Text("invitations.void_by", "by", i.By)
		}
	}
	// Whoever came as a guest by one that is used up is still here by it.
	row.CanRevoke = i.State != room.InvitationRevoked && i.State != room.InvitationExpired &&
		(i.State != room.InvitationUsedUp || i.Role == room.Guest)
	return row
}

// invite makes invitations. Its link is shown once, on the page that follows.
func (s *Server) invite(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	values, err := readForm(r, "role", "lasts", "note", "way", "uses", "emails")
	if err != nil {
		return err
	}
	draft := room.InvitationDraft{
		Role: room.Role(values["role"]), Lasts: room.Lasting(values["lasts"]), Note: values["note"],
		MostUses: limitOf(values["uses"]), ByMail: values["way"] == "mail", Addresses: values["emails"],
	}
	if draft.ByMail {
		err = s.limits.mailing(w, r, v.Person)
	}
	var made []room.MadeInvitation
	if err == nil {
		made, err = s.Rooms.Invite(r.Context(), v.Room.ID, v.Person.User, draft, s.deliver)
	}
	switch {
	case err == nil && draft.ByMail:
		return s.leave(w, r, invitationsPath(v), s.mailed(len(made)))
	case err == nil:
		if err := s.keepMade(w, r, v.Room.Slug, made[0].Token); err != nil {
			return err
		}
		return s.leave(w, r, invitationsPath(v), "")
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	return s.showInvitations(w, r, v, status, form)
}

// limitOf is how often a link may be used: any number of times when nothing is
// typed, and what no invitation takes when it is no number.
func limitOf(text string) int {
	if text = strings.TrimSpace(text); text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n == 0 {
		return -1
	}
	return n
}

func (s *Server) revokeInvitation(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if err := s.Rooms.Revoke(r.Context(), v.Room.ID, v.Person.User, room.InvitationID(chi.URLParam(r, "invitation"))); err != nil {
		return err
	}
	return s.leave(w, r, invitationsPath(v), words.Text("invitations.the_invitation_is_revoked"))
}

// madeKey is where the cookie keeps, between a form and the page that follows it,
// the link that was made. It is signed, for the maker's own browser, and read
// once.
const madeKey = "made"

func (s *Server) keepMade(w http.ResponseWriter, r *http.Request, slug string, token room.InvitationToken) error {
	session := s.cookie(r)
	session.Values[madeKey] = slug + " " + string(token)
	return session.Save(r, w)
}

func (s *Server) takeMade(w http.ResponseWriter, r *http.Request, slug string) room.InvitationToken {
	session := s.cookie(r)
	kept, _ := session.Values[madeKey].(string)
	token, here := strings.CutPrefix(kept, slug+" ")
	if !here {
		return ""
	}
	delete(session.Values, madeKey)
	if err := session.Save(r, w); err != nil {
		s.Log.Warn("made invitation not cleared", "error", err)
	}
	return room.InvitationToken(token)
}
