package livekit

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
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

func (s *stage) admit(_ context.Context, _ media.RoomID, id media.ParticipantID) (media.Participant, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
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
	enough, deadline := asked()+n, time.Now().Add(10*time.Second)
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
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
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

// TestDeadBrowser: one that is gone without a word is noticed.
func TestDeadBrowser(t *testing.T) {
	t.Parallel()
	s := newStage(t, quick, idle)
	s.raw(t, "alice")
	s.ended(t, 15*time.Second)
}

// TestDrippingBrowser: a message that never ends does not keep a connection.
func TestDrippingBrowser(t *testing.T) {
	t.Parallel()
	s := newStage(t, quick, idle)
	c := s.raw(t, "alice")
	header := []byte{0x82, 0xff}
	header = binary.BigEndian.AppendUint64(header, 1<<19)
	c.Write(append(header, 0, 0, 0, 0))
	go func() {
		for {
			if _, err := c.Write([]byte{0}); err != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	s.ended(t, 15*time.Second)
}

// TestLivingBrowserIsKept: a silent one that answers pings stays, and gets new
// tokens that open the gate.
func TestLivingBrowserIsKept(t *testing.T) {
	t.Parallel()
	s := newStage(t, quick, idle)
	c := s.connect(t, "alice")
	seen := make(map[string]bool)
	for refreshed := 0; refreshed < 4; {
		m, err := s.read(t, c)
		if err != nil {
			t.Fatal(err)
		}
		token := m.GetRefreshToken()
		if token == "" {
			continue
		}
		refreshed++
		seen[token] = true
		if got, err := s.backend.tokens.verify(token); err != nil || got != (member{"foyer-room", "alice"}) {
			t.Errorf("token for %v, %v", got, err)
		}
	}
	// A failing database puts nobody out.
	s.refuse(errors.New("database away"))
	s.askedAgain(t, 3)
	s.refuse(nil)
	for {
		m, err := s.read(t, c)
		if err != nil {
			t.Fatalf("put out of the call: %v", err)
		}
		if m.GetRefreshToken() != "" {
			break
		}
	}
}

// TestRefusedWhileConnected: one who may not be there any more is told, put
// out, and removed at the media server, without anybody calling Remove.
func TestRefusedWhileConnected(t *testing.T) {
	t.Parallel()
	s := newStage(t, quick, idle)
	c := s.connect(t, "alice")
	s.refuse(&media.Refusal{Status: http.StatusForbidden, Reason: "removed"})
	var left *livekit.LeaveRequest
	for {
		m, err := s.read(t, c)
		if err != nil {
			break
		}
		if m.GetLeave() != nil {
			left = m.GetLeave()
		}
	}
	if left.GetAction() != livekit.LeaveRequest_DISCONNECT || left.GetReason() != livekit.DisconnectReason_PARTICIPANT_REMOVED {
		t.Errorf("the browser was told %v", left)
	}
	s.ended(t, 10*time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.removed) != 1 || s.removed[0] != "alice" {
		t.Errorf("removed at the media server: %v", s.removed)
	}
}

// TestRemoveEndsSignalling: even when the media server does not.
func TestRemoveEndsSignalling(t *testing.T) {
	t.Parallel()
	s := newStage(t, defaultPace, idle)
	c := s.connect(t, "alice")
	other := s.connect(t, "bob")
	for _, conn := range []*websocket.Conn{c, other} { // relayed from now on
		if _, err := s.read(t, conn); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.backend.Remove(t.Context(), "foyer-room", "alice"); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := s.read(t, c); err != nil {
			if got := websocket.CloseStatus(err); got != websocket.StatusPolicyViolation {
				t.Errorf("closed with %v", err)
			}
			break
		}
	}
	s.ended(t, 10*time.Second)
	if m, err := s.read(t, other); err != nil || m.GetRefreshToken() == "" {
		t.Errorf("another's connection: %v, %v", m, err)
	}
}

// TestBackPressure: what a browser does not read is not piled up.
func TestBackPressure(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	written := 0
	s := newStage(t, quick, func(ctx context.Context, c *websocket.Conn) {
		go idle(ctx, c)
		message := encode(t, &livekit.SignalResponse{Message: &livekit.SignalResponse_Answer{
			Answer: &livekit.SessionDescription{Sdp: strings.Repeat("x", 64<<10)},
		}})
		for c.Write(ctx, websocket.MessageBinary, message) == nil {
			mu.Lock()
			written += len(message)
			mu.Unlock()
		}
	})
	s.raw(t, "alice")
	s.ended(t, 15*time.Second)
	mu.Lock()
	defer mu.Unlock()
	t.Logf("the media server wrote %d KiB", written>>10)
	if written > 32<<20 { // the buffers of four sockets
		t.Errorf("the media server wrote %d MiB to a browser that does not read", written>>20)
	}
}

// TestFlood: what a browser sends too fast is read later.
func TestFlood(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	received := 0
	s := newStage(t, defaultPace, func(ctx context.Context, c *websocket.Conn) {
		for {
			if _, _, err := c.Read(ctx); err != nil {
				return
			}
			mu.Lock()
			received++
			mu.Unlock()
		}
	})
	c := s.connect(t, "alice")
	ping := encode(t, &livekit.SignalRequest{Message: &livekit.SignalRequest_Ping{Ping: 1}})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	began := time.Now()
	for c.Write(ctx, websocket.MessageBinary, ping) == nil {
	}
	most := messagesAtOnce + int(time.Since(began).Seconds()*messagesPerSecond) + 10
	mu.Lock()
	defer mu.Unlock()
	if received > most || received < messagesAtOnce {
		t.Errorf("%d messages passed in %v, want at least %d and at most %d", received, time.Since(began), messagesAtOnce, most)
	}
}

// TestMediaServerMisbehaves: its end, or a message that is none, ends the
// browser's connection.
func TestMediaServerMisbehaves(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		script func(context.Context, *websocket.Conn)
		want   websocket.StatusCode
	}{
		"ends": {func(_ context.Context, c *websocket.Conn) { c.Close(websocket.StatusNormalClosure, "") }, websocket.StatusNormalClosure},
		"dies": {func(_ context.Context, c *websocket.Conn) { c.CloseNow() }, websocket.StatusGoingAway},
		"garbage": {func(ctx context.Context, c *websocket.Conn) {
			c.Write(ctx, websocket.MessageBinary, []byte("garbage"))
			idle(ctx, c)
		}, websocket.StatusBadGateway},
		"too large": {func(ctx context.Context, c *websocket.Conn) {
			c.Write(ctx, websocket.MessageBinary, bytes.Repeat([]byte{1}, maxResponse+1))
			idle(ctx, c)
		}, websocket.StatusGoingAway},
	} {
		c := newStage(t, defaultPace, test.script).connect(t, "alice")
		for {
			if _, err := new(stage).read(t, c); err != nil {
				if got := websocket.CloseStatus(err); got != test.want && name != "too large" {
					t.Errorf("%s: closed with %v, want %v", name, err, test.want)
				}
				break
			}
		}
	}
}
