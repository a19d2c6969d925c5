package web

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"foyer/internal/problem"
)

// handler answers a request or returns why it cannot; page and json turn that
// into an answer.
type handler = func(w http.ResponseWriter, r *http.Request) error

// page answers with HTML.
func (s *Server) page(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil || r.Context().Err() != nil {
			return
		}
		p := problem.Of(err)
		if p.Status == 401 {
			http.Redirect(w, r, loginAddress(r), http.StatusSeeOther)
			return
		}
		r = s.recognise(r)
		page := ErrorPage{Page: s.base(r, p.Heading), Status: p.Status, Heading: p.Heading, Message: p.Message, RequestID: s.report(r, p, err)}
		w.Header().Set("Cache-Control", "no-store")
		p.Hint(w)
		s.render(w, r, p.Status, "error", page)
	}
}

// loginAddress comes back to where the person wanted to go, if that is a page.
func loginAddress(r *http.Request) string {
	if r.Method != http.MethodGet || r.URL.Path == "/" {
		return "/login"
	}
	return "/login?" + url.Values{"next": {r.URL.EscapedPath()}}.Encode()
}

// json answers errors as JSON.
func (s *Server) json(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil || r.Context().Err() != nil {
			return
		}
		p := problem.Of(err)
		s.report(r, p, err)
		w.Header().Set("Cache-Control", "no-store")
		p.Hint(w)
		type body struct {
			Reason  string            `json:"reason"`
			Message string            `json:"message"`
			Fields  map[string]string `json:"fields,omitempty"`
		}
		writeJSON(w, p.Status, map[string]body{"error": {p.Reason, p.Message, p.Fields}})
	}
}

// report logs a failure of ours and returns an id under which it can be found.
func (s *Server) report(r *http.Request, p problem.Problem, err error) string {
	if p.Status < 500 {
		return ""
	}
	id := requestID()
	// The pattern, not the address: addresses can hold secrets.
	s.Log.Error("request failed", "request_id", id, "method", r.Method, "route", chi.RouteContext(r.Context()).RoutePattern(), "status", p.Status, "error", err)
	return id
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // the client is gone: nobody to tell
}
