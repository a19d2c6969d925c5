package twiliotest

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// socket is one WebSocket of a client, after its hello. What is sent is written
// in order, by one goroutine.
type socket struct {
	conn    *websocket.Conn
	timeout time.Duration // of a heartbeat

	mu      sync.Mutex
	waiting []frame
	ended   bool
	added   chan struct{}
}

func newSocket(conn *websocket.Conn) *socket {
	return &socket{conn: conn, added: make(chan struct{}, 1)}
}

// send queues a message.
func (s *socket) send(m message) {
	body, err := json.Marshal(m)
	if err != nil {
		panic(err) // a message holds nothing that JSON cannot say
	}
	s.queue(frame{Type: "msg", Body: body})
}

func (s *socket) queue(f frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.waiting = append(s.waiting, f)
		s.wake()
	}
}

// end says bye after what was queued, and closes the connection.
func (s *socket) end() {
	s.queue(frame{Type: "bye"})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.wake()
}

// drop closes the connection at once, like a network that fails.
func (s *socket) drop() { s.conn.CloseNow() }

func (s *socket) wake() {
	select {
	case s.added <- struct{}{}:
	default:
	}
}

// write sends what is queued, and heartbeats meanwhile, until the connection
// ends.
func (s *socket) write(ctx context.Context) {
	beat := time.NewTicker(s.timeout * 4 / 5)
	defer beat.Stop()
	for {
		s.mu.Lock()
		frames, ended := s.waiting, s.ended
		s.waiting = nil
		s.mu.Unlock()
		for _, f := range frames {
			if s.put(ctx, f) != nil {
				s.conn.CloseNow()
				return
			}
		}
		if ended {
			s.conn.Close(websocket.StatusNormalClosure, "bye")
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-s.added:
		case <-beat.C:
			s.queue(frame{Type: "heartbeat"})
		}
	}
}

func (s *socket) put(ctx context.Context, f frame) error {
	text, err := json.Marshal(f)
	if err != nil {
		panic(err) // a frame holds nothing that JSON cannot say
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, text)
}

// read waits for the next frame, as long as a client may be silent.
func (s *socket) read(ctx context.Context) (frame, error) {
	const missed = 3 // heartbeats
	ctx, cancel := context.WithTimeout(ctx, missed*s.timeout)
	defer cancel()
	var f frame
	_, text, err := s.conn.Read(ctx)
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(text, &f)
}
