package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/account/archive"
	"foyer/internal/account/factor"
	"foyer/internal/account/oidc"
	"foyer/internal/account/recovery"
	"foyer/internal/admin"
	"foyer/internal/blob"
	"foyer/internal/call"
	"foyer/internal/chat"
	"foyer/internal/config"
	"foyer/internal/health"
	"foyer/internal/jobs"
	"foyer/internal/ledger"
	"foyer/internal/mail"
	"foyer/internal/media/sfu"
	"foyer/internal/metrics"
	"foyer/internal/postgres"
	"foyer/internal/room"
	"foyer/internal/settings"
	"foyer/internal/tunnel"
	"foyer/internal/web"
	"foyer/internal/webhook"
)

// passwordCost is the bcrypt cost of passwords. Only tests that run the whole
// program set another, the lowest: under the race detector a hash takes seconds,
// and a busy machine makes that more than a request may take.
var passwordCost = account.DefaultCost

// pace and mediaTimes are the usual ones. Those tests set others here, too.
var (
	pace       web.Pace
	mediaTimes sfu.Times
)

// service is everything that runs while Foyer serves. It is put together by
// start and taken apart, in the opposite order, by stop.
type service struct {
	cfg      config.Config
	log      *slog.Logger
	public   net.Listener   // where browsers come in
	tunnel   *tunnel.Tunnel // where they come in from elsewhere; nil without it
	db       *database
	backends call.Backends
	sfu      *sfu.Server  // nil when LiveKit is elsewhere, or not used
	hooks    net.Listener // where the embedded media server calls back; nil without it
	accounts *account.Store
	recovery *recovery.Store
	factors  *factor.Store
	oidc     *oidc.Store // nil without a provider
	chat     *chat.Store
	files    *blob.Dir // nil when files are in an object store
	mails    *mail.Store
	webhooks *webhook.Store
	settings *settings.Store
	health   *health.Monitor
	web      *web.Server
	servers  []*http.Server
	failed   chan error // of a server that stopped by itself

	connectSources []string // where browsers connect besides here

	background sync.WaitGroup
	end        context.CancelFunc // of what runs in the background and of live connections
}

// serve runs the service until ctx ends or a part of it fails.
func serve(ctx context.Context, cfg config.Config, stdout, stderr io.Writer) error {
	handOver := make(chan os.Signal, 1)
	signal.Notify(handOver, syscall.SIGHUP)
	defer signal.Stop(handOver)

	s := &service{cfg: cfg, log: slog.New(slog.NewTextHandler(stderr, nil)), failed: make(chan error, 4)}
	if err := s.start(ctx); err != nil {
		return errors.Join(err, s.stop(false))
	}
	if err := s.welcome(ctx, stdout); err != nil {
		return errors.Join(err, s.stop(false))
	}
	var err error
	keepCalls := false
	select {
	case <-ctx.Done():
	case <-handOver:
		keepCalls = true
	case err = <-s.failed:
	case <-s.db.failed():
		err = fmt.Errorf("the database stopped: %w", s.db.server.Err())
	}
	return errors.Join(err, s.stop(keepCalls))
}

func (s *service) start(ctx context.Context) (err error) {
	if err := s.open(); err != nil {
		return err
	}
	if err := s.openTunnel(ctx); err != nil {
		return err
	}
	// The database first: it says best what is wrong with a data directory.
	if s.db, err = openDatabase(ctx, s.cfg, s.log); err != nil {
		return err
	}
	if err := s.startMedia(ctx); err != nil {
		return err
	}
	return s.startWeb(ctx)
}

