package web

import (
	"maps"
	"mime"
	"net/http"
	"slices"

	"foyer/internal/input"
	"foyer/internal/words"
)

// either is for what both the call page's script and plain forms do: a request
// in JSON is answered in JSON, everything else as a page.
func (s *Server) either(h handler) http.HandlerFunc {
	inJSON, inHTML := s.json(h), s.page(h)
	return func(w http.ResponseWriter, r *http.Request) {
		if isJSON(r) {
			inJSON(w, r)
		} else {
			inHTML(w, r)
		}
	}
}

func isJSON(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return kind == "application/json"
}

// readEither returns the fields of a form, or of a JSON object of strings, that
// the handler knows. A form may have the field next besides.
func readEither(r *http.Request, fields ...string) (map[string]string, error) {
	if !isJSON(r) {
		return readForm(r, append(fields, "next")...)
	}
	values := make(map[string]string)
	if err := readJSON(r, &values); err != nil {
		return nil, err
	}
	for _, field := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(fields, field) {
			return nil, input.Invalid{field: words.Text("input.there_is_no_such_field")}
		}
	}
	return values, nil
}

// done answers a change that worked: with value to a script; with the page that
// the form's field next names, or usual, and a notice there, to a form.
func (s *Server) done(w http.ResponseWriter, r *http.Request, value any, usual, notice string) error {
	if isJSON(r) {
		w.Header().Set("Cache-Control", "no-store")
		writeJSON(w, http.StatusOK, value)
		return nil
	}
	path := usual
	if next := r.PostForm.Get("next"); next != "" {
		path = ownPath(next)
	}
	return s.leave(w, r, path, notice)
}
