package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"foyer/internal/room"
)

func (s *Server) membersPage(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	return s.showMembers(w, r, v, http.StatusOK, Form{})
}

func (s *Server) showMembers(w http.ResponseWriter, r *http.Request, v room.Visit, status int, form Form) error {
	if err := v.May(room.Ask{Action: room.ListMembers}); err != nil {
		return err
	}
	members, err := s.Rooms.Members(r.Context(), v.Room.ID)
	if err != nil {
		return err
	}
	page := MembersPage{
		Page: s.base(r, "Members of "+v.Room.Name), Room: header(v), Form: form,
		AddRoles: names(room.Allowed(v.Person, room.Ask{Action: room.AddMember}, v.Room.State(), room.Roles)),
	}
	page.Notice = s.takeNotice(w, r)
	for _, m := range members {
		roles := names(room.Allowed(v.Person, room.Ask{Action: room.SetRole, Target: m.Person}, v.Room.State(), room.Roles))
		page.Members = append(page.Members, MemberRow{
			Person: Person{Username: m.Username, DisplayName: m.DisplayName},
			Role:   string(m.Role), You: m.User == v.Person.User, Live: m.Live, Roles: choice(roles),
			CanRemove: v.May(room.Ask{Action: room.Remove, Target: m.Person}) == nil,
		})
	}
	s.render(w, r, status, "members", page)
	return nil
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
		return s.leave(w, r, membersPath(v), added.DisplayName+" belongs to this room now.")
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	return s.showMembers(w, r, v, status, form)
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
	return s.leave(w, r, membersPath(v), name+" is now "+string(role)+".")
}

func (s *Server) removeMember(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	username := chi.URLParam(r, "username")
	name, err := s.Rooms.RemoveMember(r.Context(), v.Room.ID, v.Person.User, username)
	if err != nil {
		return err
	}
	if username == v.Session.User.Username {
		return s.leave(w, r, "/", "You left "+v.Room.Name+".")
	}
	return s.leave(w, r, membersPath(v), name+" no longer belongs to this room.")
}
