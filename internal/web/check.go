package web

import (
	"errors"
	"net/http"

	"foyer/internal/media"
	"foyer/internal/room"
)

// checkConnection issues a token to try the way to the media service with. It is
// empty where that takes being in a call.
func (s *Server) checkConnection(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if _, err := readEither(r); err != nil {
		return err
	}
	if err := s.limits.check(w, r, v.Person); err != nil {
		return err
	}
	grant, err := s.Calls.Check(r.Context(), v)
	if err != nil && !errors.Is(err, media.ErrUnsupported) {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, struct {
		Backend string `json:"backend"`
		URL     string `json:"url"` // empty: this origin
		Token   string `json:"token"`
	}{v.Room.Backend, grant.URL, grant.Token})
	return nil
}
