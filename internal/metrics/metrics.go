// Package metrics counts what the service does, in the text form that Prometheus
// and whatever understands it collects. No name of a person or a room is in it, and
// nothing that a request could fill with values of its own choice.
package metrics

import (
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus" // writes the form and reads the process: kept by those who define it
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"foyer/internal/health"
)

// Metrics are the figures of one program.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	open     *prometheus.GaugeVec
	took     *prometheus.HistogramVec
	log      *slog.Logger
}

// New returns the figures of a program of this version over a database, whose parts
// monitor looks at.
func New(version string, pool *pgxpool.Pool, monitor *health.Monitor, log *slog.Logger) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "foyer_http_requests_total", Help: "Requests that were answered, by pattern of their path, method and status.",
		}, []string{"route", "method", "status"}),
		open: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "foyer_http_requests_open", Help: "Requests that are being answered, event streams and signalling among them.",
		}, []string{"kind"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "foyer_http_request_duration_seconds", Help: "How long answers took, but those of connections that stay open.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route"}),
		log: log,
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "foyer_build_info", Help: "1, with the version that runs.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(
		m.requests, m.open, m.took, build, database{pool}, parts{monitor}, site{pool, log},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Handler answers with all of them.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorLog: complaints{m.log}, ErrorHandling: promhttp.ContinueOnError})
}

type complaints struct{ log *slog.Logger }

func (c complaints) Println(v ...any) { c.log.Warn("metrics not collected", "error", v) }

// Count counts the requests that next answers, a chi router.
func (m *Metrics) Count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		watched := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		open := m.open.WithLabelValues(kind(r))
		open.Inc()
		began := time.Now()
		defer func() {
			open.Dec()
			route, method := chi.RouteContext(r.Context()).RoutePattern(), r.Method
			status := watched.Status()
			if status == 0 {
				status = http.StatusOK
			}
			if status == http.StatusMethodNotAllowed || route == "" || strings.HasSuffix(route, "/*") {
				method = "any"
			}
			m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
			if kind(r) == "page" {
				m.took.WithLabelValues(route).Observe(time.Since(began).Seconds())
			}
		}()
		next.ServeHTTP(watched, r)
	})
}

// kind says what sort of connection a request wants.
func kind(r *http.Request) string {
	switch {
	case strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		return "signalling"
	case strings.HasSuffix(r.URL.Path, "/events"):
		return "events"
	}
	return "page"
}
