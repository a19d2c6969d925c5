package livekit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"

	"foyer/internal/media"
)

const (
	// maxRequest bounds a message from a browser, in bytes. The largest honest
	// one is an offer, which has a section for every track sent and received. In
	// Chromium it had 22 KiB for the first with camera and microphone, and
	// 53 KiB with eight in the call; a section has up to 7 KiB, so that there is
	// room for a hundred participants even so.
	maxRequest = 1 << 20
	// maxResponse bounds a message from LiveKit.
	maxResponse = 8 << 20
	// What a browser may send for long and at once. More is not refused but
	// read later. A client sends two messages every five seconds when idle, and
	// one for every tile when the layout of a large call changes.
	messagesPerSecond = 100
	messagesAtOnce    = 1000
	bytesPerSecond    = 256 << 10
	bytesAtOnce       = 2 * maxRequest

	// refreshTTL is the life of the tokens that a client is given while it is
	// connected. A new one comes before half of it is over, so that a client has
	// one that opens the gate when it must reconnect.
	refreshTTL = 2 * time.Minute
	// refreshTicks is how many ticks pass between two of them.
	refreshTicks = 3
)

// pace is how often a relay looks after itself.
type pace struct {
	tick  time.Duration // a browser that was silent for so long is asked whether it is there
	pong  time.Duration // how long it may take to say so
	write time.Duration // how long a peer may take to accept a message
	close time.Duration // how long a browser may take to agree to the end
}

var defaultPace = pace{tick: 15 * time.Second, pong: 10 * time.Second, write: 10 * time.Second, close: 2 * time.Second}

// relay is one browser's signalling connection. Two goroutines carry messages,
// one for each direction; between messages it owns no buffer.
type relay struct {
	gate *gate
	member
	pace         pace
	browser, sfu *websocket.Conn
	wire         net.Conn // under browser
	tracks       *kinds   // of the participant, on all their connections

	messages, bytes *rate.Limiter
	heard           atomic.Int64 // when the browser last sent something, in Unix nanoseconds
	ticks           int          // used by the timer alone

	ctx  context.Context // done when the relay ends, with the reason as its cause
	stop context.CancelCauseFunc
	once sync.Once

	mu    sync.Mutex
	ended bool
	timer *time.Timer
	wg    sync.WaitGroup // of the timer's function, and the browser's goroutine
}

// errRemoved is the cause of the end of a relay whose participant was removed.
var errRemoved = errors.New("participant removed")

// newRelay registers a relay for m, unless there are too many.
func (g *gate) newRelay(m member) (*relay, bool) {
	r := &relay{
		gate: g, member: m, pace: g.backend.pace,
		messages: rate.NewLimiter(messagesPerSecond, messagesAtOnce),
		bytes:    rate.NewLimiter(bytesPerSecond, bytesAtOnce),
	}
	r.ctx, r.stop = context.WithCancelCause(g.ctx)
	if !g.backend.relays.add(r) {
		r.stop(nil)
		return nil, false
	}
	return r, true
}

// close gives back what newRelay took.
func (r *relay) close() {
	r.stop(nil)
	r.gate.backend.relays.remove(r)
}

// run carries messages until either side, or the service, ends the connection.
func (r *relay) run() {
	r.browser.SetReadLimit(maxRequest)
	r.sfu.SetReadLimit(maxResponse)
	r.heard.Store(time.Now().UnixNano())
	unhook := context.AfterFunc(r.ctx, func() {
		if errors.Is(context.Cause(r.ctx), errRemoved) {
			r.end(websocket.StatusPolicyViolation, "removed")
		} else {
			r.end(websocket.StatusGoingAway, "restarting")
		}
	})
	defer unhook()

	r.rest()
	joined := false
	r.wg.Go(func() { r.end(r.fromBrowser()) })
	r.end(r.fromSFU(&joined))
	r.wg.Wait()
	if joined {
		r.gate.seen.Disconnected(r.room, r.id)
	}
}

// end ends both sides, telling the browser why. Only the first call counts; all
// return when the connections are closed.
func (r *relay) end(code websocket.StatusCode, reason string) {
	r.once.Do(func() {
		r.mu.Lock()
		r.ended = true
		if r.timer != nil && r.timer.Stop() {
			r.wg.Done()
		}
		r.mu.Unlock()
		r.stop(nil)
		// Close discards what is under way, however long a message takes to come.
		r.wire.SetDeadline(time.Now().Add(r.pace.close))
		var wg sync.WaitGroup
		wg.Go(func() { r.sfu.Close(websocket.StatusNormalClosure, "") })
		r.browser.Close(code, reason)
		wg.Wait()
	})
}

// fromBrowser carries what the browser sends. It returns how to close.
func (r *relay) fromBrowser() (websocket.StatusCode, string) {
	for {
		message, err := read(r.browser)
		if err != nil {
			return closeWith(err)
		}
		r.heard.Store(time.Now().UnixNano())
		if r.messages.Wait(r.ctx) != nil || r.bytes.WaitN(r.ctx, message.Len()) != nil {
			return websocket.StatusGoingAway, ""
		}
		switch checkRequest(message.Bytes(), r.tracks) {
		case pass:
			err = r.write(r.sfu, message.Bytes())
		case refuse:
			return websocket.StatusPolicyViolation, "malformed message"
		}
		buffers.Put(message)
		if err != nil {
			return websocket.StatusBadGateway, ""
		}
	}
}

