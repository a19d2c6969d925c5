// Package embedded runs the PostgreSQL server that Foyer carries, as a child
// process that keeps to one folder and answers on a unix socket only.
//
// Below the data directory it makes the folder postgres:
//
//	lock        held by the Foyer that runs the server, with its process id
//	binaries/   the extracted programs, in a folder named for their content
//	data/       the database cluster
//	run         the folder of the socket, or a link to it when its address
//	            would be too long for a socket
//
// The programs and the cluster are made under a temporary name and renamed
// when they are complete, so that a Foyer killed at any moment leaves nothing
// that the next start takes for whole. PostgreSQL refuses to run as root: a
// Foyer that does starts it as another user, who owns data and run.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"foyer/internal/postgres/binaries"
)

// Config says where the server keeps its files.
type Config struct {
	// DataDir is Foyer's data directory. Start makes it if it does not exist.
	DataDir string
	// Log receives the server's own messages.
	Log *slog.Logger
	// Binaries is a folder for the extracted programs that several servers
	// share, instead of one below DataDir. The user that runs Postgres must
	// be able to reach it, and nobody else to write in it.
	Binaries string
	// Volatile gives up safety against a crash of the machine for speed.
	// It is for tests.
	Volatile bool
}

// Server is a running PostgreSQL server. Its methods may be called from any
// goroutine.
type Server struct {
	home   *home
	socket *socketDir
	proc   *process

	stop    sync.Once
	stopErr error

	mu       sync.Mutex
	stopping bool
}

// Start starts the server on cfg.DataDir and returns when it accepts
// connections. The first start on a directory makes the database cluster,
// with a superuser and a database both called foyer. A server that a killed
// Foyer left behind on the same directory is stopped first.
//
// Errors that a person can act upon are of type *Problem. After an error
// nothing runs, and nothing half-made is left behind. When ctx ends before
// the server is ready, Start stops it and returns the context's error.
func Start(ctx context.Context, cfg Config) (_ *Server, err error) {
	programs, err := binaries.Describe()
	if err != nil {
		return nil, err
	}
	h, err := openHome(ctx, cfg.DataDir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.abandon())
		}
	}()
	if err := h.checkCluster(programs.Major()); err != nil {
		return nil, err
	}
	if err := stopOrphans(ctx, h.path(dataName), cfg.Log); err != nil {
		return nil, err
	}
	if err := h.sweep(); err != nil {
		return nil, err
	}
	bin, err := h.programs(ctx, cfg, programs)
	if err != nil {
		return nil, err
	}
	if err := h.makeCluster(ctx, bin, cfg); err != nil {
		return nil, err
	}
	socket, err := h.makeSocketDir()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, socket.remove())
		}
	}()
	begin := time.Now()
	proc, err := h.startServer(ctx, bin, socket.path, cfg)
	if err != nil {
		return nil, err
	}
	cfg.Log.Info("postgres is ready", "pid", proc.pid, "user", h.runner.name, "took", time.Since(begin).Round(time.Millisecond))
	return &Server{home: h, socket: socket, proc: proc}, nil
}

// URL returns the address of the database, as a connection URL for pgx. It
// holds no secret: access is guarded by the mode of the socket's folder.
func (s *Server) URL() string {
	return socketURL(s.socket.path)
}

// Done is closed when the server has ended, because of Stop or on its own.
func (s *Server) Done() <-chan struct{} {
	return s.proc.done
}

// Err returns why the server ended on its own, and nil while it runs or after
// Stop.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return nil
	}
	return s.proc.ended()
}

// Stop disconnects every client, stops the server and gives up the data
// directory. If ctx ends first the server is stopped without a last
// checkpoint, which loses nothing but makes the next start longer, and Stop
// returns an error that says so. Only the first call does anything; the
// others wait for it and return the same.
func (s *Server) Stop(ctx context.Context) error {
	s.stop.Do(func() {
		s.mu.Lock()
		s.stopping = s.proc.ended() == nil
		s.mu.Unlock()
		s.stopErr = errors.Join(s.proc.stop(ctx), s.socket.remove(), s.home.close())
	})
	return s.stopErr
}

// Running returns the connection URL of the server that another Foyer process
// runs on dataDir, and ErrNotRunning if none answers there.
func Running(dataDir string) (string, error) {
	path, err := filepath.Abs(dataDir)
	if err != nil {
		return "", err
	}
	socket, err := filepath.EvalSymlinks(filepath.Join(path, homeName, runName))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return "", ErrNotRunning
	}
	if err != nil {
		return "", fmt.Errorf("find the running database: %w", err)
	}
	if err := dialSocket(socket); err != nil {
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
			return "", ErrNotRunning
		}
		return "", fmt.Errorf("find the running database: %w", err)
	}
	return socketURL(socket), nil
}
