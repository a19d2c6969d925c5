package livekit

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/livekit/protocol/livekit"

	"foyer/internal/media"
)

// mute is a media server that lets everybody in and keeps nothing but their
// connections, so that what is measured is the gate.
type mute struct {
	mu    sync.Mutex
	conns []net.Conn
	join  []byte
}

func (m *mute) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/rtc" {
		w.Header().Set("Content-Type", "application/protobuf")
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	conn.Write(append([]byte{0x82, byte(len(m.join))}, m.join...))
	m.mu.Lock()
	m.conns = append(m.conns, conn)
	m.mu.Unlock()
}

// BenchmarkIdleConnections reports the memory that one idle connection takes in
// the process of the gate: its goroutines, buffers and sockets' Go side.
func BenchmarkIdleConnections(b *testing.B) {
	const n = 1000
	silent := &mute{join: encode(b, &livekit.SignalResponse{Message: &livekit.SignalResponse_Join{Join: &livekit.JoinResponse{}}})}
	sfu := httptest.NewServer(silent)
	b.Cleanup(sfu.Close)
	backend, err := New(Config{
		Access:  Fixed(sfu.URL, "key", strings.Repeat("s", 32)),
		GateKey: testKey, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &stage{backend: backend}
	gate := httptest.NewServer(backend.Signalling(ctx, s.admit, s))
	b.Cleanup(gate.Close)
	b.Cleanup(stop)
	s.url = gate.URL

	for b.Loop() {
		before := inUse()
		for i := range n {
			s.raw(b, media.ParticipantID(fmt.Sprintf("p%d", i)))
		}
		b.ReportMetric(float64(inUse()-before)/n, "B/connection")
	}
}

// inUse returns the memory of heap and stacks after a collection.
func inUse() uint64 {
	runtime.GC()
	time.Sleep(100 * time.Millisecond) // for goroutines on their way
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
