package twiliotest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Signalling is the signalling service: an http.Handler for the WebSocket that
// Twilio's SDK opens, and the media between participants.
type Signalling struct {
	service *Service
	// SessionTimeout is how long a participant may be without signalling. It is
	// not to be changed once clients connect.
	SessionTimeout time.Duration

	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex
	calls    map[*Room]*call
	sessions map[string]*session // by the secret that resumes them
	refusing bool                // new connections are
}

// NewSignalling returns the signalling service of service. Close must be called.
func NewSignalling(service *Service) *Signalling {
	s := &Signalling{
		service: service, SessionTimeout: 30 * time.Second,
		calls: make(map[*Room]*call), sessions: make(map[string]*session),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Close ends every connection and waits for what runs in the background.
func (s *Signalling) Close() {
	s.cancel()
	for _, session := range s.list() {
		s.service.Disconnect(session.participant, nil)
	}
	s.running.Wait()
}

func (s *Signalling) list() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*session
	for _, session := range s.sessions {
		all = append(all, session)
	}
	return all
}

// of returns the session of who is connected as identity, nil for nobody.
func (s *Signalling) of(identity string) *session {
	for _, session := range s.list() {
		if session.participant.Identity == identity {
			return session
		}
	}
	return nil
}

// Drop cuts the signalling connection of an identity, like a network that fails.
// It is false when there is none.
func (s *Signalling) Drop(identity string) bool {
	session := s.of(identity)
	if session == nil {
		return false
	}
	session.drop()
	return true
}

// SetQuality sets the network quality, 0 to 5, that is told of an identity. It is
// false when nobody is connected as that.
func (s *Signalling) SetQuality(identity string, level int) bool {
	session := s.of(identity)
	if session == nil {
		return false
	}
	session.call.setQuality(session, level)
	return true
}

// Refuse makes new connections fail, or no longer.
func (s *Signalling) Refuse(refuse bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusing = refuse
}

// ServeHTTP serves one WebSocket.
func (s *Signalling) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	refusing := s.refusing
	s.mu.Unlock()
	if refusing {
		http.Error(w, "unavailable", http.StatusServiceUnavailable)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // any page may use Twilio
	if err != nil {
		return // Accept has answered
	}
	const largest = 1 << 20 // bytes; descriptions of many tracks are long
	conn.SetReadLimit(largest)
	s.running.Add(1)
	defer s.running.Done()
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	c := &client{signalling: s, socket: newSocket(conn)}
	c.serve(ctx)
	conn.CloseNow()
	if c.session != nil {
		c.session.lost(c.socket)
	}
}

// client is one WebSocket with the session it carries, once there is one.
type client struct {
	signalling *Signalling
	socket     *socket
	session    *session
}

// serve reads until the connection ends.
func (c *client) serve(ctx context.Context) {
	const helloWithin = time.Minute
	c.socket.timeout = helloWithin
	hello, err := c.socket.read(ctx)
	if err != nil || hello.Type != "hello" || hello.Version != 2 || hello.Timeout <= 0 {
		bad, _ := json.Marshal(frame{Type: "bad", Reason: "hello expected"})
		_ = c.socket.conn.Write(ctx, websocket.MessageText, bad)
		return
	}
	c.socket.timeout = time.Duration(hello.Timeout) * time.Millisecond
	var writing sync.WaitGroup
	defer writing.Wait()
	writing.Go(func() { c.socket.write(ctx) })
	c.socket.queue(frame{Type: "welcome", NegotiatedTimeout: hello.Timeout})
	if len(hello.Body) > 0 && !c.handle(hello.Body) {
		c.socket.end()
		return
	}
	for {
		f, err := c.socket.read(ctx)
		switch {
		case err != nil:
			c.socket.end()
			return
		case f.Type == "bye":
			c.socket.end()
			return
		case f.Type == "msg" && !c.handle(f.Body):
			c.socket.end()
			return
		}
	}
}

// handle acts on a message. It is false when the connection is over.
func (c *client) handle(body json.RawMessage) bool {
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		return c.refuse(&Error{Code: 53002, Message: "Signaling message invalid: " + err.Error()})
	}
	switch m.Type {
	case "ice":
		if _, err := c.signalling.service.verify(m.Token); err != nil {
			return c.refuse(err)
		}
		c.socket.send(message{Type: "iced", Version: 1, ICEServers: json.RawMessage("[]")})
		return true
	case "connect":
		return c.connect(m)
	case "sync":
		return c.sync(m)
	}
	if c.session == nil {
		return c.refuse(&Error{Code: 53002, Message: "connect expected"})
	}
	switch m.Type {
	case "update":
		c.session.update(m)
	case "disconnect":
		c.signalling.service.Disconnect(c.session.participant, nil)
		return false
	}
	return true
}

// refuse sends an error, after which the SDK closes the connection.
func (c *client) refuse(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Code: 53000, Message: err.Error()}
	}
	c.socket.send(message{Type: "error", Version: sessionVersion, Code: e.Code, Message: e.Message})
	return false
}

// connect lets a client into a room.
func (c *client) connect(m message) bool {
	s := c.signalling
	claims, err := s.service.verify(m.Token)
	if err != nil {
		return c.refuse(err)
	}
	name := m.Name
	if granted := claims.Grants.Video.Room; granted != "" {
		if name != "" && name != granted {
			return c.refuse(badToken(20106, "Invalid Access Token grants"))
		}
		name = granted
	}
	if len(m.PeerConnections) != 1 || m.Participant == nil {
		return c.refuse(&Error{Code: 53002, Message: "one peer connection and a participant expected"})
	}
	p, err := s.service.Connect(name, claims.Grants.Identity)
	if err != nil {
		return c.refuse(err)
	}
	session := &session{signalling: s, secret: rand.Text(), participant: p, socket: c.socket, quality: 5, revision: 1}
	session.peer, err = newPeer(session, m.PeerConnections[0].ID)
	if err != nil {
		s.service.Disconnect(p, nil)
		return c.refuse(err)
	}
	c.session = session
	s.mu.Lock()
	if s.calls[p.Room] == nil {
		s.calls[p.Room] = newCall(s, p.Room)
	}
	session.call = s.calls[p.Room]
	session.call.users++
	s.sessions[session.secret] = session
	s.mu.Unlock()
	s.running.Go(session.follow)
	session.call.enter(session, m)
	return true
}

// sync resumes a session over a new connection.
func (c *client) sync(m message) bool {
	s := c.signalling
	if _, err := s.service.verify(m.Token); err != nil {
		return c.refuse(err) // also of a session that is still there: a token has to be valid for every connection
	}
	s.mu.Lock()
	session := s.sessions[m.Session]
	s.mu.Unlock()
	if session == nil {
		return c.refuse(&Error{Code: 53001, Message: "Signaling connection disconnected: no such session"})
	}
	c.session = session
	session.resume(c.socket, m)
	return true
}
