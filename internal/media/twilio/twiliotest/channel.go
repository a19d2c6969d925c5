package twiliotest

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/pion/webrtc/v4"
)

// channel is a data channel over which the server tells a client of something
// that concerns media.
type channel struct {
	data  *webrtc.DataChannel
	ready bool // guarded by call.mu
}

// remoteQuality is the network quality of another participant.
type remoteQuality struct {
	SID   string `json:"sid"`
	Level int    `json:"level"`
}

const (
	activeSpeaker  = "active_speaker"
	networkQuality = "network_quality"
)

// openChannels opens those channels that a client asks for and that there are,
// and returns where it finds them. call.mu must be held.
func (s *session) openChannels(asked map[string]*mediaSignalling) map[string]*mediaSignalling {
	offered := make(map[string]*mediaSignalling)
	s.channels = make(map[string]*channel)
	for _, name := range []string{activeSpeaker, networkQuality} {
		if asked[name] == nil {
			continue
		}
		label := uuid.NewString()
		s.peer.change(func() error {
			data, err := s.peer.pc.CreateDataChannel(label, nil)
			if err != nil {
				return err
			}
			data.OnMessage(func(m webrtc.DataChannelMessage) { s.call.heard(s, name, m.Data) })
			s.channels[name] = &channel{data: data}
			return nil
		})
		offered[name] = &mediaSignalling{Transport: &channelTransport{Type: "data-channel", Label: label}}
	}
	return offered
}

// heard takes what a client says over one of its channels.
func (c *call) heard(s *session, name string, text []byte) {
	var said struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(text, &said) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case said.Type == "ready":
		s.channels[name].ready = true
		if name == activeSpeaker {
			s.announce(name, c.speech())
		}
	case name == networkQuality && said.Type == networkQuality: // what it measured
		s.announce(name, c.qualities(s))
	}
}

// announce sends something over a channel that the client is ready for. call.mu
// must be held.
func (s *session) announce(name string, what any) {
	channel := s.channels[name]
	if channel == nil || !channel.ready {
		return
	}
	text, err := json.Marshal(what)
	if err != nil {
		panic(err) // an announcement holds nothing that JSON cannot say
	}
	_ = channel.data.SendText(string(text)) // it is closing
}

// setQuality sets what is told of a participant's network.
func (c *call) setQuality(of *session, level int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	of.quality = level
	for _, s := range c.sessions {
		s.announce(networkQuality, c.qualities(s))
	}
}

func (c *call) qualities(s *session) any {
	remotes := []remoteQuality{}
	for _, other := range c.others(s) {
		remotes = append(remotes, remoteQuality{other.participant.SID, other.quality})
	}
	return map[string]any{"type": networkQuality, "local": s.quality, "remotes": remotes}
}

// loudness is how loud a publication was of late.
type loudness struct {
	sum, packets int // since somebody last looked
	lasting      int // how often it may be found quiet before a pause is silence
}

// hear notes the level of a packet (RFC 6464): from 0, loudest, to 127.
func (c *call) hear(pub *publication, extension []byte) {
	if len(extension) == 0 {
		return
	}
	const silence = 127
	c.mu.Lock()
	defer c.mu.Unlock()
	pub.loud.sum += silence - int(extension[0]&0x7f)
	pub.loud.packets++
}

// listen finds out who is loudest, until ctx ends.
func (c *call) listen(ctx context.Context) {
	const every = 200 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			c.findSpeaker()
		}
	}
}

// findSpeaker makes the loudest of those who speak the speaker. Pauses between
// words change nothing.
func (c *call) findSpeaker() {
	const (
		voice = 127 - 50 // dB above the quietest
		pause = 5        // times
	)
	c.mu.Lock()
	defer c.mu.Unlock()
	var loudest *session
	top := 0
	for _, s := range c.sessions {
		for _, pub := range s.tracks {
			if pub.kind != "audio" {
				continue
			}
			level := 0
			if pub.loud.packets > 0 && pub.enabled {
				level = pub.loud.sum / pub.loud.packets
			}
			pub.loud.sum, pub.loud.packets = 0, 0
			if level >= voice {
				pub.loud.lasting = pause
			} else {
				pub.loud.lasting = max(0, pub.loud.lasting-1)
			}
			if !pub.enabled {
				pub.loud.lasting = 0
			}
			if pub.loud.lasting > 0 && level >= top {
				loudest, top = s, level
			}
		}
	}
	if loudest != c.speaker {
		c.speaker = loudest
		c.tellSpeaker()
	}
}

func (c *call) tellSpeaker() {
	for _, s := range c.sessions {
		s.announce(activeSpeaker, c.speech())
	}
}

func (c *call) speech() any {
	var sid *string
	if c.speaker != nil && slices.Contains(c.sessions, c.speaker) {
		sid = &c.speaker.participant.SID
	}
	return map[string]any{"type": activeSpeaker, "participant": sid}
}