// fromSFU carries what LiveKit sends, but for what no browser may have. It
// returns how to close, and sets joined when the participant was let in.
func (r *relay) fromSFU(joined *bool) (websocket.StatusCode, string) {
	for {
		message, err := read(r.sfu)
		if err != nil {
			return closeWith(err)
		}
		clean, number, err := cleanResponse(message.Bytes())
		if err != nil {
			return websocket.StatusBadGateway, ""
		}
		first := !*joined && (number == responseJoin || number == responseReconnect)
		if first {
			*joined = true
			r.gate.seen.Joined(r.room, r.id)
		}
		if clean != nil {
			err = r.write(r.browser, clean)
		}
		buffers.Put(message)
		if first && err == nil {
			err = r.refresh()
		}
		if err != nil {
			return websocket.StatusGoingAway, ""
		}
	}
}

// rest has look called after a tick, and so on.
func (r *relay) rest() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	r.wg.Add(1)
	r.timer = time.AfterFunc(r.pace.tick, func() {
		defer r.wg.Done()
		r.look()
		r.rest()
	})
}

// look finds out whether the browser is still there and, every few ticks,
// whether the participant may be: then it sends a new token, else it ends the
// connection.
func (r *relay) look() {
	if time.Since(time.Unix(0, r.heard.Load())) >= r.pace.tick {
		ctx, cancel := context.WithTimeout(r.ctx, r.pace.pong)
		defer cancel()
		if r.browser.Ping(ctx) != nil {
			r.end(websocket.StatusPolicyViolation, "no answer")
			return
		}
	}
	if r.ticks++; r.ticks%refreshTicks != 0 {
		return
	}
	ctx, cancel := context.WithTimeout(r.ctx, admitTime)
	defer cancel()
	_, err := r.gate.admit(ctx, r.room, r.id, media.Staying)
	var refusal *media.Refusal
	switch {
	case err == nil:
		r.refresh() // a failed write ends the connection by itself
	case errors.As(err, &refusal):
		r.expel()
	default:
		// Nobody is put out of a call because a database is away for a moment: it is asked again.
		r.gate.backend.log.Warn("signalling not refreshed", "room", r.room, "error", err)
	}
}

// expel ends the connection of a participant who may not be there any more.
func (r *relay) expel() {
	r.write(r.browser, removedMessage())
	r.end(websocket.StatusPolicyViolation, "removed")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), callTime)
	defer cancel()
	if err := r.gate.backend.remove(ctx, r.room, string(r.id)); err != nil {
		r.gate.backend.log.Error("participant not removed", "room", r.room, "error", err)
	}
}

// refresh sends the client a new token for its next reconnect.
func (r *relay) refresh() error {
	token, _, err := r.gate.backend.tokens.sign(r.member, refreshTTL)
	if err != nil {
		return err
	}
	return r.write(r.browser, refreshMessage(token))
}

// buffers holds *bytes.Buffer for messages under way. Large ones are not kept.
var buffers = pool{sync.Pool{New: func() any { return new(bytes.Buffer) }}}

type pool struct{ sync.Pool }

// Put takes b back.
func (p *pool) Put(b *bytes.Buffer) {
	if b.Cap() <= 64<<10 {
		b.Reset()
		p.Pool.Put(b)
	}
}

// errText is returned for a text message: Foyer's client sends binary ones.
var errText = errors.New("text message")

// read waits for a message, and only then takes a buffer, which the caller gives
// back.
func read(c *websocket.Conn) (*bytes.Buffer, error) {
	kind, message, err := c.Reader(context.Background())
	if err != nil {
		return nil, err
	}
	if kind != websocket.MessageBinary {
		return nil, errText
	}
	b := buffers.Get().(*bytes.Buffer)
	if _, err := b.ReadFrom(message); err != nil {
		return nil, err
	}
	return b, nil
}

// write sends a message. A peer who does not read holds up the other side, and
// is cut off when the time for it is over.
func (r *relay) write(c *websocket.Conn, message []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), r.pace.write)
	defer cancel()
	if err := c.Write(ctx, websocket.MessageBinary, message); err != nil {
		return fmt.Errorf("relay: %w", err)
	}
	return nil
}

// closeWith returns how to close the connection after a read failed.
func closeWith(err error) (websocket.StatusCode, string) {
	switch {
	case errors.Is(err, errText):
		return websocket.StatusUnsupportedData, "binary messages only"
	case errors.Is(err, websocket.ErrMessageTooBig):
		return websocket.StatusMessageTooBig, ""
	case websocket.CloseStatus(err) == websocket.StatusNormalClosure:
		return websocket.StatusNormalClosure, ""
	default:
		return websocket.StatusGoingAway, ""
	}
}
