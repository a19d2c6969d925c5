package problem

import (
	"fmt"
	"net/http"
	"runtime/debug"
)

// Recoverer has answer tell of a handler that panicked, as of an error. A handler
// that aborts its answer on purpose (http.ErrAbortHandler) goes on doing so.
func Recoverer(answer func(handle func(http.ResponseWriter, *http.Request) error) http.HandlerFunc) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				switch fault := recover(); fault {
				case nil:
				case http.ErrAbortHandler:
					panic(fault)
				default:
					answer(func(http.ResponseWriter, *http.Request) error {
						return fmt.Errorf("panic: %v\n%s", fault, debug.Stack())
					})(w, r)
				}
			}()
			next.ServeHTTP(w, r)
		})
	}
}
