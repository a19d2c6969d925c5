package metrics_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/go-chi/chi/v5"

	"foyer/internal/health"
	"foyer/internal/metrics"
	"foyer/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// Signalling, whose connection is handed over to another protocol as the gate does,
// counts as that, and what is refused as refused.
func TestSignallingIsCounted(t *testing.T) {
	t.Parallel()
	pool, log := postgrestest.New(t), slog.New(slog.DiscardHandler)
	m := metrics.New("test", pool, health.NewMonitor([]health.Check{health.Database(pool)}, log), log)
	routes := chi.NewRouter()
	routes.Use(m.Count)
	routes.Get("/rtc", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("token") == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Errorf("not handed over: %v", err)
			return
		}
		_ = conn.Close(websocket.StatusNormalClosure, "")
	})
	routes.Method(http.MethodGet, "/metrics", m.Handler())
	server := httptest.NewServer(routes)
	t.Cleanup(server.Close)
	for path, want := range map[string]int{"/rtc?token=good": http.StatusSwitchingProtocols, "/rtc": http.StatusUnauthorized} {
		conn, answer, err := websocket.Dial(t.Context(), server.URL+path, nil)
		if answer.StatusCode != want {
			t.Errorf("%s: %v, want %d", path, err, want)
		}
		if err == nil {
			_, _, _ = conn.Read(t.Context()) // until the other side closes
			_ = conn.CloseNow()
		}
	}
	wanted := []string{
		`foyer_http_requests_total{method="GET",route="/rtc",status="101"} 1`,
		`foyer_http_requests_total{method="GET",route="/rtc",status="401"} 1`,
		`foyer_http_requests_open{kind="signalling"} 0`,
	}
	var body string
	without := func(want string) bool { return !strings.Contains(body, want) }
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		recorder := httptest.NewRecorder()
		routes.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		if body = recorder.Body.String(); !slices.ContainsFunc(wanted, without) {
			break // a handler ends after its connection
		}
	}
	for _, want := range slices.DeleteFunc(wanted, func(want string) bool { return !without(want) }) {
		t.Errorf("without %q", want)
	}
	if strings.Contains(body, `route="/rtc",status="200"`) {
		t.Error("signalling counts as an answer of 200")
	}
}
