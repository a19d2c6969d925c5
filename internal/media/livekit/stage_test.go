package livekit

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"

	"foyer/internal/media"
)

// A media server that behaves as the real one does not, or not when wanted,
// stands behind the gate in these tests.

// stage is a gate with a scripted media server behind it.
type stage struct {
	backend *Backend
	url     string

	mu      sync.Mutex
	refusal error
	asked   int // how often whether somebody may be there
	wrong   int // how often of somebody who is coming though they are connected, or the reverse
	removed []string
	gone    int
}

// newStage returns a stage whose media server does script with each connection,
// after it has let the participant in.
func newStage(t testing.TB, pace pace, script func(context.Context, *websocket.Conn)) *stage {
	t.Helper()
	s := new(stage)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /twirp/livekit.RoomService/{method}", s.service)
	mux.HandleFunc("GET /rtc", func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		join := &livekit.SignalResponse{Message: &livekit.SignalResponse_Join{Join: &livekit.JoinResponse{}}}
		c.Write(r.Context(), websocket.MessageBinary, encode(t, join))
		script(r.Context(), c)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	var err error
	s.backend, err = New(Config{
		Access:  Fixed("ws"+strings.TrimPrefix(server.URL, "http"), "key", strings.Repeat("s", 32)),
		GateKey: testKey, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.backend.pace = pace
	ctx, stop := context.WithCancel(context.Background())
	gate := httptest.NewServer(s.backend.Signalling(ctx, s.admit, s))
	t.Cleanup(gate.Close)
	t.Cleanup(stop)
	s.url = gate.URL
	return s
}

// service answers requests with an empty message, which all answers may be.
func (s *stage) service(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.PathValue("method") == "RemoveParticipant" {
		var request livekit.RoomParticipantIdentity
		if proto.Unmarshal(body, &request) == nil {
			s.mu.Lock()
			s.removed = append(s.removed, request.Identity)
			s.mu.Unlock()
		}
	}
	w.Header().Set("Content-Type", "application/protobuf")
}

func (s *stage) admit(_ context.Context, _ media.RoomID, id media.ParticipantID, is media.Standing) (media.Participant, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if (is == media.Coming) != (s.asked == 0) {
		s.wrong++
	}
	s.asked++
	return media.Participant{ID: id, Name: "A"}, s.refusal
}

func (s *stage) refuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusal = err
}

func (s *stage) Joined(media.RoomID, media.ParticipantID) {}

func (s *stage) Disconnected(media.RoomID, media.ParticipantID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone++
}

// ended waits for the gate to notice the end of a connection.
func (s *stage) ended(t testing.TB, within time.Duration) {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		s.mu.Lock()
		gone := s.gone
		s.mu.Unlock()
		if gone > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the connection has not ended within %v", within)
		}
		time.Sleep(time.Millisecond)
	}
}

// askedAgain waits until the gate has asked n more times.
func (s *stage) askedAgain(t testing.TB, n int) {
	t.Helper()
	asked := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.asked
	}
	enough, deadline := asked()+n, time.Now().Add(30*time.Second)
	for asked() < enough {
		if time.Now().After(deadline) {
			t.Fatal("the gate does not ask")
		}
		time.Sleep(time.Millisecond)
	}
}

// address returns the URL of a connection for a participant.
func (s *stage) address(t testing.TB, id media.ParticipantID) string {
	t.Helper()
	token, _, err := s.backend.tokens.sign(member{"foyer-room", id}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return s.url + "/rtc?access_token=" + token
}

func (s *stage) connect(t testing.TB, id media.ParticipantID) *websocket.Conn {
	t.Helper()
	c, _, err := websocket.Dial(t.Context(), s.address(t, id), nil)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	c.SetReadLimit(maxResponse)
	t.Cleanup(func() { c.CloseNow() })
	return c
}

// read returns the next message.
func (s *stage) read(t testing.TB, c *websocket.Conn) (*livekit.SignalResponse, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, data, err := c.Read(ctx)
	if err != nil {
		return nil, err
	}
	m := new(livekit.SignalResponse)
	if err := proto.Unmarshal(data, m); err != nil {
		t.Fatal(err)
	}
	return m, nil
}

// idle is a media server that only listens.
func idle(ctx context.Context, c *websocket.Conn) {
	c.SetReadLimit(maxResponse)
	for {
		if _, _, err := c.Read(ctx); err != nil {
			return
		}
	}
}

// quick is a pace for tests.
var quick = pace{tick: 30 * time.Millisecond, pong: 500 * time.Millisecond, write: 500 * time.Millisecond, close: 500 * time.Millisecond}

// raw opens a connection by hand, and reads nothing after the handshake.
func (s *stage) raw(t testing.TB, id media.ParticipantID) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	path := strings.TrimPrefix(s.address(t, id), s.url)
	io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	status := make([]byte, 12)
	if _, err := io.ReadFull(c, status); err != nil || string(status) != "HTTP/1.1 101" {
		t.Fatalf("handshake: %q, %v", status, err)
	}
	return c
}
