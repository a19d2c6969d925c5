package web

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"foyer/internal/postgres"
	"foyer/internal/room"
)

func (s *Server) bansPage(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if err := v.May(room.Ask{Action: room.ManageBans}); err != nil {
		return err
	}
	bans, err := s.Rooms.Bans(r.Context(), v.Room.ID)
	if err != nil {
		return err
	}
	page := BansPage{Page: s.base(r, "Banned from "+v.Room.Name), Room: header(v)}
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
	return s.leave(w, r, membersPath(v), name+" is banned from "+v.Room.Name+".")
}

func (s *Server) liftBan(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	name, err := s.Rooms.LiftBan(r.Context(), v.Room.ID, v.Person.User, room.BanID(chi.URLParam(r, "ban")))
	notice := "The ban is lifted."
	switch {
	case errors.Is(err, postgres.ErrNotFound):
		notice = "This ban was lifted already."
	case err != nil:
		return err
	case name != "":
		notice = "The ban of " + name + " is lifted."
	}
	return s.leave(w, r, "/r/"+v.Room.Slug+"/bans", notice)
}
