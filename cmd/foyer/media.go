package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"time"

	"foyer/internal/call"
	"foyer/internal/config"
	"foyer/internal/media/livekit"
	"foyer/internal/media/sfu"
	"foyer/internal/media/twilio"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

// startMedia makes the media services that are configured, or that rooms need,
// ready to be used.
func (s *service) startMedia(ctx context.Context) (err error) {
	inUse, err := room.NewStore(s.db.pool).Backends(ctx)
	if err != nil {
		return err
	}
	s.backends = make(call.Backends)
	// Rooms that LiveKit carries go on when new ones are carried by another; a
	// media server that nobody needs is not started.
	if s.cfg.Backend() == config.LiveKit || s.cfg.LiveKitURL != "" || inUse[config.LiveKit] > 0 {
		if err := s.startLiveKit(ctx); err != nil {
			return err
		}
	}
	if s.cfg.HasTwilio() {
		if err := s.useTwilio(); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(inUse)) {
		if s.backends[name] == nil {
			s.log.Warn("rooms cannot be entered: their calls are carried by a service that is not set up; set it up, or move them at /admin/media",
				"service", name, "rooms", inUse[name])
		}
	}
	return nil
}

// startLiveKit uses the configured LiveKit service or the embedded media server,
// which it starts, or finds as an earlier Foyer left it with calls going on.
func (s *service) startLiveKit(ctx context.Context) error {
	gateKey, err := postgres.Key(ctx, s.db.pool, "gate")
	if err != nil {
		return err
	}
	access := livekit.Fixed(s.cfg.LiveKitURL, s.cfg.LiveKitKey, s.cfg.LiveKitSecret)
	if s.cfg.LiveKitURL == "" {
		if err := s.startSFU(ctx); err != nil {
			return err
		}
		access = s.sfu.Access
	}
	backend, err := livekit.New(livekit.Config{Access: access, GateKey: gateKey, Log: s.log})
	if err != nil {
		return err
	}
	s.backends[config.LiveKit] = backend
	return nil
}

func (s *service) startSFU(ctx context.Context) (err error) {
	if s.hooks, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return fmt.Errorf("listen for the media server: %w", err)
	}
	s.sfu, err = sfu.Start(ctx, sfu.Config{
		StateDir:    sfuDir(s.cfg),
		UDPPort:     s.cfg.MediaUDPPort,
		TCPPort:     s.cfg.MediaTCPPort,
		MediaIP:     s.cfg.MediaIP,
		RedisURL:    s.cfg.RedisURL,
		CallbackURL: "http://" + s.hooks.Addr().String() + "/" + config.LiveKit,
		Loopback:    s.cfg.MediaIP == "",
		Times:       mediaTimes,
		Log:         s.log,
	})
	return err
}

// sfuDir is where the embedded media server keeps its state.
func sfuDir(cfg config.Config) string { return filepath.Join(cfg.DataDir, "sfu") }

func (s *service) useTwilio() error {
	backend, err := twilio.New(twilioConfig(s.cfg))
	if err != nil {
		return err
	}
	s.backends[config.Twilio], s.connectSources = backend, backend.ConnectSources()
	switch {
	case s.cfg.TwilioAuthToken == "":
		s.log.Info("Twilio does not report who comes and goes, because TWILIO_AUTH_TOKEN is not set; it is asked every few seconds instead")
	case s.cfg.PublicOrigin() == "":
		s.log.Info("Twilio does not report who comes and goes, because FOYER_PUBLIC_URL is not set; it is asked every few seconds instead")
	}
	return nil
}

func twilioConfig(cfg config.Config) twilio.Config {
	return twilio.Config{
		AccountSID:   cfg.TwilioAccountSID,
		APIKeySID:    cfg.TwilioKeySID,
		APIKeySecret: cfg.TwilioKeySecret,
		AuthToken:    cfg.TwilioAuthToken,
		PublicOrigin: cfg.PublicOrigin(),
		APIURL:       cfg.TwilioAPIURL,
		SignalingURL: cfg.TwilioSignalingURL,
	}
}

// checkMedia logs which media services are not ready. Foyer serves without
// them: pages work, and joining says that calls do not.
func (s *service) checkMedia(ctx context.Context) {
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for name, backend := range s.backends {
		if err := backend.Ready(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("calls do not work: the media service is not ready", "service", name, "error", err)
		}
	}
}
