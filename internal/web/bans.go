package web

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"foyer/internal/postgres"
	"foyer/internal/room"
	"foyer/internal/words"
)

func (s *Server) bansPage(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if err := v.May(room.Ask{Action: room.ManageBans}); err != nil {
		return err
	}
	after := room.ParseCursor(r.URL.Query().Get("after"))
	bans, next, err := s.Rooms.Bans(r.Context(), v.Room.ID, after)
	if err != nil {
		return err
	}
	page := BansPage{
		Page: s.base(r, words.Text("bans.title", "room", v.Room.Name)), Room: header(v),
		Pages: pagesOf("/r/"+v.Room.Slug+"/bans", nil, after.String(), next.String()),
	}
	page.Notice = s.takeNotice(w, r)
	for _, b := range bans {
		page.Bans = append(page.Bans, BanRow{
			Person: Person{Username: b.Username, DisplayName: b.Name}, ID: string(b.ID), Kind: string(b.Kind), At: b.At, By: b.By,
		})
	}
	s.render(w, r, http.StatusOK, "bans", page)
	return nil
}

func (s *Server) banMember(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	name, err := s.Rooms.BanMember(r.Context(), v.Room.ID, v.Person.User, chi.URLParam(r, "username"))
	if err != nil {
		return err
	}
	return s.leave(w, r, membersPath(v), words.Text("bans.banned", "name", name, "room", v.Room.Name))
}

func (s *Server) liftBan(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	name, err := s.Rooms.LiftBan(r.Context(), v.Room.ID, v.Person.User, room.BanID(chi.URLParam(r, "ban")))
	notice := words.Text("bans.the_ban_is_lifted")
	switch {
	case errors.Is(err, postgres.ErrNotFound):
		notice = words.Text("bans.this_ban_was_lifted_already")
	case err != nil:
		return err
	case name != "":
		notice = words.Text("bans.lifted", "name", name)
	}
	return s.leave(w, r, "/r/"+v.Room.Slug+"/bans", notice)
}
