package web

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"foyer/internal/room"
	"foyer/internal/words"
)

// orDoor shows somebody who is not signed in, where h would send them to log in,
// the door of an open room that takes guests.
func (s *Server) orDoor(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := h(w, r)
		if !errors.Is(err, room.ErrSignIn) {
			return err
		}
		at, err := s.Rooms.Door(r.Context(), chi.URLParam(r, "slug"))
		if err != nil {
			return err
		}
		s.showDoor(w, r, at, http.StatusOK, Form{Values: map[string]string{"attempt": newAttempt()}})
		return nil
	}
}

func (s *Server) showDoor(w http.ResponseWriter, r *http.Request, at room.Room, status int, form Form) {
	w.Header().Set("Cache-Control", "no-store")
	s.render(w, r, status, "door", DoorPage{
		Page: s.base(r, at.Name), Path: "/r/" + at.Slug, RoomName: at.Name, Form: form, SignupOpen: s.signupOpen(),
	})
}

// comeIn makes a guest of somebody at the door. Whoever may visit the room goes
// on to it.
func (s *Server) comeIn(w http.ResponseWriter, r *http.Request) error {
	values, err := readForm(r, "display_name", "attempt")
	if err != nil {
		return err
	}
	slug := chi.URLParam(r, "slug")
	if _, _, err := s.visit(r); !errors.Is(err, room.ErrSignIn) {
		if err != nil {
			return err
		}
		return s.leave(w, r, "/r/"+slug, "")
	}
	who := room.Comer{DisplayName: values["display_name"], Attempt: values["attempt"], Origin: origin(r)}
	if err = s.limits.guest(w, r, who); err == nil {
		session, problem := s.Rooms.ComeIn(r.Context(), slug, who)
		if problem == nil {
			return s.enterAsGuest(w, r, session, slug)
		}
		err = problem
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	at, err := s.Rooms.Door(r.Context(), slug)
	if err != nil {
		return err
	}
	s.showDoor(w, r, at, status, form)
	return nil
}

// leaveAsGuest ends a guest's stay for good.
func (s *Server) leaveAsGuest(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if err := s.Rooms.LeaveAsGuest(r.Context(), v); err != nil {
		return err
	}
	if err := s.clearGuestToken(w, r, "/r/"+v.Room.Slug); err != nil {
		return err
	}
	return s.leave(w, r, "/", words.Text("room.you_left", "room", v.Room.Name))
}
