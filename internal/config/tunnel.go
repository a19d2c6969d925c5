package config

import (
	"errors"
	"strings"
)

// checkTunnel looks for settings that cannot be together with the tunnel.
func (c Config) checkTunnel() (problems []error) {
	if !c.Tunnel {
		return nil
	}
	if c.NgrokToken == "" {
		problems = append(problems, errors.New("NGROK_AUTHTOKEN: missing; --tunnel needs the authtoken of an ngrok account, from https://dashboard.ngrok.com/get-started/your-authtoken"))
	}
	if c.PublicURL != "" && !strings.HasPrefix(c.PublicOrigin(), "https://") {
		problems = append(problems, errors.New("FOYER_PUBLIC_URL: with --tunnel it is the https address reserved at ngrok, or left out"))
	}
	if c.Domain != "" {
		problems = append(problems, errors.New("FOYER_TUNNEL and FOYER_DOMAIN: choose one of them"))
	}
	return problems
}
