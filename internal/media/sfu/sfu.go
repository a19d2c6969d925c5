// Package sfu runs the media server, an SFU, as a child process of Foyer:
// starts it, supervises it, and finds it again after Foyer was restarted.
//
// The child is the same executable, started as `foyer sfu DIR`. It is a process
// of its own for two reasons: when media code ends its process, the web server
// lives on; and when Foyer is restarted, calls go on. Its work is in package
// sfu/server, which only the program imports: everything else builds without
// the SFU's code.
//
// Whom the state directory belongs to is decided by two file locks, which the
// kernel gives back however a process ends: one held by the Foyer that
// supervises, one by the child. The child ends by itself a minute after nobody
// renews its lease.
package sfu

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// Config says how to run the media server.
type Config struct {
	// Binary begins the command line of the child; the state directory is
	// added to it. The default is this executable with the argument "sfu".
	Binary []string
	// StateDir holds locks, settings and log of the child. It is made if need
	// be and belongs to one Foyer at a time.
	StateDir string
	// UDPPort carries media, on all addresses. 0 means DefaultUDPPort.
	UDPPort int
	// TCPPort carries media for those whose network blocks UDP, on all
	// addresses. 0 means none.
	TCPPort int
	// MediaIP is the address that browsers reach: it is offered to them in place
	// of this machine's own addresses of the same family, IPv4 or IPv6. Empty:
	// every address of this machine is offered.
	MediaIP string
	// RedisURL joins the media servers of several Foyers into one cluster.
	RedisURL string
	// CallbackURL is told who joins and leaves, by webhooks signed with Key.
	CallbackURL string
	// Loopback offers the loopback addresses too, so that a browser on this
	// machine is served when it has no network. Others try them in vain, which
	// costs them a few small packets.
	Loopback bool
	Times    Times
	Log      *slog.Logger
}

// Times are how long is waited for what. What is zero has the usual value; another
// one is for tests, where a busy machine takes long.
type Times struct {
	// Start is how long a child may take to answer when it has been started.
	Start time.Duration
	// Ping is how long it may take to answer a question.
	Ping time.Duration
	// Release is how long a port may stay taken before a child is started.
	Release time.Duration
}

func (t Times) orUsual() Times {
	return Times{
		Start:   cmp.Or(t.Start, time.Minute), // machines are slow, too
		Ping:    cmp.Or(t.Ping, 3*time.Second),
		Release: cmp.Or(t.Release, time.Second),
	}
}

// Server is a supervised media server. Its methods are safe for concurrent use.
type Server struct {
	cfg    Config
	public Public
	// program identifies the executable as it was when Foyer started: the file
	// may be replaced before Foyer is.
	program string
	log     *slog.Logger
	owner   *os.File // the lock on the state directory
	tail    *tail

	stop       context.CancelFunc // of the goroutines below
	goroutines sync.WaitGroup

	mu    sync.RWMutex
	child *child
}

// Start runs the media server and waits until it answers, or adopts the one
// that an earlier Foyer left running with the same settings. The error of a
// port that is taken names the port and its setting.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	public, err := cfg.public()
	if err != nil {
		return nil, err
	}
	cfg.Times = cfg.Times.orUsual()
	if len(cfg.Binary) == 0 {
		executable, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("start media server: %w", err)
		}
		cfg.Binary = []string{executable, "sfu"}
	}
	if cfg.StateDir, err = filepath.Abs(cfg.StateDir); err != nil {
		return nil, fmt.Errorf("start media server: %w", err)
	}
	if err := os.MkdirAll(cfg.StateDir, 0o700); err != nil {
		return nil, fmt.Errorf("start media server: %w", err)
	}
	owner, err := lockSoon(filepath.Join(cfg.StateDir, ownerLock))
	if err != nil {
		return nil, fmt.Errorf("start media server: %w", err)
	}

	s := &Server{cfg: cfg, public: public, program: fingerprint(cfg.Binary[0]), log: cfg.Log, owner: owner}
	s.tail = &tail{path: filepath.Join(cfg.StateDir, logFile), log: cfg.Log}
	if err := s.begin(ctx); err != nil {
		owner.Close()
		return nil, err
	}
	return s, nil
}

