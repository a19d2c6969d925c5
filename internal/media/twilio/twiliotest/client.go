package twiliotest

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/pion/webrtc/v4"

	"foyer/internal/media/mediatest"
)

// Client is a participant that is no browser: it speaks the signalling protocol
// as Twilio's SDK does, and sends and counts real packets.
type Client struct {
	conn    *websocket.Conn
	pc      *webrtc.PeerConnection
	peerID  string
	cancel  context.CancelFunc
	running sync.WaitGroup
	done    chan struct{}
	tracks  map[mediatest.Source]*webrtc.TrackLocalStaticSample

	mu        sync.Mutex
	session   string
	sid       string
	revision  int // of what it publishes
	published []mediatest.Source
	others    map[string]participantState // by SID
	sources   map[string]publishedSource  // by the SID of the track, those that ended too
	subscribe map[string]string           // SID of the track by the id that its packets come under
	received  map[string]int              // by that id
	err       *Error
}

// publishedSource is a track of another participant.
type publishedSource struct{ identity, name string }

var _ mediatest.Client = (*Client)(nil)

// Enter connects to a signalling service, like "ws://127.0.0.1:1234/signaling",
// with an access token for one room. The error of a refusal is an *Error.
func Enter(ctx context.Context, url, token string) (*Client, error) {
	c := &Client{
		done: make(chan struct{}), peerID: uuid.NewString(), revision: 1,
		tracks: make(map[mediatest.Source]*webrtc.TrackLocalStaticSample),
		others: make(map[string]participantState), sources: make(map[string]publishedSource),
		subscribe: make(map[string]string), received: make(map[string]int),
	}
	if err := c.prepare(); err != nil {
		return nil, err
	}
	if err := c.connect(ctx, url, token); err != nil {
		c.pc.GracefulClose()
		if c.conn != nil {
			c.conn.CloseNow()
		}
		return nil, err
	}
	life, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	c.running.Go(func() { c.listen(life) })
	c.running.Go(func() { c.beat(life) })
	return c, nil
}

// prepare makes the media connection, with a track for every source, so that
// only the server has to offer later.
func (c *Client) prepare() error {
	api, err := newMedia()
	if err != nil {
		return err
	}
	if c.pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return err
	}
	c.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			if _, _, err := track.ReadRTP(); err != nil {
				return
			}
			c.mu.Lock()
			c.received[track.ID()]++
			c.mu.Unlock()
		}
	})
	for _, source := range []mediatest.Source{mediatest.Microphone, mediatest.Camera, mediatest.Share} {
		capability := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}
		if source == mediatest.Microphone {
			capability = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
		}
		track, err := webrtc.NewTrackLocalStaticSample(capability, uuid.NewString(), "-")
		if err != nil {
			return err
		}
		c.tracks[source] = track
		if _, err := c.pc.AddTrack(track); err != nil {
			return err
		}
	}
	return nil
}

// connect does what happens before somebody is in.
func (c *Client) connect(ctx context.Context, url, token string) (err error) {
	if c.conn, _, err = websocket.Dial(ctx, url, nil); err != nil {
		return err
	}
	c.conn.SetReadLimit(1 << 20)
	ice, err := json.Marshal(message{Type: "ice", Version: 1, Token: token})
	if err != nil {
		return err
	}
	const timeout = 5000 // milliseconds, as the SDK asks for
	if err := c.put(ctx, frame{Type: "hello", ID: uuid.NewString(), Version: 2, Timeout: timeout, Body: ice}); err != nil {
		return err
	}
	if _, err := c.expect(ctx, "iced"); err != nil {
		return err
	}
	offer, err := c.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	sdp, err := c.describe(offer)
	if err != nil {
		return err
	}
	// The room is what the token says; a token that cannot be read says it to
	// nobody, and the service has refused it above.
	var granted claims
	if _, _, err := jwt.NewParser().ParseUnverified(token, &granted); err != nil {
		return err
	}
	err = c.send(ctx, message{
		Type: "connect", Name: granted.Grants.Video.Room, Token: token, Participant: c.state(),
		PeerConnections: []peerState{{c.peerID, &sessionDescription{"offer", 1, sdp}}},
	})
	if err != nil {
		return err
	}
	m, err := c.expect(ctx, "connected")
	if err != nil {
		return err
	}
	c.session, c.sid = m.Session, m.Participant.SID
	return c.take(ctx, m)
}

