package embedded

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// settings suit a small server that shares its machine: the figures keep an
// idle server near 20 MB. They win over postgresql.conf and ALTER SYSTEM.
var settings = []string{
	"listen_addresses=", // never through TCP
	"port=" + socketPort,
	"unix_socket_permissions=0700",

	"max_connections=100",
	"shared_buffers=64MB",
	"effective_cache_size=512MB",
	"maintenance_work_mem=32MB",
	"min_wal_size=32MB",
	"max_wal_size=256MB",
	"jit=off",
	// Reading ahead in other processes, and parallel queries, cost more
	// memory than they save time with databases of this size.
	"io_method=sync",
	"max_parallel_workers_per_gather=0",
	// Nobody replicates from this server.
	"wal_level=minimal",
	"max_wal_senders=0",
	"max_replication_slots=0",
	"max_logical_replication_workers=0",

	"timezone=UTC",
	"log_timezone=UTC",
	"lc_messages=C",
	// What a statement does wrong is told to the program that sent it.
	"logging_collector=off",
	"log_destination=stderr",
	"log_line_prefix=[%b] ",
	"log_min_messages=warning",
	"log_min_error_statement=panic",
	"log_checkpoints=off",
}

// volatileSettings are for databases that need not survive a crash.
var volatileSettings = []string{
	"fsync=off",
	"synchronous_commit=off",
	"full_page_writes=off",
	"autovacuum=off",
}

// startServer starts the server and waits until it accepts connections.
func (h *home) startServer(ctx context.Context, bin, socket string, cfg Config) (*process, error) {
	data := h.path(dataName)
	args := []string{"-D", data}
	all := append([]string{"unix_socket_directories=" + socket}, settings...)
	if cfg.Volatile {
		all = append(all, volatileSettings...)
	}
	for _, s := range all {
		args = append(args, "-c", s)
	}
	for attempt := 1; ; attempt++ {
		p, err := h.spawn(command{
			path: filepath.Join(bin, "bin", "postgres"),
			args: args,
			dir:  data,
			log:  cfg.Log,
		})
		if err != nil {
			return nil, err
		}
		err = h.waitReady(ctx, p)
		if err == nil {
			return p, nil
		}
		if attempt == 3 || !blockedByOther(err) {
			return nil, err
		}
		if err := stopOrphans(ctx, data, cfg.Log); err != nil {
			return nil, err
		}
	}
}

// blockedByOther reports whether a server failed because another one, or what
// is left of it, still uses the same cluster.
func blockedByOther(err error) bool {
	return strings.Contains(err.Error(), `lock file "postmaster.pid" already exists`) ||
		strings.Contains(err.Error(), "pre-existing shared memory block")
}

// waitReady returns when the server accepts connections. If it ends before,
// or ctx does, nothing runs any more when waitReady returns the reason.
func (h *home) waitReady(ctx context.Context, p *process) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return p.ended()
		case <-ctx.Done():
			stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), fastPatience)
			defer cancel()
			return errors.Join(ctx.Err(), p.stop(stopping))
		case <-tick.C:
			if h.isReady(p.pid) {
				return nil
			}
		}
	}
}

// isReady reads the file in which a server states its process id, on the
// first line, and how it is doing, on the eighth.
func (h *home) isReady(pid int) bool {
	content, err := h.root.ReadFile(filepath.Join(dataName, pidFile))
	if err != nil {
		return false
	}
	lines := strings.Split(string(content), "\n")
	return len(lines) >= 8 && lines[0] == strconv.Itoa(pid) && strings.TrimSpace(lines[7]) == "ready"
}
