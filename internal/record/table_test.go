package record

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A table that could not be read to its end does not arrive as a whole file.
func TestBrokenTable(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]error{"whole": nil, "broken": errors.New("the database is gone")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said strings.Builder
			table := Table{"team", []string{"n"}, func(_ context.Context, write func(...string)) error {
				for range 1200 { // some have been sent
					write("-1")
				}
				return fault
			}}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				table.Send(r.Context(), w, slog.New(slog.NewTextHandler(&said, nil)))
			}))
			answer, err := http.Get(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			server.Close()
			if (err != nil) != (fault != nil) || strings.Contains(said.String(), "the database is gone") != (fault != nil) {
				t.Errorf("read with %v; logged %q", err, said.String())
			}
			if fault == nil && string(body) != "\ufeffn\r\n"+strings.Repeat("'-1\r\n", 1200) {
				t.Errorf("%d bytes: %.40q", len(body), body)
			}
		})
	}
}

// A table that takes longer than a request may be read comes whole.
func TestLongTable(t *testing.T) {
	t.Parallel()
	const allowed, longer = 10 * time.Second, 11 * time.Second
	table := Table{"team", []string{"n"}, func(ctx context.Context, write func(...string)) error {
		select {
		case <-ctx.Done():
		case <-time.After(longer):
			write("1")
		}
		return ctx.Err()
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(allowed))
		table.Send(r.Context(), w, slog.New(slog.DiscardHandler))
	}))
	defer server.Close()
	answer, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || string(body) != "\ufeffn\r\n1\r\n" {
		t.Errorf("%q, %v", body, err)
	}
}
