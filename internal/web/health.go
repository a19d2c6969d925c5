package web

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// alive answers as long as the program runs.
func alive(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ok")
}

// ready answers 200 when the database and the media service for new rooms answer,
// 503 otherwise. It says what is wrong with which; another media service that is
// away is no reason to send nobody here.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.Pace.Ready)
	defer cancel()
	database := s.Pool.Ping(ctx)
	services := s.services.ask(r.Context(), s.Backends, s.Pace.Ready) // with a time of their own
	status := http.StatusOK
	var report strings.Builder
	check := func(part string, needed bool, err error) {
		answer := "ok"
		if err != nil && needed {
			status = http.StatusServiceUnavailable
		}
		if err != nil {
			answer = adviceIn(err, "does not answer")
			s.Log.Warn("not ready", "part", part, "error", err)
		}
		fmt.Fprintf(&report, "%s: %s\n", part, answer)
	}
	check("database", true, database)
	for _, name := range slices.Sorted(maps.Keys(services)) {
		check("media "+name, name == s.Backend, services[name])
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprint(w, report.String())
}
