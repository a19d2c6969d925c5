// Package tunnel serves through an ngrok tunnel: a public https address for a
// machine that the internet does not reach.
package tunnel

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"golang.ngrok.com/ngrok/v2"
)

// patience is how long opening may take, with ngrok slow to answer.
const patience = 20 * time.Second

// A closed endpoint is opened again after these waits.
const (
	firstWait = time.Second
	longest   = time.Minute
)

// Config is what a Tunnel is made of.
type Config struct {
	// Token is the authtoken of the ngrok account.
	Token string
	// Origin is the address reserved at ngrok, like "https://foyer.ngrok.app";
	// empty for the one that ngrok gives.
	Origin  string
	Service Service
	Log     *slog.Logger
}

// Service says where ngrok is; the zero value is ngrok's own service.
type Service struct {
	Addr string // host and port
	CAs  *x509.CertPool
}

// Tunnel is a net.Listener whose connections come from the public address. The
// remote address of each is the client's, told by ngrok, which ends TLS. A lost
// connection to ngrok comes back by itself, under the same public address.
type Tunnel struct {
	token  string
	log    *slog.Logger
	agent  ngrok.Agent
	origin string
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{} // no more connections are accepted
	close  sync.Once
	end    context.CancelCauseFunc

	mu     sync.Mutex
	opened bool
	lost   bool
	last   error // why the last attempt to connect failed
}

// Open opens the tunnel. It fails when ngrok refuses, or does not answer within
// twenty seconds; its errors do not hold the token.
func Open(ctx context.Context, c Config) (*Tunnel, error) {
	life, end := context.WithCancelCause(context.WithoutCancel(ctx))
	t := &Tunnel{token: c.Token, log: c.Log, conns: make(chan net.Conn), closed: make(chan struct{}), end: end}
	options := []ngrok.AgentOption{
		ngrok.WithAuthtoken(c.Token),
		ngrok.WithEventHandler(t.heard),
		ngrok.WithLogger(slog.New(slog.DiscardHandler)), // what matters of it, heard says
	}
	if c.Service.Addr != "" {
		options = append(options, ngrok.WithAgentConnectURL(c.Service.Addr), ngrok.WithAgentConnectCAs(c.Service.CAs))
	}
	var err error
	if t.agent, err = ngrok.NewAgent(options...); err != nil {
		end(nil)
		return nil, t.explain(err)
	}
	// The SDK goes on trying until the context ends, and closes the tunnel with it:
	// so it gets one that ends only when opening takes too long.
	opening, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	inTime := context.AfterFunc(opening, func() { end(context.Cause(opening)) })
	endpoint, err := t.listen(life, c.Origin)
	if !inTime() && err == nil {
		err = context.Cause(life)
	}
	if err != nil {
		t.Disconnect()
		return nil, t.whyNot(life, err)
	}
	t.origin, t.addr = strings.TrimRight(endpoint.URL().String(), "/"), endpoint.Addr()
	t.mu.Lock()
	t.opened = true
	t.mu.Unlock()
	t.warn()
	go t.receive(life, endpoint)
	return t, nil
}

func (t *Tunnel) listen(ctx context.Context, origin string) (ngrok.EndpointListener, error) {
	options := []ngrok.EndpointOption{ngrok.WithDescription("Foyer")}
	if origin != "" {
		options = append(options, ngrok.WithURL(origin))
	}
	return t.agent.Listen(ctx, options...)
}

// receive passes connections on. It ends some time after Disconnect: the SDK may
// be asleep between two attempts to connect.
func (t *Tunnel) receive(ctx context.Context, endpoint ngrok.EndpointListener) {
	for endpoint != nil {
		conn, err := endpoint.Accept()
		if err != nil {
			endpoint = t.reopen(ctx, err)
			continue
		}
		select {
		case t.conns <- conn:
		case <-t.closed:
			conn.Close()
		}
	}
}

// reopen opens an endpoint that ngrok has closed, as its dashboard can, under the
// same address. It returns nil after Disconnect.
func (t *Tunnel) reopen(ctx context.Context, why error) ngrok.EndpointListener {
	for wait := firstWait; ; wait = min(2*wait, longest) {
		if ctx.Err() != nil {
			return nil
		}
		t.log.Warn("ngrok closed the tunnel; it is opened again", "error", t.explain(why), "in", wait)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		endpoint, err := t.listen(ctx, t.origin)
		if err == nil {
			t.log.Info("the tunnel is open again", "address", t.origin)
			return endpoint
		}
		why = err
	}
}

// heard notes how the connection to ngrok is. It must not block.
func (t *Tunnel) heard(event ngrok.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch event := event.(type) {
	case *ngrok.EventAgentConnectSucceeded:
		if t.lost {
			t.log.Info("the tunnel is back", "address", t.origin)
		}
		t.lost = false
	case *ngrok.EventAgentDisconnected:
		if event.Error == nil {
			return // closed by ourselves
		}
		t.last = event.Error
		switch {
		case !t.opened && refused(event.Error):
			t.end(event.Error) // the same credentials will not do better
		case t.opened && !t.lost:
			t.lost = true
			t.log.Warn("the tunnel is lost; pages go on at the local address until it is back", "error", t.explain(event.Error))
		}
	}
}

// refused reports whether ngrok itself gave the error, with a code of its own.
func refused(err error) bool {
	var coded interface{ ErrorCode() string }
	return errors.As(err, &coded) && coded.ErrorCode() != ""
}

// whyNot says why opening failed.
func (t *Tunnel) whyNot(life context.Context, err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	cause := context.Cause(life)
	switch {
	case errors.Is(cause, context.DeadlineExceeded) && t.last != nil:
		return t.explain(t.last)
	case errors.Is(cause, context.DeadlineExceeded):
		return t.explain(errors.New("ngrok does not answer"))
	case errors.Is(cause, errClosed): // by Open, for err
		return t.explain(err)
	}
	return t.explain(cause)
}

// explain puts an error of the SDK in one line. Ngrok's messages run over several,
// and repeat the token.
func (t *Tunnel) explain(err error) error {
	text := strings.ReplaceAll(err.Error(), t.token, "(the token)")
	return fmt.Errorf("the ngrok tunnel: %s", strings.Join(strings.Fields(text), " "))
}

// warn passes on what ngrok has to say about this version of its SDK.
func (t *Tunnel) warn() {
	session, err := t.agent.Session()
	if err != nil {
		return // lost already, which heard has said
	}
	for _, warning := range session.Warnings() {
		t.log.Warn("ngrok warns", "warning", warning)
	}
}

// Origin is the public address, like "https://foyer.ngrok.app".
func (t *Tunnel) Origin() string { return t.origin }

// Accept returns the next connection; it fails only after Close.
func (t *Tunnel) Accept() (net.Conn, error) {
	select {
	case conn := <-t.conns:
		return conn, nil
	case <-t.closed:
		return nil, net.ErrClosed
	}
}

// Addr is the public address.
func (t *Tunnel) Addr() net.Addr { return t.addr }

// Close ends Accept, as for any listener; connections that were accepted go on. It
// may be called again.
func (t *Tunnel) Close() error {
	t.close.Do(func() { close(t.closed) })
	return nil
}

var errClosed = errors.New("tunnel: closed")

// Disconnect leaves ngrok: it closes the tunnel and every connection through it.
// It may be called again.
func (t *Tunnel) Disconnect() {
	t.Close()
	t.end(errClosed)
	_ = t.agent.Disconnect() // fails when the connection is lost already
}
