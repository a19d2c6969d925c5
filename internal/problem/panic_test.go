package problem_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"foyer/internal/problem"
)

func TestRecoverer(t *testing.T) {
	t.Parallel()
	var told error
	recoverer := problem.Recoverer(func(handle func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			told = handle(w, r)
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	recorder := httptest.NewRecorder()
	recoverer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") })).
		ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
	if recorder.Code != http.StatusInternalServerError || told == nil || !strings.Contains(told.Error(), "broken") || !strings.Contains(told.Error(), "panic_test.go") {
		t.Errorf("a panic is answered %d, told as %v: want a 500 that says what and where", recorder.Code, told)
	}

	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("an answer that was aborted on purpose is answered")
		}
	}()
	recoverer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })).
		ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
}
