package livekit_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	proto "github.com/livekit/protocol/livekit"
	pb "google.golang.org/protobuf/proto"

	"foyer/internal/media"
	"foyer/internal/media/livekit"
	"foyer/internal/media/sfu/sfutest"
)

const room = media.RoomID(media.RoomPrefix + "gate")

// rig is a gate in front of a real media server.
type rig struct {
	backend *livekit.Backend
	access  func() (string, string, string)
	url     string
	stop    context.CancelFunc // ends the service

	mu      sync.Mutex
	refusal error
	may     media.Permissions
	joined  int
	gone    int
}

func newRig(t testing.TB) *rig {
	t.Helper()
	server := sfutest.Start(t, sfutest.Config(t))
	return newRigOver(t, server.Access)
}

func newRigOver(t testing.TB, access func() (string, string, string)) *rig {
	t.Helper()
	r := &rig{backend: newBackend(t, access), access: access, may: media.Permissions{Microphone: true}}
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	gate := httptest.NewServer(r.backend.Signalling(ctx, r.admit, r))
	t.Cleanup(gate.Close)
	t.Cleanup(stop)
	r.url = gate.URL
	return r
}

func (r *rig) admit(_ context.Context, _ media.RoomID, id media.ParticipantID, _ media.Standing) (media.Participant, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return media.Participant{ID: id, Name: "A", May: r.may}, r.refusal
}

func (r *rig) refuse(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusal = err
}

func (r *rig) Joined(media.RoomID, media.ParticipantID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.joined++
}

func (r *rig) Disconnected(media.RoomID, media.ParticipantID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone++
}

func (r *rig) token(t testing.TB, id media.ParticipantID) string {
	t.Helper()
	g, err := r.backend.Grant(t.Context(), room, media.Participant{ID: id, Name: "A"}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return g.Token
}

// query is what LiveKit's client asks for at the least.
func query(token string) url.Values {
	return url.Values{"access_token": {token}, "protocol": {"16"}, "sdk": {"js"}, "auto_subscribe": {"1"}}
}

// dial opens a signalling connection.
func (r *rig) dial(t testing.TB, path string, query url.Values) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	c, answer, err := websocket.Dial(t.Context(), r.url+path+"?"+query.Encode(), &websocket.DialOptions{
		CompressionMode: websocket.CompressionContextTakeover, // asks for it
	})
	if c != nil {
		c.SetReadLimit(1 << 24)
		t.Cleanup(func() { c.CloseNow() })
	}
	return c, answer, err
}

// connect opens a connection that must be let in.
func (r *rig) connect(t testing.TB, id media.ParticipantID) *websocket.Conn {
	t.Helper()
	c, _, err := r.dial(t, "/rtc", query(r.token(t, id)))
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	return c
}

// receive returns the next message.
func receive(t testing.TB, c *websocket.Conn) (*proto.SignalResponse, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	_, data, err := c.Read(ctx)
	if err != nil {
		return nil, err
	}
	m := new(proto.SignalResponse)
	if err := pb.Unmarshal(data, m); err != nil {
		t.Fatal(err)
	}
	return m, nil
}

func send(t testing.TB, c *websocket.Conn, m *proto.SignalRequest) {
	t.Helper()
	data, err := pb.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Write(t.Context(), websocket.MessageBinary, data); err != nil {
		t.Fatalf("send: %v", err)
	}
}

// ping fails the test unless the media server answers through c. It returns
// what came before the answer.
func ping(t testing.TB, c *websocket.Conn) []*proto.SignalResponse {
	t.Helper()
	send(t, c, &proto.SignalRequest{Message: &proto.SignalRequest_PingReq{PingReq: &proto.Ping{Timestamp: 1}}})
	var before []*proto.SignalResponse
	for {
		m, err := receive(t, c)
		if err != nil {
			t.Fatalf("no answer to a ping: %v", err)
		}
		if m.GetPongResp() != nil {
			return before
		}
		before = append(before, m)
	}
}

// wantClose fails the test unless c ends with the given status.
func wantClose(t testing.TB, c *websocket.Conn, want websocket.StatusCode) {
	t.Helper()
	for {
		if _, err := receive(t, c); err != nil {
			if got := websocket.CloseStatus(err); got != want {
				t.Errorf("closed with %v (%v), want %v", got, err, want)
			}
			return
		}
	}
}