func (s *service) startWeb(ctx context.Context) error {
	pool := s.db.pool
	cookieKey, err := postgres.Key(ctx, pool, "cookie")
	if err != nil {
		return err
	}
	hub := ledger.NewHub(pool, s.log)
	rooms := room.NewStore(pool)
	reconciler := call.NewReconciler(pool, s.backends, s.log)
	s.accounts = account.NewStore(pool, passwordCost)
	s.recovery = recovery.NewStore(pool, s.accounts)
	factorKey, err := postgres.Key(ctx, pool, "factor")
	if err != nil {
		return err
	}
	s.openOIDC()
	if s.factors, err = factor.NewStore(pool, s.accounts, factorKey, time.Now); err != nil {
		return err
	}
	sender, err := s.openMail(ctx)
	if err != nil {
		return err
	}
	if err := s.openDesk(ctx); err != nil {
		return err
	}
	s.accounts.UsePolicy(func() account.Policy { return s.settings.Now().Accounts() })
	live, end := context.WithCancel(context.WithoutCancel(ctx))
	s.end = end
	files, err := s.openFiles(live)
	if err != nil {
		return err
	}
	s.chat = chat.NewStore(pool, files, s.fileLimits())
	apiKey, err := postgres.Key(ctx, pool, "api")
	if err != nil {
		return err
	}
	s.web, err = web.New(web.Config{
		PublicOrigin:   s.cfg.PublicOrigin(),
		LinkOrigin:     s.origin(),
		TrustedProxies: s.cfg.Proxies(),
		CookieKey:      cookieKey,
		APIKey:         apiKey,
		Pool:           pool,
		Accounts:       s.accounts,
		Archives:       archive.NewStore(pool, s.cfg.DataDir),
		Tokens:         apitoken.NewStore(pool),
		Recovery:       s.recovery,
		Factors:        s.factors,
		OIDC:           s.oidc,
		Rooms:          rooms,
		Mails:          s.mails,
		Webhooks:       s.webhooks,
		Settings:       s.settings,
		Health:         s.health,
		Metrics:        metrics.New(version, pool, s.health, s.log),
		Admin:          admin.NewStore(pool),
		Calls:          call.NewService(pool, rooms, s.backends, hub),
		Chat:           s.chat,
		Reconciler:     reconciler,
		Backends:       s.backends,
		Backend:        s.cfg.Backend(),
		ConnectSources: s.connectSources,
		Pace:           pace,
		Log:            s.log,
	})
	if err != nil {
		return err
	}
	s.background.Go(func() { call.Follow(live, pool, hub, reconciler, s.log) })
	s.background.Go(func() { s.web.WriteLinks(live) })
	s.background.Go(func() { s.purge(live) })
	deliverer := webhook.NewSender(s.webhooks, webhook.Reach{Allowed: s.cfg.WebhookNetworks()}, version, s.log)
	s.background.Go(func() { deliverer.Run(live) })
	s.background.Go(func() {
		if err := jobs.Run(live, pool, mail.Timing, s.log, sender, deliverer); err != nil {
			s.failed <- err
		}
	})
	s.background.Go(func() { s.settings.Run(live) })
	s.background.Go(func() { s.health.Run(live) })
	s.background.Go(func() { s.checkMedia(live) })
	handler := s.web.Handler(live)
	s.answer(s.public, handler)
	if s.tunnel != nil {
		s.answer(s.tunnel, handler)
	}
	if s.hooks != nil {
		s.answer(s.hooks, s.web.Hooks())
	}
	return nil
}

// purge puts away what has run out, from time to time.
func (s *service) purge(ctx context.Context) {
	const every = time.Hour
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		purges := map[string]func(context.Context) error{
			"sessions": s.accounts.Purge, "links": s.recovery.Purge, "ceremonies": s.factors.Purge, "mails": s.mails.Purge,
			"messages and files": s.chat.Purge, "answers of the API": s.web.Purge,
		}
		if s.oidc != nil {
			purges["ways to the provider"] = s.oidc.Purge
		}
		for what, purge := range purges {
			if err := purge(ctx); err != nil && ctx.Err() == nil {
				s.log.Warn("what has run out not deleted", "what", what, "error", err)
			}
		}
		if err := ledger.Purge(ctx, s.db.pool, s.settings.Now().Retention()); err != nil && ctx.Err() == nil {
			s.log.Warn("what is older than it is kept not deleted", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// stop takes everything apart: nobody new, live connections told to go, and what
// they used last. KeepCalls leaves the media server running for the next Foyer.
func (s *service) stop(keepCalls bool) error {
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if s.end != nil {
		s.end()
	}
	var problems []error
	for _, server := range s.servers {
		if err := server.Shutdown(ctx); err != nil {
			problems = append(problems, server.Close())
		}
	}
	s.background.Wait()
	if s.tunnel != nil {
		s.tunnel.Disconnect()
	}
	if s.sfu != nil && keepCalls {
		s.sfu.Release()
	} else if s.sfu != nil {
		problems = append(problems, s.sfu.Stop(ctx))
	}
	for _, listener := range []net.Listener{s.public, s.hooks} {
		if listener != nil {
			listener.Close() // its server has closed it already, if there was one
		}
	}
	if s.files != nil {
		problems = append(problems, s.files.Close())
	}
	if s.db != nil {
		problems = append(problems, s.db.close())
	}
	return errors.Join(problems...)
}

// welcome prints where to go. On a deployment without an administrator that
// includes a link which makes one.
func (s *service) welcome(ctx context.Context, stdout io.Writer) error {
	setup, err := s.accounts.NewSetupLink(ctx)
	if err != nil {
		return err
	}
	origin := s.origin()
	text := "\n  Foyer is ready.\n\n    Open it:          " + origin + "\n"
	if s.tunnel != nil {
		text += "    On this machine:  " + s.localOrigin() + "\n"
	}
	if setup != "" {
		text += "    Set it up, once:  " + origin + "/setup?token=" + string(setup) + "\n"
	}
	text += s.aboutTunnel()
	if !strings.HasPrefix(origin, "https://") {
		text += "\n    From other machines browsers give a camera to https only:\n    see \"Reached from elsewhere\" in the README.\n"
	}
	fmt.Fprintln(stdout, text)
	return nil
}
