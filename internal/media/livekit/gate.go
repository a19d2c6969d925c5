package livekit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"foyer/internal/media"
)

const (
	// admitTime is how long Admit may take.
	admitTime = 10 * time.Second
	// handshakeTime is how long LiveKit may take to open its side. It tries
	// three times within, and a browser that joins waits half a minute.
	handshakeTime = 12 * time.Second
	// maxUserAgent bounds the browser's name for itself that LiveKit is told.
	maxUserAgent = 512
)

// gate is the handler in front of LiveKit's signalling.
type gate struct {
	backend *Backend
	ctx     context.Context // of the service, not of a request: its end ends every connection
	admit   media.Admit
	seen    media.Observer
}

// Signalling implements media.Signaller. Refusals have a JSON body with their
// reason in a word: 400 for a query that no client of Foyer sends, 401 for a
// token that is not Foyer's or has expired, what Admit's Refusal says, 429 for
// too many connections of one participant, 503 when LiveKit or Admit does not
// answer. The paths of validation answer the same without connecting: the
// browser's client asks there why a connection failed.
func (b *Backend) Signalling(ctx context.Context, admit media.Admit, seen media.Observer) http.Handler {
	return &gate{backend: b, ctx: ctx, admit: admit, seen: seen}
}

// problem is a refusal on the way through the gate.
type problem struct {
	status int
	reason string
	err    error // for the log; nil when there is nothing to add
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	var err *problem
	switch r.URL.Path {
	case "/rtc", "/rtc/v1":
		err = g.connect(w, r)
	case "/rtc/validate", "/rtc/v1/validate":
		if _, _, err = g.enter(r); err == nil {
			io.WriteString(w, "success")
		}
	default:
		http.NotFound(w, r)
	}
	if err != nil && r.Context().Err() == nil { // else nobody waits for an answer
		g.refuse(w, err)
	}
}

// refuse writes the answer for p.
func (g *gate) refuse(w http.ResponseWriter, p *problem) {
	if p.status >= 500 {
		g.backend.log.Log(context.Background(), severity(p.err), "signalling refused", "reason", p.reason, "error", p.err)
	}
	note := ""
	if p.status == http.StatusNotFound {
		// With these words the client takes the answer as final. Without them it
		// thinks the server is an old one, and tries an old path.
		note = `,"note":"requested room does not exist"`
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.status)
	fmt.Fprintf(w, "{\"reason\":%q%s}\n", p.reason, note)
}

// severity is that of err in the log. What was late is asked for again, by the
// browser or its user; what does not work is for somebody to mend.
func severity(err error) slog.Level {
	if errors.Is(err, context.DeadlineExceeded) {
		return slog.LevelWarn
	}
	return slog.LevelError
}

// entrance is a request that the gate has let in.
type entrance struct {
	member
	participant media.Participant
	tracks      []claim // that it says it will send
}

// enter decides whether r may connect, and has the live room be there.
func (g *gate) enter(r *http.Request) (entrance, hop, *problem) {
	h, token, err := readHop(r)
	if err != nil {
		return entrance{}, hop{}, &problem{http.StatusBadRequest, "query", nil}
	}
	m, err := g.backend.tokens.verify(token)
	switch {
	case errors.Is(err, errExpired):
		return entrance{}, hop{}, &problem{http.StatusUnauthorized, "expired", nil}
	case err != nil:
		return entrance{}, hop{}, &problem{http.StatusUnauthorized, "token", nil}
	}
	tracks, err := h.check()
	if err != nil {
		return entrance{}, hop{}, &problem{http.StatusBadRequest, "query", nil}
	}
	ctx, cancel := context.WithTimeout(r.Context(), admitTime)
	defer cancel()
	p, err := g.admit(ctx, m.room, m.id, media.Coming)
	var refusal *media.Refusal
	switch {
	case errors.As(err, &refusal):
		return entrance{}, hop{}, &problem{refusal.Status, refusal.Reason, nil}
	case err != nil:
		return entrance{}, hop{}, &problem{http.StatusServiceUnavailable, "unavailable", err}
	}
	p.ID = m.id // whoever is asked about is who comes in
	if err := g.backend.makeRoom(r.Context(), m.room); err != nil {
		return entrance{}, hop{}, &problem{http.StatusServiceUnavailable, "unavailable", err}
	}
	return entrance{m, p, tracks}, h, nil
}

// connect relays a signalling connection until it ends. It returns a problem
// when nothing was written to w yet.
func (g *gate) connect(w http.ResponseWriter, r *http.Request) *problem {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return &problem{http.StatusUpgradeRequired, "websocket", nil}
	}
	in, h, err := g.enter(r)
	if err != nil {
		return err
	}
	relay, ok := g.newRelay(in.member)
	if !ok {
		return &problem{http.StatusTooManyRequests, "connections", nil}
	}
	defer relay.close()
	if !relay.tracks.hold(in.tracks) {
		return &problem{http.StatusBadRequest, "query", nil}
	}
	ctx, cancel := context.WithTimeout(r.Context(), handshakeTime)
	defer cancel()
	defer context.AfterFunc(relay.ctx, cancel)()
	if relay.sfu, err = g.dial(ctx, r.UserAgent(), in, h); err != nil {
		return err
	}
	defer relay.sfu.CloseNow()
	// The caller has checked Origin, exactly; this library would compare hosts.
	hijacker := &hijacker{ResponseWriter: w}
	browser, failed := websocket.Accept(hijacker, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled,
	})
	if failed != nil {
		return nil // Accept has answered
	}
	defer browser.CloseNow()
	relay.browser, relay.wire = browser, hijacker.conn
	relay.run()
	return nil
}

// hijacker remembers the connection that was taken over from the HTTP server.
type hijacker struct {
	http.ResponseWriter
	conn net.Conn
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (conn net.Conn, rw *bufio.ReadWriter, err error) {
	conn, rw, err = http.NewResponseController(h.ResponseWriter).Hijack()
	h.conn = conn
	return conn, rw, err
}

// dial opens the second hop, with a token of seconds. No compression is
// offered: LiveKit's would take a gigabyte for half a megabyte of zeros.
func (g *gate) dial(ctx context.Context, agent string, in entrance, h hop) (*websocket.Conn, *problem) {
	address, key, secret := g.backend.access()
	token, err := hopToken(key, secret, in.room, in.participant)
	if err != nil {
		return nil, &problem{http.StatusServiceUnavailable, "unavailable", err}
	}
	header := http.Header{"Authorization": {"Bearer " + token}}
	if len(agent) <= maxUserAgent {
		header.Set("User-Agent", agent)
	}
	conn, answer, err := websocket.Dial(ctx, httpURL(address)+h.path+"?"+h.query.Encode(), &websocket.DialOptions{
		HTTPClient: g.backend.client, HTTPHeader: header, CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		if answer != nil && answer.StatusCode == http.StatusBadRequest {
			return nil, &problem{http.StatusBadRequest, "query", nil}
		}
		return nil, &problem{http.StatusServiceUnavailable, "unavailable", withoutURL(err, answer)}
	}
	return conn, nil
}

// withoutURL returns err without the address that it quotes, which has the
// query in it.
func withoutURL(err error, answer *http.Response) error {
	if answer != nil {
		return fmt.Errorf("LiveKit answered %s", answer.Status)
	}
	var quoting interface {
		error
		Unwrap() error
	}
	for errors.As(err, &quoting) {
		if err = quoting.Unwrap(); err == nil {
			return quoting
		}
	}
	return err
}
