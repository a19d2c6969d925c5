package config

import (
	"fmt"
	"net/url"
	"slices"
)

// The media services that can carry calls, as FOYER_MEDIA and rooms name them.
const (
	LiveKit = "livekit" // embedded, or elsewhere with LIVEKIT_URL
	Twilio  = "twilio"
)

// Backend is the media service that carries the calls of new rooms.
func (c Config) Backend() string {
	switch {
	case c.Media != "":
		return c.Media
	case c.HasTwilio():
		return Twilio
	}
	return LiveKit
}

// HasTwilio reports whether Twilio is set up. Rooms that it carries go on to be,
// also while another service carries new ones.
func (c Config) HasTwilio() bool { return c.TwilioAccountSID != "" }

// checkMedia looks for settings of media services that cannot be.
func (c Config) checkMedia() (problems []error) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	problems = append(problems, allOrNone("LiveKit", []named{
		{"LIVEKIT_URL", c.LiveKitURL}, {"LIVEKIT_API_KEY", c.LiveKitKey}, {"LIVEKIT_API_SECRET", c.LiveKitSecret},
	})...)
	twilio := []named{
		{"TWILIO_ACCOUNT_SID", c.TwilioAccountSID}, {"TWILIO_API_KEY_SID", c.TwilioKeySID}, {"TWILIO_API_KEY_SECRET", c.TwilioKeySecret},
	}
	if c.Media == Twilio {
		problems = append(problems, missing("FOYER_MEDIA=twilio", twilio)...)
	} else {
		problems = append(problems, allOrNone("Twilio", twilio)...)
	}
	if c.Media != "" && c.Media != LiveKit && c.Media != Twilio {
		bad("FOYER_MEDIA: %q is neither livekit nor twilio", c.Media)
	}
	if c.TwilioAPIURL != "" && !isOrigin(c.TwilioAPIURL) {
		bad("TWILIO_API_URL: %q is no address like https://video.twilio.com, without a path", c.TwilioAPIURL)
	}
	if u, err := url.Parse(c.TwilioSignalingURL); c.TwilioSignalingURL != "" && (err != nil || u.Scheme != "wss" && u.Scheme != "ws" || u.Host == "") {
		bad("TWILIO_SIGNALING_URL: %q is no address that begins with wss:// or ws://", c.TwilioSignalingURL)
	}
	return problems
}

// named is a setting's name and its value.
type named struct{ name, value string }

// allOrNone names what is missing when some of the settings are given.
func allOrNone(what string, settings []named) []error {
	if !slices.ContainsFunc(settings, func(s named) bool { return s.value != "" }) {
		return nil
	}
	return missing(what, settings)
}

func missing(what string, settings []named) (problems []error) {
	for _, s := range settings {
		if s.value == "" {
			problems = append(problems, fmt.Errorf("%s: missing; %s needs %s, %s and %s",
				s.name, what, settings[0].name, settings[1].name, settings[2].name))
		}
	}
	return problems
}
