package twiliotest

import (
	"errors"
	"sync"
	"time"
)

// session is a participant with their signalling and media. It outlives a
// signalling connection that is lost, for as long as Signalling.SessionTimeout.
type session struct {
	signalling  *Signalling
	secret      string
	participant *Participant
	call        *call
	peer        *peer

	link    sync.Mutex
	socket  *socket     // guarded by link; nil while signalling is lost
	expires *time.Timer // guarded by link

	// Guarded by call.mu.
	revision   int // of what others see of the participant
	told       int // revision of the client's own list of tracks
	tracks     []*publication
	published  int // revision
	subscribed int // revision
	quality    int
	channels   map[string]*channel // of media signalling, by name
}

// send sends a message if there is a connection; a client that has lost it is
// told everything when it is back.
func (s *session) send(m message) {
	s.link.Lock()
	defer s.link.Unlock()
	if s.socket != nil {
		m.Version = sessionVersion
		s.socket.send(m)
	}
}

func (s *session) drop() {
	s.link.Lock()
	defer s.link.Unlock()
	if s.socket != nil {
		s.socket.drop()
	}
}

// lost says that a connection has ended. If it was the session's, the
// participant has a while to come back.
func (s *session) lost(over *socket) {
	s.link.Lock()
	if s.socket != over {
		s.link.Unlock()
		return
	}
	s.socket = nil
	s.expires = time.AfterFunc(s.signalling.SessionTimeout, func() {
		s.signalling.service.Disconnect(s.participant, nil)
	})
	s.link.Unlock()
	s.signalling.service.Reconnecting(s.participant, true)
	s.call.changed(s)
}

// resume goes on over a new connection: the client has said all that it sends,
// and is told all that there is.
func (s *session) resume(socket *socket, m message) {
	s.link.Lock()
	if s.expires != nil {
		s.expires.Stop()
	}
	s.socket = socket
	s.link.Unlock()
	s.signalling.service.Reconnecting(s.participant, false)
	s.call.synced(s, m)
}

// update takes what the client says has changed.
func (s *session) update(m message) {
	if m.Participant != nil {
		s.call.publish(s, *m.Participant)
	}
	for _, state := range m.PeerConnections {
		s.peer.receive(state)
	}
}

// follow waits until the participant is disconnected and says why.
func (s *session) follow() {
	<-s.participant.Done()
	reason := s.signalling.service.Reason(s.participant)
	switch {
	case reason == nil:
	case errors.Is(reason, ErrRoomCompleted):
		s.send(message{Type: "disconnected", Status: "completed"})
	case errors.Is(reason, ErrRemoved):
		s.send(message{Type: "disconnected"})
	default:
		s.send(message{Type: "error", Code: reason.Code, Message: reason.Message})
	}
	s.link.Lock()
	if s.expires != nil {
		s.expires.Stop()
	}
	if s.socket != nil {
		s.socket.end()
	}
	s.socket = nil
	s.link.Unlock()

	s.call.exit(s)
	s.peer.close()
	sg := s.signalling
	sg.mu.Lock()
	delete(sg.sessions, s.secret)
	s.call.users--
	if s.call.users == 0 {
		delete(sg.calls, s.participant.Room)
		s.call.cancel()
	}
	sg.mu.Unlock()
}
