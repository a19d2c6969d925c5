package web

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"foyer/internal/input"
	"foyer/internal/postgres"
	"foyer/internal/room"
	"foyer/internal/words"
)

// membersForms are the forms of the members page as they were sent; all of them
// are empty when the page is only looked at.
type membersForms struct {
	add, list, transfer Form
	results             []LineResult
}

func (s *Server) membersPage(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	return s.showMembers(w, r, v, http.StatusOK, membersForms{})
}

func (s *Server) showMembers(w http.ResponseWriter, r *http.Request, v room.Visit, status int, forms membersForms) error {
	if err := v.May(room.Ask{Action: room.ListMembers}); err != nil {
		return err
	}
	query := r.URL.Query()
	page := MembersPage{
		Page: s.base(r, words.Text("members.title", "room", v.Room.Name)), Room: header(v),
		Query: shown(query.Get("q")), Role: roleNamed(query.Get("role")), AllRoles: names(room.Roles),
		AddRoles: names(room.Allowed(v.Person, room.Ask{Action: room.AddMember}, v.Room.State(), room.Roles)),
		Form:     forms.add, ListForm: forms.list, Results: forms.results, MostLines: room.MostLines, TransferForm: forms.transfer,
		CanTransfer: mayTransfer(v),
	}
	page.CanLeave, page.LastOwner = mayLeave(v)
	sought := room.Sought{Name: page.Query, Role: room.Role(page.Role), After: room.ParseCursor(query.Get("after"))}
	roll, err := s.Rooms.Roll(r.Context(), v.Room.ID, sought)
	if err != nil {
		return err
	}
	page.Found = roll.Found
	page.Pages = pagesOf(membersPath(v), map[string]string{"q": page.Query, "role": page.Role}, sought.After.String(), roll.Next.String())
	for _, m := range roll.Members {
		page.Members = append(page.Members, memberRow(v, m))
	}
	if v.May(room.DecideRequests) == nil {
		requests, err := s.Rooms.Requests(r.Context(), v.Room.ID)
		if err != nil {
			return err
		}
		page.Requests = requestRows(requests[v.Room.ID])
	}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, status, "members", page)
	return nil
}

// roleNamed is a role that members can have, or empty.
func roleNamed(name string) string {
	for _, role := range room.Roles {
		if string(role) == name {
			return name
		}
	}
	return ""
}

// memberRow is a member and what the visitor may do with them. Leaving is not
// among it: it has a place of its own on the page.
func memberRow(v room.Visit, m room.Membership) MemberRow {
	you := m.User == v.Person.User
	roles := names(room.Allowed(v.Person, room.Ask{Action: room.SetRole, Target: m.Person}, v.Room.State(), room.Roles))
	return MemberRow{
		Person: Person{Username: m.Username, DisplayName: m.DisplayName},
		Role:   string(m.Role), You: you, Live: m.Live, Roles: choice(roles),
		CanRemove: !you && v.May(room.Ask{Action: room.Remove, Target: m.Person}) == nil,
		CanBan:    v.May(room.Ask{Action: room.Ban, Target: m.Person}) == nil,
		CanOwn:    v.May(room.Ask{Action: room.Transfer, Target: m.Person}) == nil,
	}
}

// mayLeave says whether the visitor may leave the room, and whether they may not
// because nobody else owns it.
func mayLeave(v room.Visit) (yes, lastOwner bool) {
	err := v.May(room.Ask{Action: room.Remove, Target: v.Person})
	return err == nil, errors.Is(err, room.LastOwner)
}

// mayTransfer says whether the visitor may hand the room over to some member.
func mayTransfer(v room.Visit) bool {
	return v.May(room.Ask{Action: room.Transfer, Target: room.Person{Role: room.Member}}) == nil
}

// choice leaves out what is not one: a single role to choose is no choice.
func choice(roles []string) []string {
	if len(roles) < 2 {
		return nil
	}
	return roles
}

func names(roles []room.Role) []string {
	var names []string
	for _, role := range roles {
		names = append(names, string(role))
	}
	return names
}

func (s *Server) addMember(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	values, err := readForm(r, "login", "role")
	if err != nil {
		return err
	}
	added, err := s.Rooms.AddMember(r.Context(), v.Room.ID, v.Person.User, values["login"], room.Role(values["role"]))
	if err == nil {
		return s.leave(w, r, membersPath(v), words.Text("members.belongs_now", "name", added.DisplayName))
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	return s.showMembers(w, r, v, status, membersForms{add: form})
}

func membersPath(v room.Visit) string { return "/r/" + v.Room.Slug + "/members" }

func (s *Server) setRole(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	values, err := readForm(r, "role")
	if err != nil {
		return err
	}
	role := room.Role(values["role"])
	name, err := s.Rooms.SetRole(r.Context(), v.Room.ID, v.Person.User, chi.URLParam(r, "username"), role)
	if err != nil {
		return err
	}
	return s.leave(w, r, membersPath(v), words.Text("members.now_"+string(role), "name", name))
}

func (s *Server) removeMember(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	username := chi.URLParam(r, "username")
	name, err := s.Rooms.RemoveMember(r.Context(), v.Room.ID, v.Person.User, username)
	if err != nil {
		return err
	}
	if username == v.Session.User.Username {
		return s.leave(w, r, "/", words.Text("room.you_left", "room", v.Room.Name))
	}
	return s.leave(w, r, membersPath(v), words.Text("members.no_longer_belongs", "name", name))
}

// transferRoom makes another the owner; the visitor stays as a moderator.
func (s *Server) transferRoom(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	values, err := readForm(r, "username", "confirm_transfer")
	if err != nil {
		return err
	}
	if !mayTransfer(v) {
		return room.Rank
	}
	name := ""
	if values["confirm_transfer"] != v.Room.Name {
		err = input.Invalid{"confirm_transfer": words.Text("room.type_its_name", "room", v.Room.Name)}
	} else {
		name, err = s.Rooms.Transfer(r.Context(), v.Room.ID, v.Person.User, input.Searchable(values["username"]))
	}
	switch {
	case err == nil:
		return s.leave(w, r, membersPath(v), words.Text("members.owns_now", "name", name))
	case errors.Is(err, postgres.ErrNotFound), errors.Is(err, room.Rank):
		err = input.Invalid{"username": words.Text("members.choose_a_member_of_this")}
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	return s.showMembers(w, r, v, status, membersForms{transfer: form})
}