// describe makes a description the local one and returns it with all candidates.
func (c *Client) describe(d webrtc.SessionDescription) (string, error) {
	gathered := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(d); err != nil {
		return "", err
	}
	<-gathered
	return c.pc.LocalDescription().SDP, nil
}

func (c *Client) put(ctx context.Context, f frame) error {
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return c.conn.Write(ctx, websocket.MessageText, text)
}

func (c *Client) send(ctx context.Context, m message) error {
	m.Version = sessionVersion
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return c.put(ctx, frame{Type: "msg", Body: body})
}

// next waits for a message.
func (c *Client) next(ctx context.Context) (m message, err error) {
	for {
		_, text, err := c.conn.Read(ctx)
		if err != nil {
			return m, err
		}
		var f frame
		if err := json.Unmarshal(text, &f); err != nil {
			return m, err
		}
		switch f.Type {
		case "msg":
			return m, json.Unmarshal(f.Body, &m)
		case "bye", "bad", "busy":
			return m, fmt.Errorf("the server says %s: %s", f.Type, f.Reason)
		}
	}
}

// expect waits for a message of a type; a refusal is an *Error.
func (c *Client) expect(ctx context.Context, kind string) (message, error) {
	m, err := c.next(ctx)
	switch {
	case err != nil:
		return m, err
	case m.Type == "error":
		return m, &Error{Code: m.Code, Message: m.Message}
	case m.Type != kind:
		return m, fmt.Errorf("got %q instead of %q", m.Type, kind)
	}
	return m, nil
}

// state is what it publishes. The lock must be held, or nobody else be there yet.
func (c *Client) state() *participantState {
	state := &participantState{Revision: c.revision, Tracks: []trackState{}}
	enabled := true
	for _, source := range c.published {
		kind := "video"
		if source == mediatest.Microphone {
			kind = "audio"
		}
		state.Tracks = append(state.Tracks, trackState{
			ID: c.tracks[source].ID(), Kind: kind, Name: source.String(), Enabled: &enabled, Priority: "standard",
		})
	}
	return state
}

// take takes what the server says there is.
func (c *Client) take(ctx context.Context, m message) error {
	c.mu.Lock()
	for _, p := range m.Participants {
		if known, ok := c.others[p.SID]; ok && known.Revision >= p.Revision {
			continue
		}
		c.others[p.SID] = p
		for _, track := range p.Tracks {
			c.sources[track.SID] = publishedSource{p.Identity, track.Name}
		}
	}
	if m.Subscribed != nil {
		for _, track := range m.Subscribed.Tracks {
			c.subscribe[track.SID] = track.ID
		}
	}
	c.mu.Unlock()
	for _, state := range m.PeerConnections {
		if state.ID != c.peerID || state.Description == nil {
			continue
		}
		if err := c.negotiate(ctx, *state.Description); err != nil {
			return err
		}
	}
	return nil
}

// negotiate takes a description, and answers an offer.
func (c *Client) negotiate(ctx context.Context, d sessionDescription) error {
	if d.Type == "answer" {
		return c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: d.SDP})
	}
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: d.SDP}); err != nil {
		return err
	}
	answer, err := c.pc.CreateAnswer(nil)
	if err != nil {
		return err
	}
	sdp, err := c.describe(answer)
	if err != nil {
		return err
	}
	return c.update(ctx, peerState{c.peerID, &sessionDescription{"answer", d.Revision, sdp}})
}

// update tells the server what it publishes, and descriptions.
func (c *Client) update(ctx context.Context, states ...peerState) error {
	c.mu.Lock()
	m := message{Type: "update", Session: c.session, Participant: c.state(), PeerConnections: states}
	c.mu.Unlock()
	return c.send(ctx, m)
}

// listen takes what the server says until the connection ends.
func (c *Client) listen(ctx context.Context) {
	defer close(c.done)
	for {
		m, err := c.next(ctx)
		if err != nil {
			return
		}
		switch m.Type {
		case "disconnected":
			return
		case "error":
			c.mu.Lock()
			c.err = &Error{Code: m.Code, Message: m.Message}
			c.mu.Unlock()
			return
		case "update":
			if c.take(ctx, m) != nil {
				return
			}
		}
	}
}

func (c *Client) beat(ctx context.Context) {
	tick := time.NewTicker(4 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.done:
			return
		case <-tick.C:
			_ = c.put(ctx, frame{Type: "heartbeat"}) // listen sees that the connection is over
		}
	}
}

// Done implements mediatest.Client.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err is the error with which the service ended the connection, nil when it gave
// none.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		return nil
	}
	return c.err
}
