package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"

	"foyer/internal/config"
	"foyer/internal/health"
	"foyer/internal/mail"
	"foyer/internal/media"
	"foyer/internal/media/livekit"
	"foyer/internal/media/sfu"
	"foyer/internal/media/twilio"
	"foyer/internal/postgres"
	"foyer/internal/postgres/embedded"
	"foyer/internal/words"
)

// healthChecks are what the desk shows: each part of this Foyer as it runs.
func (s *service) healthChecks() []health.Check {
	checks := []health.Check{
		health.Pages(s.localOrigin(), s.cfg.Addr),
		health.PublicAddress(s.cfg.PublicOrigin()),
		health.Database(s.db.pool),
		health.Disk(s.cfg.DataDir),
	}
	if s.sfu != nil {
		checks = append(checks, health.MediaPorts(s.cfg.MediaUDPPort, s.cfg.MediaTCPPort, func() bool { return true }))
	}
	for _, name := range slices.Sorted(maps.Keys(s.backends)) {
		checks = append(checks, mediaCheck(name, s.backends[name].Ready))
	}
	return append(checks, mailCheck(s.cfg), health.Outbox(s.db.pool))
}

func mediaCheck(name string, ready func(context.Context) error) health.Check {
	title := map[string]string{config.LiveKit: "LiveKit", config.Twilio: "Twilio"}[name]
	return health.Media(title, ready, func(err error) string {
		var wrong *media.Misconfigured
		if errors.As(err, &wrong) {
			return wrong.Advice
		}
		return ""
	})
}

func mailCheck(cfg config.Config) health.Check {
	server, err := mailServer(cfg)
	if err != nil || server.Host == "" {
		return health.Mail(nil)
	}
	return health.Mail(server.Check)
}

// doctor prints what is well and what is not, with what to do, beside a running
// Foyer or without one. It is an error when a part does not work.
func doctor(ctx context.Context, cfg config.Config, stdout io.Writer) error {
	s := &service{cfg: cfg, log: slog.New(slog.DiscardHandler)}
	checks := []health.Check{health.Pages(s.localOrigin(), cfg.Addr), health.PublicAddress(cfg.PublicOrigin()), health.Disk(cfg.DataDir)}
	url, err := cfg.DatabaseURL, error(nil)
	if url == "" {
		url, err = embedded.Running(cfg.DataDir)
	}
	switch {
	case errors.Is(err, embedded.ErrNotRunning):
		checks = append(checks, said(health.Notable, words.Text("health.database"), words.Text("health.database_stopped"), words.Text("health.database_stopped_advice")))
	case err != nil:
		checks = append(checks, databaseSilent(err))
	default:
		// Opened as a part of the check: an address that does not answer takes as
		// long to say so as the network likes.
		checks = append(checks, func(ctx context.Context) []health.Finding {
			pool, err := postgres.Open(ctx, url)
			if err != nil {
				return databaseSilent(err)(ctx)
			}
			defer pool.Close()
			return append(health.Database(pool)(ctx), health.Outbox(pool)(ctx)...)
		})
	}
	checks = append(checks, mediaChecks(cfg)...)
	findings := health.Look(ctx, append(checks, mailCheck(cfg)))
	marks := map[health.State]string{health.Well: "ok", health.Notable: "note", health.Broken: "BROKEN"}
	for _, f := range findings {
		fmt.Fprintf(stdout, "%-7s %s: %s\n", marks[f.State], f.Part, f.Says)
		if f.Advice != "" {
			fmt.Fprintf(stdout, "        %s\n", f.Advice)
		}
	}
	if health.Worst(findings) == health.Broken {
		return errors.New(words.Text("health.doctor_broken"))
	}
	return nil
}

func databaseSilent(err error) health.Check {
	return said(health.Broken, words.Text("health.database"), words.Text("health.database_silent", "error", err), words.Text("health.database_silent_advice"))
}

func said(state health.State, part, says, advice string) health.Check {
	return func(context.Context) []health.Finding {
		return []health.Finding{{Part: part, State: state, Says: says, Advice: advice}}
	}
}

// mediaChecks are what can be asked of the media services from outside of the
// running Foyer.
func mediaChecks(cfg config.Config) []health.Check {
	var checks []health.Check
	dir := sfuDir(cfg)
	running := func() bool { return sfu.Running(dir) }
	switch {
	case cfg.LiveKitURL != "":
		checks = append(checks, mediaCheck(config.LiveKit, func(ctx context.Context) error {
			return askLiveKit(ctx, livekit.Fixed(cfg.LiveKitURL, cfg.LiveKitKey, cfg.LiveKitSecret))
		}))
	case running(): // it may carry the calls of earlier rooms
		checks = append(checks, health.MediaPorts(cfg.MediaUDPPort, cfg.MediaTCPPort, running), mediaCheck(config.LiveKit, func(ctx context.Context) error {
			settings, err := sfu.ReadSettings(dir)
			if err != nil {
				return err
			}
			return askLiveKit(ctx, settings.Access)
		}))
	case cfg.Backend() == config.LiveKit:
		checks = append(checks, health.MediaPorts(cfg.MediaUDPPort, cfg.MediaTCPPort, running))
	}
	if cfg.HasTwilio() {
		backend, err := twilio.New(twilioConfig(cfg))
		if err == nil {
			checks = append(checks, mediaCheck(config.Twilio, backend.Ready))
		}
	}
	return checks
}

// askLiveKit asks LiveKit whether it is ready, as the running Foyer does. Nobody
// comes in here, so that the gate's key may be any.
func askLiveKit(ctx context.Context, access func() (url, key, secret string)) error {
	backend, err := livekit.New(livekit.Config{Access: access, GateKey: make([]byte, 32), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return backend.Ready(ctx)
}

func mailServer(cfg config.Config) (mail.Server, error) {
	smtp, err := cfg.SMTP()
	if err != nil {
		return mail.Server{}, err
	}
	return mail.Server{
		Host:       smtp.Host,
		Port:       smtp.Port,
		Encryption: mail.Encryption(smtp.Encryption),
		User:       smtp.User,
		Password:   smtp.Password,
		From:       cfg.MailSender(),
	}, nil
}
