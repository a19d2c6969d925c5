package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"foyer/internal/media"
	"foyer/internal/room"
)

// participants says who is in the call and what the visitor may do with each.
func (s *Server) participants(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	people, err := s.Calls.People(r.Context(), v)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, people)
	return nil
}

// expel puts a participant out of the call.
func (s *Server) expel(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if _, err := readEither(r); err != nil {
		return err
	}
	if err := s.Calls.Expel(r.Context(), v.Room.ID, v.Person.User, participantOf(r)); err != nil {
		return err
	}
	return s.done(w, r, struct{}{}, roomPath(v), "")
}

// sendToLobby puts a participant out of the call until they are let in again.
func (s *Server) sendToLobby(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if _, err := readEither(r); err != nil {
		return err
	}
	if err := s.Calls.SendToLobby(r.Context(), v.Room.ID, v.Person.User, participantOf(r)); err != nil {
		return err
	}
	return s.done(w, r, struct{}{}, roomPath(v), "")
}

// banParticipant puts a participant out of the call and closes the room to them;
// with the field invitation, also the invitation that a guest came by.
func (s *Server) banParticipant(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	values, err := readEither(r, "invitation")
	if err != nil {
		return err
	}
	if err := s.Calls.Ban(r.Context(), v.Room.ID, v.Person.User, participantOf(r), values["invitation"] != ""); err != nil {
		return err
	}
	return s.done(w, r, struct{}{}, roomPath(v), "")
}

// endCall ends the call for everyone.
func (s *Server) endCall(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if _, err := readEither(r); err != nil {
		return err
	}
	if err := s.Calls.End(r.Context(), v.Room.ID, v.Person.User); err != nil {
		return err
	}
	return s.done(w, r, struct{}{}, roomPath(v), "The call has ended for everyone.")
}

func participantOf(r *http.Request) media.ParticipantID {
	return media.ParticipantID(chi.URLParam(r, "participant"))
}