// begin finds or starts a child and begins to supervise it.
func (s *Server) begin(ctx context.Context) error {
	if err := renew(s.cfg.StateDir, s.cfg.CallbackURL); err != nil {
		return fmt.Errorf("start media server: %w", err)
	}
	var supervision context.Context
	supervision, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	if s.child = s.adopt(ctx, supervision); s.child == nil {
		err := end(ctx, s.cfg.StateDir)
		if err == nil {
			s.child, err = s.spawn(ctx)
		}
		if err != nil {
			s.stop()
			return err
		}
	}
	s.goroutines.Go(func() { s.supervise(supervision) })
	return nil
}

// URL returns where the media server answers now, on the loopback interface. It
// changes when the server is started anew.
func (s *Server) URL() string { return s.settings().url() }

// Key returns the API key of the running server.
func (s *Server) Key() string { return s.settings().Key }

// Secret returns the API secret of the running server.
func (s *Server) Secret() string { return s.settings().Secret }

// Access returns what URL, Key and Secret return, of one and the same server.
func (s *Server) Access() (url, key, secret string) { return s.settings().Access() }

// Ready returns nil when the media server answers.
func (s *Server) Ready(ctx context.Context) error { return s.ping(ctx, s.settings()) }

// Release leaves the media server running, so that calls go on, for the next
// Foyer to adopt within a minute. The Server must not be used afterwards.
func (s *Server) Release() {
	s.end()
	s.owner.Close()
}

// Stop ends all calls, which tells the browsers in them, and stops the media
// server. It is killed when ctx is done before it has ended. The Server must
// not be used afterwards.
func (s *Server) Stop(ctx context.Context) error {
	s.end()
	err := end(ctx, s.cfg.StateDir)
	s.tail.read()
	s.owner.Close()
	return err
}

// end stops supervision but not the child.
func (s *Server) end() {
	s.stop()
	s.goroutines.Wait()
}

func (s *Server) settings() Settings {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.child.settings
}

// url is where the server with these settings answers.
func (s Settings) url() string { return "http://127.0.0.1:" + strconv.Itoa(s.HTTPPort) }

// Access returns where the server with these settings answers, and the key and
// secret that it knows.
func (s Settings) Access() (url, key, secret string) { return s.url(), s.Key, s.Secret }

// Back-off between attempts to start a child that died.
const (
	firstDelay  = 250 * time.Millisecond
	longestWait = 15 * time.Second
	// steady is how long a child must have lived for its death to count as the
	// first again.
	steady = time.Minute
)

// supervise renews the lease, passes the child's log on, and starts it anew
// when it has died, until ctx is done.
func (s *Server) supervise(ctx context.Context) {
	lease := time.NewTicker(leaseRenewal)
	defer lease.Stop()
	output := time.NewTicker(250 * time.Millisecond)
	defer output.Stop()
	upgrade := time.NewTicker(5 * time.Second)
	defer upgrade.Stop()

	delay, born := firstDelay, time.Now()
	dead := s.child.dead
	var retry <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-lease.C:
			if err := renew(s.cfg.StateDir, s.cfg.CallbackURL); err != nil {
				s.log.Error("media server lease not renewed", "error", err)
			}
		case <-output.C:
			s.tail.read()
		case <-upgrade.C:
			if retry == nil {
				s.replaceIdle(ctx)
			}
		case <-dead:
			s.tail.read()
			if time.Since(born) > steady {
				delay = firstDelay
			}
			s.log.Error("media server died; starting it anew", "delay", delay)
			dead, retry = nil, time.After(delay)
			delay = min(2*delay, longestWait)
		case <-retry:
			next, err := s.respawn(ctx)
			if err != nil {
				s.log.Error("media server not started", "error", err, "delay", delay)
				retry = time.After(delay)
				delay = min(2*delay, longestWait)
				continue
			}
			dead, retry, born = next.dead, nil, time.Now()
		}
	}
}

// respawn starts a child and makes it the current one.
func (s *Server) respawn(ctx context.Context) (*child, error) {
	next, err := s.spawn(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.child = next
	return next, nil
}

// replaceIdle ends a child that an older executable left, once nobody is in a
// call; its death has the present executable started in its place.
func (s *Server) replaceIdle(ctx context.Context) {
	settings := s.settings()
	if settings.Program == s.program {
		return
	}
	if n, err := s.participants(ctx, settings); err != nil || n > 0 {
		return
	}
	s.log.Info("replacing the media server of an earlier version: nobody is in a call")
	if err := end(ctx, s.cfg.StateDir); err != nil {
		s.log.Error("media server of an earlier version not ended", "error", err)
	}
}
