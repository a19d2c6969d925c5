package twiliotest

import (
	"context"
	"slices"
	"sync"
)

// call is a room with people in it: what each publishes and what each receives.
type call struct {
	signalling *Signalling
	room       *Room
	users      int // sessions that have not ended; guarded by Signalling.mu
	cancel     context.CancelFunc

	mu       sync.Mutex
	sessions []*session // in order of arrival
	speaker  *session   // who is loudest, nil in silence
}

func newCall(s *Signalling, room *Room) *call {
	ctx, cancel := context.WithCancel(s.ctx)
	c := &call{signalling: s, room: room, cancel: cancel}
	s.running.Go(func() { c.listen(ctx) })
	return c
}

// state is a participant as the others see them. The lock must be held.
func (s *session) state() participantState {
	state := participantState{SID: s.participant.SID, Identity: s.participant.Identity, State: connected, Revision: s.revision, Tracks: []trackState{}}
	select {
	case <-s.participant.Done():
		state.State = disconnected
	default:
		s.link.Lock()
		if s.socket == nil {
			state.State = reconnecting
		}
		s.link.Unlock()
	}
	for _, pub := range s.tracks {
		state.Tracks = append(state.Tracks, trackState{SID: pub.sid, Name: pub.name, Kind: pub.kind, Enabled: &pub.enabled, Priority: pub.priority})
	}
	return state
}

// others are all but one. The lock must be held.
func (c *call) others(than *session) []*session {
	return slices.DeleteFunc(slices.Clone(c.sessions), func(other *session) bool { return other == than })
}

// tell tells the others how a participant is now. The lock must be held.
func (c *call) tell(s *session) {
	s.revision++
	for _, other := range c.others(s) {
		other.send(message{Type: "update", Participants: []participantState{s.state()}})
	}
}

func (c *call) changed(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tell(s)
}

// subscriptions is what a participant receives. The lock must be held.
func (c *call) subscriptions(s *session) *trackList {
	list := &trackList{Revision: s.subscribed, Tracks: []trackState{}}
	for _, other := range c.others(s) {
		for _, pub := range other.tracks {
			if pub.flowing() {
				list.Tracks = append(list.Tracks, trackState{SID: pub.sid, ID: pub.relayID})
			}
		}
	}
	return list
}

// publications is what a participant publishes, as they are told. The lock must
// be held.
func (s *session) publications() *trackList {
	list := &trackList{Revision: s.published, Tracks: []trackState{}}
	for _, pub := range s.tracks {
		list.Tracks = append(list.Tracks, trackState{ID: pub.id, SID: pub.sid, State: "ready"})
	}
	return list
}

// enter brings in a session that has just connected.
func (c *call) enter(s *session, m message) {
	offer := m.PeerConnections[0].Description
	if offer == nil {
		offer = new(sessionDescription)
	}
	s.peer.mu.Lock()
	err := s.peer.answer(*offer)
	s.peer.mu.Unlock()
	if err != nil {
		s.send(message{Type: "error", Code: 53403, Message: err.Error()})
		c.signalling.service.Disconnect(s.participant, nil)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.take(s, *m.Participant)
	answer := message{
		Type: "connected", Session: s.secret, SID: c.room.SID, Name: c.room.UniqueName,
		Participant:     &participantState{SID: s.participant.SID, Identity: s.participant.Identity, State: connected, Revision: s.revision},
		PeerConnections: s.peer.state(), Published: s.publications(), Participants: []participantState{},
		Options: &sessionOptions{SessionTimeout: int(c.signalling.SessionTimeout.Seconds()), SignalingRegion: "us1", MediaRegion: "us1"},
	}
	for _, other := range c.sessions {
		answer.Participants = append(answer.Participants, other.state())
	}
	c.sessions = append(c.sessions, s)
	s.subscribed++
	answer.Subscribed = c.subscriptions(s)
	answer.MediaSignaling = s.openChannels(m.MediaSignaling)
	s.send(answer)
	for _, other := range c.others(s) {
		for _, pub := range other.tracks {
			if pub.flowing() {
				s.peer.add(pub)
			}
		}
	}
	c.tell(s)
	for _, pub := range s.tracks {
		c.begin(pub)
	}
}

// synced brings a session up to date whose client is back.
func (c *call) synced(s *session, m message) {
	if m.Participant != nil {
		c.publish(s, *m.Participant)
	}
	for _, state := range m.PeerConnections {
		s.peer.receive(state)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// The client is told revisions that it may know: it ignores those.
	answer := message{
		Type: "synced", PeerConnections: s.peer.state(), Published: s.publications(), Subscribed: c.subscriptions(s),
		Participant:  &participantState{SID: s.participant.SID, Identity: s.participant.Identity, State: connected, Revision: s.revision},
		Participants: []participantState{},
	}
	for _, other := range c.others(s) {
		answer.Participants = append(answer.Participants, other.state())
	}
	s.send(answer)
	c.tell(s)
}

// exit takes out a session that is over.
func (c *call) exit(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.sessions, s) {
		return // it never came in
	}
	for _, pub := range s.tracks {
		c.end(pub)
	}
	s.tracks = nil
	c.tell(s)
	c.sessions = c.others(s)
	if c.speaker == s {
		c.speaker = nil
		c.tellSpeaker()
	}
}
