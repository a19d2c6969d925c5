package problem

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
)

// NoMethod answers a request whose path has other methods: it names them, as RFC 9110
// (15.5.6) asks, and returns ErrMethod.
func NoMethod(w http.ResponseWriter, r *http.Request) error {
	methods := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	routes := chi.RouteContext(r.Context()).Routes
	has := func(method string) bool { return routes.Match(chi.NewRouteContext(), method, r.URL.Path) }
	allowed := slices.DeleteFunc(methods, func(method string) bool {
		return !has(method) && (method != http.MethodHead || !has(http.MethodGet))
	})
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return ErrMethod
}

// Endless refuses to answer with the headers alone of what never ends.
func Endless(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodHead {
		return nil
	}
	w.Header().Set("Allow", http.MethodGet)
	return ErrMethod
}
