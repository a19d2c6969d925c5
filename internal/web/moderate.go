package web

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"

	"foyer/internal/account"
	"foyer/internal/media"
	"foyer/internal/room"
	"foyer/internal/words"
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

// leading is for what whoever moderates a call does with one participant.
func (s *Server) leading(do func(context.Context, room.ID, account.UserID, media.ParticipantID) error) visitHandler {
	return func(w http.ResponseWriter, r *http.Request, v room.Visit) error {
		return s.leadingAll(func(ctx context.Context, in room.ID, by account.UserID) error {
			return do(ctx, in, by, participantOf(r))
		})(w, r, v)
	}
}

// leadingAll is for what they do with the call.
func (s *Server) leadingAll(do func(context.Context, room.ID, account.UserID) error) visitHandler {
	return func(w http.ResponseWriter, r *http.Request, v room.Visit) error {
		if _, err := readEither(r); err != nil {
			return err
		}
		if err := do(r.Context(), v.Room.ID, v.Person.User); err != nil {
			return err
		}
		return s.done(w, r, struct{}{}, roomPath(v), "")
	}
}

func (s *Server) endSpotlight(ctx context.Context, in room.ID, by account.UserID) error {
	return s.Calls.Spotlight(ctx, in, by, "")
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
	return s.done(w, r, struct{}{}, roomPath(v), words.Text("moderate.the_call_has_ended_for"))
}

func participantOf(r *http.Request) media.ParticipantID {
	return media.ParticipantID(chi.URLParam(r, "participant"))
}
