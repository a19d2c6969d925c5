// Package ngroktest is a double of the ngrok service for tests: the side that
// agents connect to, as ngrok's SDK speaks with it, and the public side, which
// ends TLS and passes requests on.
package ngroktest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"sync"
	"testing"

	"golang.ngrok.com/muxado/v2"
)

// Token is the authtoken that the service knows.
const Token = "2aTokenOfTheDouble_7xQ"

// The kinds of stream, from the SDK's internal/tunnel/proto.
const (
	authenticate = muxado.StreamType(0)
	bind         = muxado.StreamType(1)
	unbind       = muxado.StreamType(2)
	proxy        = muxado.StreamType(3)
	stopEndpoint = muxado.StreamType(9)
	heartbeat    = muxado.StreamType(0xFFFFFFFF)
)

// Service is a running double.
type Service struct {
	// Addr is where agents connect. Its certificate is Certificate, of CAs.
	Addr        string
	CAs         *x509.CertPool
	Certificate *x509.Certificate
	// Origin is the one public address that the account has.
	Origin string
	// Client trusts the public side.
	Client *http.Client

	edge *httptest.Server

	mu      sync.Mutex
	down    bool
	agent   muxado.TypedStreamSession // the one connected, nil without
	bound   string                    // id of its endpoint, empty without
	binds   int
	resumed int
	refused int
}

// Start runs the service until the test ends.
func Start(t testing.TB) *Service {
	s := &Service{}
	s.edge = httptest.NewUnstartedServer(s.publicSide())
	s.edge.Config.ErrorLog = log.New(discard{}, "", 0)
	s.edge.StartTLS()
	t.Cleanup(s.edge.Close)
	s.Origin, s.Client = s.edge.URL, s.edge.Client()
	s.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.CAs = x509.NewCertPool()
	s.Certificate = s.edge.Certificate()
	s.CAs.AddCert(s.Certificate)

	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: s.edge.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	s.Addr = listener.Addr().String()
	var running sync.WaitGroup
	running.Go(func() { s.accept(listener) })
	t.Cleanup(func() {
		listener.Close()
		running.Wait()
		s.Drop()
	})
	return s
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func (s *Service) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		down := s.down
		if down {
			s.refused++
		}
		s.mu.Unlock()
		if down {
			conn.Close()
			continue
		}
		go s.serve(muxado.NewTypedStreamSession(muxado.Server(conn, nil)))
	}
}

// serve answers one agent until it goes.
func (s *Service) serve(agent muxado.TypedStreamSession) {
	defer s.gone(agent)
	for {
		stream, err := agent.AcceptTypedStream()
		if err != nil {
			return
		}
		if stream.StreamType() == heartbeat {
			go echo(stream)
			continue
		}
		s.answer(agent, stream)
	}
}

func echo(stream muxado.TypedStream) {
	var beat [4]byte
	for {
		if _, err := stream.Read(beat[:]); err != nil {
			return
		}
		if _, err := stream.Write(beat[:]); err != nil {
			return
		}
	}
}

// request holds what the service reads of any request.
type request struct {
	ID    string `json:"Id"`
	Proto string
	Opts  struct{ URL, Domain, Hostname string }
	Extra struct{ Authtoken, Token string }
}

func (s *Service) answer(agent muxado.TypedStreamSession, stream muxado.TypedStream) {
	defer stream.Close()
	var in request
	if err := json.NewDecoder(stream).Decode(&in); err != nil {
		return
	}
	out := map[string]any{}
	switch stream.StreamType() {
	case authenticate:
		s.authenticate(agent, in, out)
	case bind:
		s.bind(agent, in, out)
	case unbind:
		s.mu.Lock()
		s.bound = ""
		s.mu.Unlock()
	default:
		out["Error"] = fmt.Sprintf("the double knows no request of type %d", stream.StreamType())
	}
	_ = json.NewEncoder(stream).Encode(out) // an agent that has gone needs no answer
}

