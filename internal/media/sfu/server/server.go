// Package server is the body of the media server process that package sfu
// supervises: LiveKit's SFU, set up for Foyer. Only the program imports it, and
// tests that need a real SFU, because it is large.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/livekit/livekit-server/pkg/config"
	"github.com/livekit/livekit-server/pkg/routing"
	"github.com/livekit/livekit-server/pkg/service"
	"github.com/livekit/livekit-server/pkg/telemetry/prometheus"
	"github.com/livekit/mediatransportutil/pkg/rtcconfig"

	"foyer/internal/media/sfu"
)

// Main runs `foyer sfu DIR` with the arguments that follow "sfu", until it is
// told to end by a signal, and returns the exit status. It is started by
// package sfu, not by people.
func Main(args []string) int {
	if len(args) != 1 {
		fmt.Fprintln(os.Stderr, "foyer sfu is started by foyer serve, with its state directory")
		return 2
	}
	// The reader of standard output may go away; that must not end this process.
	signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	settings, err := sfu.ReadSettings(args[0])
	if err == nil {
		err = Run(ctx, settings, os.Stdout)
	}
	if err != nil {
		newLog(os.Stdout, settings.Verbose).Error("media server stopped", "error", err)
		return 1
	}
	return 0
}

// Run serves media until ctx is done or the supervisor has been gone for a
// minute; then everyone in a call is told, and Run returns. It writes its log to
// output, one JSON object a line. It sets globals of LiveKit's packages: a
// process runs it once.
func Run(ctx context.Context, s sfu.Settings, output io.Writer) error {
	log := newLog(output, s.Verbose)
	useLog(log)
	if err := sfu.Hold(s.Dir); err != nil {
		return err
	}

	callback := ""
	if s.Public.Callback {
		relay, err := listenCallbacks(s.Dir)
		if err != nil {
			return err
		}
		defer relay.close()
		callback = relay.url
	}
	conf, err := livekitConfig(s, callback)
	if err != nil {
		return err
	}
	// With none configured, LiveKit asks these servers of other companies for
	// this machine's address, and tells browsers to do so too.
	rtcconfig.DefaultStunServers = nil

	node, err := routing.NewLocalNode(conf)
	if err != nil {
		return fmt.Errorf("set up node: %w", err)
	}
	// Without this a node panics when it counts something.
	if err := prometheus.Init(string(node.NodeID()), node.NodeType()); err != nil {
		return fmt.Errorf("set up metrics: %w", err)
	}
	server, err := service.InitializeServer(conf, node)
	if err != nil {
		return fmt.Errorf("set up media server: %w", err)
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- sfu.WaitLease(ctx, s.Dir) }()
	served := make(chan error, 1)
	go func() { served <- server.Start() }()
	select {
	case err = <-served:
		if err == nil {
			err = errors.New("media server ended by itself")
		}
		return err
	case err = <-ended:
	}
	return errors.Join(err, stop(server, served))
}

// stop ends server and returns what its Start returned. LiveKit ignores a Stop
// in the tenth of a second before it counts itself as running.
func stop(server *service.LivekitServer, served <-chan error) error {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for !server.IsRunning() {
		select {
		case err := <-served:
			return err
		case <-ticker.C:
		}
	}
	server.Stop(true)
	return <-served
}

// callbackEvents are the webhooks that Foyer acts upon.
var callbackEvents = []string{
	"participant_joined", "participant_left", "participant_connection_aborted", "room_finished",
}

// livekitConfig returns LiveKit's configuration for s. Its numbers were measured:
// see the project's design notes.
func livekitConfig(s sfu.Settings, callback string) (*config.Config, error) {
	rtc := map[string]any{
		"udp_port":                  s.Public.UDPPort,
		"tcp_port":                  s.Public.TCPPort,
		"use_external_ip":           false,
		"enable_loopback_candidate": s.Public.Loopback,
		// Packets leave in batches: a sixth less processor for each.
		"batch_io": map[string]any{"batch_size": 128, "max_flush_interval": "2ms"},
		// How often a publisher is asked for a key frame at most. LiveKit's own
		// half a second and more is what someone who joins late would wait.
		"pli_throttle": map[string]any{"low_quality": "100ms", "mid_quality": "150ms", "high_quality": "200ms"},
	}
	if s.Public.MediaIP != "" {
		mediaIP, err := netip.ParseAddr(s.Public.MediaIP)
		if err != nil {
			return nil, fmt.Errorf("configure media server: FOYER_MEDIA_IP: %w", err)
		}
		reach(rtc, mediaIP)
	}
	tree := map[string]any{
		"port":           s.HTTPPort,
		"bind_addresses": []string{"127.0.0.1"},
		"keys":           map[string]string{s.Key: s.Secret},
		"rtc":            rtc,
		"room": map[string]any{
			// Foyer makes rooms, at the gate.
			"auto_create":       false,
			"empty_timeout":     30, // seconds for the first to arrive
			"departure_timeout": 10, // seconds for the last to come back
		},
		// Data goes through Foyer's own events.
		"enable_data_tracks": false,
		"turn":               map[string]any{"enabled": false},
		"logging":            map[string]any{"level": "info", "pion_level": "error"},
	}
	if callback != "" {
		tree["webhook"] = map[string]any{
			"urls": []string{callback}, "api_key": s.Key,
			"filter_params": map[string]any{"include_events": callbackEvents},
		}
	}
	if s.Public.RedisURL != "" {
		redis, err := redisConfig(s.Public.RedisURL)
		if err != nil {
			return nil, err
		}
		tree["redis"] = redis
	}
	conf, err := decode(tree)
	if err != nil {
		return nil, fmt.Errorf("configure media server: %w", err)
	}
	return conf, nil
}

// freeLoopback listens on a free port of the loopback interface.
func freeLoopback() (net.Listener, string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", fmt.Errorf("listen for callbacks: %w", err)
	}
	return l, "http://127.0.0.1:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}
