package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"foyer/internal/account"
	"foyer/internal/postgres"
	"foyer/internal/room"
	"foyer/internal/words"
)

// askPage is the page of a room for somebody who may know of it and has to
// belong to it to enter.
func (s *Server) askPage(w http.ResponseWriter, r *http.Request, v room.Visit, status int, form Form) error {
	asked, yes, err := s.Rooms.RequestOf(r.Context(), v.Room.ID, v.Person.User)
	if err != nil {
		return err
	}
	page := AskPage{Page: s.base(r, v.Room.Name), Room: header(v), Form: form}
	if yes {
		page.Asked = &RequestRow{Message: asked.Message, At: asked.At}
	}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, status, "ask", page)
	return nil
}

// requestPage is askPage for somebody who is in the room as a guest, and shown that
// there. Others come to it at the room's address.
func (s *Server) requestPage(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if err := v.May(room.Ask{Action: room.RequestToJoin}); err != nil {
		return err
	}
	if !mustBelong(v.May) {
		return s.leave(w, r, roomPath(v), "")
	}
	return s.askPage(w, r, v, http.StatusOK, Form{})
}

func (s *Server) requestToJoin(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	values, err := readForm(r, "message")
	if err != nil {
		return err
	}
	if err = v.May(room.Ask{Action: room.RequestToJoin}); err != nil {
		return err
	}
	if err = s.limits.request(w, r, v.Person.User); err == nil {
		err = s.Rooms.Request(r.Context(), v.Room.ID, v.Person.User, values["message"], s.tellRequested(v))
	}
	if err == nil {
		return s.leave(w, r, "/r/"+v.Room.Slug, words.Text("ask.you_asked", "room", v.Room.Name))
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	return s.askPage(w, r, v, status, form)
}

func (s *Server) withdrawRequest(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if err := s.Rooms.WithdrawRequest(r.Context(), v.Room.ID, v.Person.User); err != nil {
		return err
	}
	return s.leave(w, r, "/r/"+v.Room.Slug, words.Text("requests.you_no_longer_ask_to"))
}

// acceptRequest and declineRequest go on to the path in the field next: requests
// are answered on two pages.
func (s *Server) acceptRequest(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	return s.answerRequest(w, r, v, s.Rooms.GrantRequest, s.tellGranted(v), "requests.granted")
}

func (s *Server) declineRequest(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	return s.answerRequest(w, r, v, s.Rooms.DeclineRequest, s.tellDeclined(v), "requests.declined")
}

type decide func(context.Context, room.ID, account.UserID, room.RequestID, room.Tell) (name string, err error)

func (s *Server) answerRequest(w http.ResponseWriter, r *http.Request, v room.Visit, answer decide, tell room.Tell, outcome string) error {
	values, err := readForm(r, "next")
	if err != nil {
		return err
	}
	name, err := answer(r.Context(), v.Room.ID, v.Person.User, room.RequestID(chi.URLParam(r, "request")), tell)
	notice := words.Text(outcome, "name", name, "room", v.Room.Name)
	if errors.Is(err, postgres.ErrNotFound) {
		// Two moderators at once, or a second click: what was wanted may be done.
		notice, err = words.Text("requests.this_request_was_answered_or"), nil
	}
	if err != nil {
		return err
	}
	return s.leave(w, r, ownPath(values["next"]), notice)
}
