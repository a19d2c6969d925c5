package web

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"foyer/internal/eventstream"
	"foyer/internal/postgres"
	"foyer/internal/problem"
	"foyer/internal/room"
	"foyer/internal/words"
)

// standing is what the lobby says of somebody.
type standing struct {
	State room.Answer `json:"state"`
}

// knock asks to be let in.
func (s *Server) knock(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	values, err := readEither(r, "display_name")
	if err != nil {
		return err
	}
	if err := s.limits.knock(w, r, v.Person); err != nil {
		return err
	}
	answer, err := s.Rooms.Knock(r.Context(), v, values["display_name"])
	if err != nil {
		return err
	}
	return s.done(w, r, standing{answer}, roomPath(v), "")
}

// stopWaiting takes the visitor out of the lobby.
func (s *Server) stopWaiting(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if _, err := readEither(r); err != nil {
		return err
	}
	if err := s.Rooms.StopWaiting(r.Context(), v); err != nil {
		return err
	}
	return s.done(w, r, standing{room.NotAsked}, roomPath(v), "")
}

// waiting streams to somebody what becomes of them in the lobby: their standing,
// whenever it changes.
func (s *Server) waiting(w http.ResponseWriter, r *http.Request) error {
	if err := problem.Endless(w, r); err != nil {
		return err
	}
	wait, err := s.Calls.Wait(r.Context(), s.roomToken(r), chi.URLParam(r, "slug"))
	if err != nil {
		return err
	}
	defer wait.Close()
	eventstream.Send(w, r, s.Log, wait.Events)
	return nil
}

// admit lets in one of those who wait.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if _, err := readEither(r); err != nil {
		return err
	}
	err := s.Rooms.Admit(r.Context(), v.Room.ID, v.Person.User, entryOf(r))
	return s.answered(w, r, err, room.Admitted, words.Text("lobby.they_can_come_in_now"))
}

// admitAll lets in everybody who waits.
func (s *Server) admitAll(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if _, err := readEither(r); err != nil {
		return err
	}
	n, err := s.Rooms.AdmitAll(r.Context(), v.Room.ID, v.Person.User)
	if err != nil {
		return err
	}
	notice := words.Text("lobby.can_come_in", "count", n)
	if n == 0 {
		notice = words.Text("lobby.nobody_waits_any_more")
	}
	return s.done(w, r, map[string]int{"admitted": n}, "/", notice)
}

// deny tells one of those who wait that they are not let in.
func (s *Server) deny(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if _, err := readEither(r); err != nil {
		return err
	}
	err := s.Rooms.Deny(r.Context(), v.Room.ID, v.Person.User, entryOf(r))
	return s.answered(w, r, err, room.Denied, words.Text("lobby.they_were_told_that_they"))
}

// block denies and closes the room to one of those who wait; with the field
// invitation, also the invitation that a guest came by.
func (s *Server) block(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	values, err := readEither(r, "invitation")
	if err != nil {
		return err
	}
	err = s.Rooms.DenyAndBan(r.Context(), v.Room.ID, v.Person.User, entryOf(r), values["invitation"] != "")
	return s.answered(w, r, err, room.Denied, words.Text("lobby.the_room_is_closed_to"))
}

// answered goes on after one of those who wait was answered. They may be gone, or
// another moderator may have been quicker, before the page said so: a form goes on
// then too, and is told.
func (s *Server) answered(w http.ResponseWriter, r *http.Request, err error, is room.Answer, notice string) error {
	switch {
	case errors.Is(err, postgres.ErrNotFound) && !isJSON(r):
		notice = words.Text("lobby.they_do_not_wait_any_more")
	case err != nil:
		return err
	}
	return s.done(w, r, standing{is}, "/", notice)
}

func entryOf(r *http.Request) room.EntryID { return room.EntryID(chi.URLParam(r, "entry")) }

func roomPath(v room.Visit) string { return "/r/" + v.Room.Slug }
