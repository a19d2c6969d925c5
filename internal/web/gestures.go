package web

import (
	"net/http"

	"foyer/internal/input"
	"foyer/internal/room"
	"foyer/internal/words"
)

// leaveCall ends a presence of the visitor's at once: the media service hears of a
// page that is closed only when its connection times out.
func (s *Server) leaveCall(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if err := s.Calls.Leave(r.Context(), s.roomToken(r), v.Room.ID, participantOf(r)); err != nil {
		return err
	}
	return s.done(w, r, struct{}{}, roomPath(v), "")
}

// hand raises or lowers the hand of a participant of the visitor's.
func (s *Server) hand(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	values, err := readEither(r, "raised")
	if err != nil {
		return err
	}
	if err := s.limits.hand(w, r, v.Person); err != nil {
		return err
	}
	switch values["raised"] {
	case "on":
		err = s.Calls.RaiseHand(r.Context(), v, participantOf(r))
	case "off":
		err = s.Calls.LowerOwnHand(r.Context(), v, participantOf(r))
	default:
		err = input.Invalid{"raised": words.Text("switches.unknown")}
	}
	if err != nil {
		return err
	}
	return s.done(w, r, struct{}{}, roomPath(v), "")
}

// react shows a reaction of a participant of the visitor's to everybody.
func (s *Server) react(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	values, err := readEither(r, "reaction")
	if err != nil {
		return err
	}
	if err := s.limits.reaction(w, r, v.Person); err != nil {
		return err
	}
	if err := s.Calls.React(r.Context(), v, participantOf(r), values["reaction"]); err != nil {
		return err
	}
	return s.done(w, r, struct{}{}, roomPath(v), "")
}
