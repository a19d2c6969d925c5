package web

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"foyer/internal/call"
	"foyer/internal/eventstream"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/problem"
	"foyer/internal/room"
	"foyer/internal/words"
)

// join issues the token that opens the call.
func (s *Server) join(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		DisplayName string              `json:"display_name"`
		Former      media.ParticipantID `json:"former"` // whom the page was before it lost the call
	}
	if err := readJSON(r, &body); err != nil {
		return err
	}
	token := s.roomToken(r)
	if body.Former != "" && !participantPattern.MatchString(string(body.Former)) {
		return input.Invalid{"former": words.Text("call_request.this_is_not_a_participant")}
	}
	ticket, err := s.Calls.Rejoin(r.Context(), token, chi.URLParam(r, "slug"), body.DisplayName, body.Former)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, struct {
		Backend     string              `json:"backend"`
		URL         string              `json:"url"` // empty: this origin
		Token       string              `json:"token"`
		ExpiresAt   time.Time           `json:"expires_at"`
		Participant media.ParticipantID `json:"participant"`
		May         room.Switches       `json:"may"`
		Position    ledger.Position     `json:"position"`
		People      []call.Who          `json:"people"`
		Host        call.Host           `json:"host"`
		Spotlight   media.ParticipantID `json:"spotlight"` // empty: nobody
	}{
		ticket.Grant.Backend, ticket.Grant.URL, ticket.Grant.Token, ticket.Grant.Expires,
		ticket.Participant, ticket.May, ticket.Position, ticket.People, ticket.Host, ticket.Spotlight,
	})
	return nil
}

var participantPattern = regexp.MustCompile(`^[a-z0-9]{1,64}$`)

// events streams what happens in the room to a participant.
func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	if err := problem.Endless(w, r); err != nil {
		return err
	}
	after, err := position(r)
	if err != nil {
		return err
	}
	participant := r.URL.Query().Get("participant")
	if !participantPattern.MatchString(participant) {
		return call.ErrNotYours
	}
	stream, err := s.Calls.Stream(r.Context(), s.roomToken(r), chi.URLParam(r, "slug"), media.ParticipantID(participant), after)
	if err != nil {
		return err
	}
	defer stream.Close()
	eventstream.Send(w, r, s.Log, stream.Next)
	return nil
}

// position is where an event stream goes on from: what the browser saw last, or
// what it asks for at first.
func position(r *http.Request) (ledger.Position, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("after")
	}
	if text == "" {
		return 0, input.Invalid{"after": words.Text("call_request.say_from_which_position_on")}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, input.Invalid{"after": words.Text("call_request.this_is_not_a_position")}
	}
	return ledger.Position(n), nil
}

// callback takes what a media service reports.
func (s *Server) callback(backend media.Backend) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		event, err := backend.Event(r)
		switch {
		case errors.Is(err, media.ErrForged):
			s.refusals.Do(func() {
				s.Log.Warn("callback of the media service refused; when many are, check its secret here and FOYER_PUBLIC_URL",
					"service", backend.Capabilities().Name, "error", err)
			})
			return problem.ErrForged
		case err != nil:
			return unreadable(err)
		}
		if event.Kind != media.EventOther && s.reports.isNew(event.ID, time.Now()) {
			s.Reconciler.Seen(event.Room)
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}
