package metrics

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"foyer/internal/health"
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("foyer_"+name, help, labels, nil)
}

func gauge(d *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

// database collects how the connections to Postgres are used.
type database struct{ pool *pgxpool.Pool }

var (
	connections = describe("database_connections", "Connections of this program to Postgres.", "state")
	mostOpen    = describe("database_connections_max", "How many there may be.")
	waits       = describe("database_waits_total", "Times that all of them were in use, so that something had to wait.")
)

// Describe is part of prometheus.Collector.
func (database) Describe(c chan<- *prometheus.Desc) { c <- connections; c <- mostOpen; c <- waits }

// Collect is part of prometheus.Collector.
func (d database) Collect(c chan<- prometheus.Metric) {
	s := d.pool.Stat()
	c <- gauge(connections, float64(s.AcquiredConns()), "used")
	c <- gauge(connections, float64(s.IdleConns()), "idle")
	c <- gauge(mostOpen, float64(s.MaxConns()))
	c <- prometheus.MustNewConstMetric(waits, prometheus.CounterValue, float64(s.EmptyAcquireCount()))
}

// parts collects what the monitor found last.
type parts struct{ monitor *health.Monitor }

var healthy = describe("part_healthy", "1 when a part of the service works, 0.5 when somebody should look at it, 0 when it does not.", "part")

// Describe is part of prometheus.Collector.
func (parts) Describe(c chan<- *prometheus.Desc) { c <- healthy }

// Collect is part of prometheus.Collector.
func (p parts) Collect(c chan<- prometheus.Metric) {
	found, _ := p.monitor.Latest()
	worst := make(map[string]float64)
	for _, f := range found {
		value := map[health.State]float64{health.Well: 1, health.Notable: 0.5}[f.State]
		if before, ok := worst[f.Part]; !ok || value < before {
			worst[f.Part] = value
		}
	}
	for part, value := range worst {
		c <- gauge(healthy, value, part)
	}
}

// site collects what goes on at all nodes together, as the database knows it.
type site struct {
	pool *pgxpool.Pool
	log  *slog.Logger
}

// patience is how long the database may take for the figures.
const patience = 5 * time.Second

// figures are numbers of the whole site: what each is and the statement that gives
// its rows, a label (empty where there is none) and a value.
var figures = []struct {
	desc    *prometheus.Desc
	labeled bool
	query   string
}{
	{describe("calls", "Calls that go on, at all nodes together."), false,
		`select '', count(*) from calls where ended_at is null`},
	{describe("participants", "Participants in calls, at all nodes together."), false,
		`select '', count(*) from grants where connected_at is not null and left_at is null and revoked_at is null`},
	{describe("jobs", "What the durable queue holds that is not done: mails and webhooks to be sent, at all nodes together.", "state"), true,
		`select state::text, count(*) from river_job where state not in ('completed', 'cancelled') group by state`},
}

// Describe is part of prometheus.Collector.
func (site) Describe(c chan<- *prometheus.Desc) {
	for _, f := range figures {
		c <- f.desc
	}
}

// Collect is part of prometheus.Collector.
func (s site) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, f := range figures {
		if err := s.collect(ctx, c, f.desc, f.labeled, f.query); err != nil {
			s.log.Warn("metrics not collected", "error", err)
			c <- prometheus.NewInvalidMetric(f.desc, err)
		}
	}
}

func (s site) collect(ctx context.Context, c chan<- prometheus.Metric, desc *prometheus.Desc, labeled bool, query string) error {
	rows, err := s.pool.Query(ctx, query)
	if err != nil {
		return fmt.Errorf("collect: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var label string
		var value float64
		if err := rows.Scan(&label, &value); err != nil {
			return fmt.Errorf("collect: %w", err)
		}
		if labeled {
			c <- gauge(desc, value, label)
		} else {
			c <- gauge(desc, value)
		}
	}
	return rows.Err()
}
