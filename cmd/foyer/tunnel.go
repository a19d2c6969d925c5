package main

import (
	"context"
	"fmt"

	"foyer/internal/tunnel"
)

// ngrok is the service that tunnels go through; tests put their own there.
var ngrok tunnel.Service

// openTunnel opens the tunnel if there shall be one. Its address is the public one
// from then on, for whatever is started later. Nothing is answered yet.
func (s *service) openTunnel(ctx context.Context) (err error) {
	if !s.cfg.Tunnel {
		return nil
	}
	s.tunnel, err = tunnel.Open(ctx, tunnel.Config{
		Token: s.cfg.NgrokToken, Origin: s.cfg.PublicOrigin(), Service: ngrok, Log: s.log,
	})
	if err != nil {
		return err
	}
	s.cfg.PublicURL = s.tunnel.Origin()
	return nil
}

// aboutTunnel tells what the tunnel does, and what it does not, empty without one.
func (s *service) aboutTunnel() string {
	if s.tunnel == nil {
		return ""
	}
	text := "\n    The tunnel carries pages and signalling.\n"
	if s.sfu != nil {
		ports := fmt.Sprintf("UDP port %d", s.cfg.MediaUDPPort)
		if s.cfg.MediaTCPPort != 0 {
			ports += fmt.Sprintf(" or TCP port %d", s.cfg.MediaTCPPort)
		}
		text = "\n    The tunnel carries pages and signalling, not sound and picture: for those,\n" +
			"    people elsewhere must reach " + ports + " of this machine. If they\n" +
			"    cannot, use a LiveKit service with TURN, or Twilio, for the calls.\n"
	}
	return text
}
