package web

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"foyer/internal/account"
)

// GuestCookie is the cookie of a guest's session, as browsers send it.
func (s *Server) GuestCookie(t *testing.T, slug string, token account.Token) string {
	t.Helper()
	w := httptest.NewRecorder()
	if err := s.setGuestToken(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), slug, token); err != nil {
		t.Fatal(err)
	}
	cookie := w.Result().Cookies()[0]
	return cookie.Name + "=" + cookie.Value
}