func (s *Service) authenticate(agent muxado.TypedStreamSession, in request, out map[string]any) {
	if in.Extra.Authtoken != Token {
		out["Error"] = "The authtoken you specified does not look like a proper ngrok tunnel authtoken.\nYour authtoken: " +
			in.Extra.Authtoken + "\nInstructions to install your authtoken are on your ngrok Dashboard:\n" +
			"https://dashboard.ngrok.com/get-started/your-authtoken\r\n\r\nERR_NGROK_105\r\n"
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.agent = agent
	out["Version"], out["ClientId"] = "3", "client"
	out["Extra"] = map[string]any{"AgentSessionID": "ts_1", "Region": "us"}
}

// bindToken is what an agent shows to get its endpoint back.
const bindToken = "bind-token"

func (s *Service) bind(agent muxado.TypedStreamSession, in request, out map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := in.Opts.URL
	switch {
	case s.agent != agent:
		out["Error"] = "not authenticated"
	case in.Proto != "https":
		out["Error"] = "the double gives https endpoints only, not " + in.Proto
	case asked != "" && asked != s.Origin:
		out["Error"] = "The account 'double' may not use the address " + asked + ".\r\n\r\nERR_NGROK_15013\r\n"
	default:
		if in.Extra.Token == bindToken {
			s.resumed++
		}
		s.binds++
		s.bound = in.ID
		if s.bound == "" {
			s.bound = fmt.Sprintf("endpoint-%d", s.binds)
		}
		out["Id"], out["URL"], out["Proto"] = s.bound, s.Origin, in.Proto
		out["Opts"] = map[string]any{"URL": s.Origin}
		out["Extra"] = map[string]any{"Token": bindToken, "TunnelID": "tn_1"}
	}
}

func (s *Service) gone(agent muxado.TypedStreamSession) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.agent == agent {
		s.agent, s.bound = nil, ""
	}
}

// Drop cuts the connection to the agent.
func (s *Service) Drop() {
	s.mu.Lock()
	agent := s.agent
	s.mu.Unlock()
	if agent != nil {
		agent.Close()
		s.gone(agent)
	}
}

// SetDown makes the service refuse agents, or no longer.
func (s *Service) SetDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// Resumed says how often an agent got its endpoint back after a lost connection.
func (s *Service) Resumed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.resumed
}

// Refused says how many connections of agents the service has refused.
func (s *Service) Refused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// Bound reports whether an agent serves the public address.
func (s *Service) Bound() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bound != ""
}

// StopEndpoint closes the agent's endpoint, as somebody at ngrok's dashboard can.
func (s *Service) StopEndpoint() error {
	s.mu.Lock()
	agent, id := s.agent, s.bound
	s.bound = ""
	s.mu.Unlock()
	if agent == nil {
		return fmt.Errorf("no agent is connected")
	}
	stream, err := agent.OpenTypedStream(stopEndpoint)
	if err != nil {
		return err
	}
	return json.NewEncoder(stream).Encode(map[string]string{"Id": id, "Message": "Stopped from the dashboard.", "ErrorCode": "ERR_NGROK_715"})
}

type clientKey struct{}

// publicSide passes requests to the agent and tells it, as ngrok does, who asked
// for what.
func (s *Service) publicSide() http.Handler {
	pass := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", r.In.Host
			r.Out.Host = r.In.Host
			r.SetXForwarded()
			*r.Out = *r.Out.WithContext(context.WithValue(r.Out.Context(), clientKey{}, r.In.RemoteAddr))
		},
		Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true, DialContext: s.dial},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, "The endpoint is offline. ERR_NGROK_3200", http.StatusNotFound)
		},
		ErrorLog: log.New(discard{}, "", 0),
	}
	return pass
}

// dial opens a stream to the agent for a connection of one client.
func (s *Service) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	s.mu.Lock()
	agent, id := s.agent, s.bound
	s.mu.Unlock()
	if agent == nil || id == "" {
		return nil, fmt.Errorf("no endpoint")
	}
	stream, err := agent.OpenTypedStream(proxy)
	if err != nil {
		return nil, err
	}
	header, err := json.Marshal(map[string]any{"Id": id, "ClientAddr": ctx.Value(clientKey{}), "Proto": "https", "EdgeType": "3"})
	if err != nil {
		return nil, err
	}
	if err := binary.Write(stream, binary.LittleEndian, int64(len(header))); err != nil {
		return nil, err
	}
	if _, err := stream.Write(header); err != nil {
		return nil, err
	}
	return stream, nil
}
