package twiliotest

import (
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// publication is a track that a participant publishes. Its first fields do not
// change.
type publication struct {
	owner   *session
	id      string // the publisher's
	sid     string
	kind    string // audio, video or data
	name    string
	relayID string // the subscribers'

	// Guarded by call.mu.
	enabled  bool
	priority string
	out      *webrtc.TrackLocalStaticRTP // nil until something comes in
	loud     loudness

	asking sync.Mutex
	asked  time.Time // for a key frame; guarded by asking
	source webrtc.SSRC
}

// flowing reports whether it can be subscribed to. The lock must be held.
func (pub *publication) flowing() bool { return pub.kind == "data" || pub.out != nil }

// publish takes what a client says that it publishes.
func (c *call) publish(s *session, p participantState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.take(s, p) {
		s.send(message{Type: "update", Published: s.publications()})
		c.tell(s)
	}
}

// take is publish without telling anybody. It is false when nothing has changed.
// The lock must be held.
func (c *call) take(s *session, p participantState) bool {
	if p.Revision <= s.told {
		return false
	}
	s.told = p.Revision
	s.published++
	service := c.signalling.service
	kept := make([]*publication, 0, len(p.Tracks))
	for _, track := range p.Tracks {
		enabled := track.Enabled == nil || *track.Enabled
		i := slices.IndexFunc(s.tracks, func(pub *publication) bool { return pub.id == track.ID })
		if i < 0 {
			pub := &publication{
				owner: s, id: track.ID, sid: newSID("MT"), kind: track.Kind, name: track.Name,
				relayID: uuid.NewString(), enabled: enabled, priority: track.Priority,
			}
			kept = append(kept, pub)
			service.Track(s.participant, "added", pub.kind, pub.sid)
			if pub.kind == "data" && slices.Contains(c.sessions, s) {
				c.begin(pub)
			}
			continue
		}
		pub := s.tracks[i]
		if pub.enabled != enabled {
			service.Track(s.participant, map[bool]string{true: "enabled", false: "disabled"}[enabled], pub.kind, pub.sid)
		}
		pub.enabled, pub.priority = enabled, track.Priority
		kept = append(kept, pub)
	}
	for _, pub := range s.tracks {
		if !slices.Contains(kept, pub) {
			c.end(pub)
			service.Track(s.participant, "removed", pub.kind, pub.sid)
		}
	}
	s.tracks = kept
	return true
}

// begin lets everybody else receive a publication. The lock must be held.
func (c *call) begin(pub *publication) {
	if !pub.flowing() {
		return
	}
	for _, other := range c.others(pub.owner) {
		other.subscribed++
		other.send(message{Type: "update", Subscribed: c.subscriptions(other)})
		other.peer.add(pub)
	}
}

// end lets nobody receive it any more. The lock must be held.
func (c *call) end(pub *publication) {
	if !pub.flowing() {
		return
	}
	owner := pub.owner
	owner.tracks = slices.DeleteFunc(slices.Clone(owner.tracks), func(other *publication) bool { return other == pub })
	for _, other := range c.others(owner) {
		other.subscribed++
		other.send(message{Type: "update", Subscribed: c.subscriptions(other)})
		other.peer.remove(pub)
	}
}

// find returns what a session publishes under an id of its own.
func (s *session) find(id string) *publication {
	i := slices.IndexFunc(s.tracks, func(pub *publication) bool { return pub.id == id })
	if i < 0 {
		return nil
	}
	return s.tracks[i]
}

// relay passes on what comes in on a track until it ends. The client may use it
// for another publication later, or announce what it sends only afterwards.
func (c *call) relay(s *session, track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	level := audioLevelExtension(receiver)
	var pub *publication
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		if pub == nil || pub.id != track.ID() {
			if pub = c.source(s, track); pub == nil {
				continue
			}
		}
		if level != 0 {
			c.hear(pub, packet.GetExtension(level))
		}
		pub.pass(packet)
	}
}

// source returns the publication that a track carries, nil when there is none,
// and lets others receive it from now on.
func (c *call) source(s *session, track *webrtc.TrackRemote) *publication {
	c.mu.Lock()
	defer c.mu.Unlock()
	pub := s.find(track.ID())
	if pub == nil || pub.out != nil {
		return pub
	}
	out, err := webrtc.NewTrackLocalStaticRTP(track.Codec().RTPCodecCapability, pub.relayID, s.participant.SID)
	if err != nil {
		return nil
	}
	pub.out, pub.source = out, track.SSRC()
	c.begin(pub)
	return pub
}

// pass passes on a packet, without the extensions: their numbers are a matter
// between each client and the server.
func (pub *publication) pass(packet *rtp.Packet) {
	packet.Extension, packet.Extensions = false, nil
	_ = pub.out.WriteRTP(packet) // a subscriber has gone
}

// feedback asks the publisher for a key frame whenever a subscriber does, until
// the subscription ends.
func (pub *publication) feedback(sender *webrtc.RTPSender) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, packet := range packets {
			switch packet.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				pub.refresh()
			}
		}
	}
}

func (pub *publication) refresh() {
	const seldom = 100 * time.Millisecond
	pub.asking.Lock()
	now := time.Now()
	soon := now.Sub(pub.asked) < seldom
	if !soon {
		pub.asked = now
	}
	pub.asking.Unlock()
	if !soon {
		pub.owner.peer.refresh(pub.source)
	}
}

// relayData passes on a message of a data track.
func (c *call) relayData(s *session, id string, m webrtc.DataChannelMessage) {
	c.mu.Lock()
	pub, others := s.find(id), c.others(s)
	c.mu.Unlock()
	if pub == nil {
		return
	}
	for _, other := range others {
		other.peer.sendData(pub, m)
	}
}

// audioLevelExtension is the number under which a client sends how loud each
// packet is (RFC 6464), 0 when it does not.
func audioLevelExtension(receiver *webrtc.RTPReceiver) uint8 {
	for _, extension := range receiver.GetParameters().HeaderExtensions {
		if extension.URI == sdp.AudioLevelURI {
			return uint8(extension.ID)
		}
	}
	return 0
}
