package livekit

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/livekit/protocol/livekit"

	"foyer/internal/media"
)

// TestDeadBrowser: one that is gone without a word is noticed.
func TestDeadBrowser(t *testing.T) {
	t.Parallel()
	s := newStage(t, quick, idle)
	s.raw(t, "alice")
	s.ended(t, 30*time.Second)
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
	s.ended(t, 30*time.Second)
}

// TestLivingBrowserIsKept: a silent one that answers pings stays, and gets new
// tokens that open the gate.
func TestLivingBrowserIsKept(t *testing.T) {
	t.Parallel()
	patient := defaultPace
	patient.tick = quick.tick
	s := newStage(t, patient, idle)
	c := s.connect(t, "alice")
	tokens := make(chan string, 1000)
	go func() { // reads all the time, as only who reads answers pings
		defer close(tokens)
		for {
			m, err := s.read(t, c)
			if err != nil {
				return
			}
			if token := m.GetRefreshToken(); token != "" {
				tokens <- token
			}
		}
	}()
	next := func() {
		t.Helper()
		token, open := <-tokens
		if !open {
			t.Fatal("put out of the call")
		}
		if got, err := s.backend.tokens.verify(token); err != nil || got != (member{"foyer-room", "alice"}) {
			t.Errorf("token for %v, %v", got, err)
		}
	}
	for range 4 {
		next()
	}
	// A failing database puts nobody out.
	s.refuse(errors.New("database away"))
	s.askedAgain(t, 3)
	s.refuse(nil)
	s.askedAgain(t, 1)
	for range len(tokens) + 1 {
		next()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wrong > 0 {
		t.Errorf("asked %d times about somebody who is not as it was said", s.wrong)
	}
}

// TestRefusedWhileConnected: one who may not be there any more is told, put
// out, and removed at the media server, without anybody calling Remove.
func TestRefusedWhileConnected(t *testing.T) {
	t.Parallel()
	pace := defaultPace
	pace.tick = quick.tick
	s := newStage(t, pace, idle)
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
	s.ended(t, 30*time.Second)
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
	s.ended(t, 30*time.Second)
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
	s.ended(t, 30*time.Second)
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
	var received atomic.Int64
	s := newStage(t, defaultPace, func(ctx context.Context, c *websocket.Conn) {
		for {
			if _, _, err := c.Read(ctx); err != nil {
				return
			}
			received.Add(1)
		}
	})
	began := time.Now()
	c := s.connect(t, "alice")
	ping := encode(t, &livekit.SignalRequest{Message: &livekit.SignalRequest_Ping{Ping: 1}})
	ctx, cancel := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	writing.Go(func() {
		for c.Write(ctx, websocket.MessageBinary, ping) == nil {
		}
	})
	defer writing.Wait()
	defer cancel()
	for deadline := time.Now().Add(30 * time.Second); received.Load() < messagesAtOnce; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d messages passed, want %d at once", received.Load(), messagesAtOnce)
		}
	}
	time.Sleep(time.Second) // in which a flood would pass, and a few more may
	got := received.Load()
	passed := time.Since(began)
	if most := messagesAtOnce + int64(passed.Seconds()*messagesPerSecond) + 10; got > most {
		t.Errorf("%d messages passed in %v, want at most %d", got, passed, most)
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
