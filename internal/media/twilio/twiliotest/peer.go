package twiliotest

import (
	"fmt"
	"sync"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// newMedia returns a WebRTC that works on one machine: loopback counts, names
// are not asked for on the network.
var newMedia = sync.OnceValues(func() (*webrtc.API, error) {
	codecs := new(webrtc.MediaEngine)
	if err := codecs.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	level := webrtc.RTPHeaderExtensionCapability{URI: sdp.AudioLevelURI}
	if err := codecs.RegisterHeaderExtension(level, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	interceptors := new(interceptor.Registry)
	if err := webrtc.RegisterDefaultInterceptors(codecs, interceptors); err != nil {
		return nil, err
	}
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetICEMulticastDNSMode(0) // neither answered nor asked
	return webrtc.NewAPI(webrtc.WithMediaEngine(codecs), webrtc.WithInterceptorRegistry(interceptors), webrtc.WithSettingEngine(settings)), nil
})

// peer is the media connection of one participant. Offers come from either side,
// with one count of revisions; when both offer at once, the client takes its own
// back.
type peer struct {
	session *session
	id      string // as the client named it
	pc      *webrtc.PeerConnection

	mu       sync.Mutex
	revision int                 // of the latest description that counts
	last     *sessionDescription // the latest of ours
	offered  bool                // it is an offer, not answered yet
	wanting  bool                // something waits to be offered
	closed   bool
	senders  map[*publication]*webrtc.RTPSender
	channels map[*publication]*webrtc.DataChannel
}

func newPeer(s *session, id string) (*peer, error) {
	api, err := newMedia()
	if err != nil {
		return nil, err
	}
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	p := &peer{session: s, id: id, pc: pc, senders: make(map[*publication]*webrtc.RTPSender), channels: make(map[*publication]*webrtc.DataChannel)}
	pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		s.call.relay(s, track, receiver)
	})
	pc.OnDataChannel(func(channel *webrtc.DataChannel) {
		channel.OnMessage(func(m webrtc.DataChannelMessage) { s.call.relayData(s, channel.Label(), m) })
	})
	return p, nil
}

// receive takes a description from the client, and answers an offer.
func (p *peer) receive(state peerState) {
	if state.Description == nil || state.ID != p.id {
		return // candidates: the client finds the way here by itself
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	d := *state.Description
	var err error
	switch {
	case p.closed:
	case d.Type == "offer" && !p.offered && d.Revision > p.revision:
		if err = p.answer(d); err == nil {
			p.tell()
		}
	case d.Type == "answer" && p.offered && d.Revision == p.revision:
		p.offered = false
		err = p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: d.SDP})
	}
	if err == nil && p.wanting {
		err = p.offer()
	}
	if err != nil && !p.closed {
		p.session.send(message{Type: "error", Code: 53403, Message: err.Error()})
	}
}

// answer sets p.last to the answer of an offer. The lock must be held.
func (p *peer) answer(offer sessionDescription) error {
	p.revision = offer.Revision
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: withoutSimulcast(offer.SDP)}); err != nil {
		return fmt.Errorf("take offer: %w", err)
	}
	answer, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return p.settle(answer)
}

// settle makes a description the latest of ours, with all candidates in it.
func (p *peer) settle(d webrtc.SessionDescription) error {
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(d); err != nil {
		return err
	}
	<-gathered
	p.last = &sessionDescription{Type: d.Type.String(), Revision: p.revision, SDP: p.pc.LocalDescription().SDP}
	return nil
}

// offer offers what there is now, or does so later when one side has an offer
// open. The lock must be held.
func (p *peer) offer() error {
	p.wanting = true
	if p.offered || p.last == nil {
		return nil
	}
	offer, err := p.pc.CreateOffer(nil)
	if err != nil {
		return fmt.Errorf("offer: %w", err)
	}
	p.revision++
	if err := p.settle(offer); err != nil {
		return fmt.Errorf("offer: %w", err)
	}
	p.offered, p.wanting = true, false
	p.tell()
	return nil
}

// tell sends the latest description. The lock must be held.
func (p *peer) tell() {
	p.session.send(message{Type: "update", PeerConnections: []peerState{{ID: p.id, Description: p.last}}})
}

// state is the latest description of ours, for a client that may have missed it.
func (p *peer) state() []peerState {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		return []peerState{{ID: p.id}}
	}
	return []peerState{{ID: p.id, Description: p.last}}
}

// change does something to the connection and offers it.
func (p *peer) change(do func() error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	err := do()
	if err == nil {
		err = p.offer()
	}
	if err != nil {
		p.session.send(message{Type: "error", Code: 53401, Message: err.Error()})
	}
}

// add begins to send what another participant publishes.
func (p *peer) add(pub *publication) {
	p.change(func() error {
		if pub.kind == "data" {
			channel, err := p.pc.CreateDataChannel(pub.relayID, nil)
			p.channels[pub] = channel
			return err
		}
		// Never over a transceiver that was used before: the client would not see
		// another track come.
		transceiver, err := p.pc.AddTransceiverFromTrack(pub.out)
		if err != nil {
			return err
		}
		sender := transceiver.Sender()
		p.senders[pub] = sender
		p.session.signalling.running.Go(func() { pub.feedback(sender) })
		return nil
	})
}

// remove stops sending it.
func (p *peer) remove(pub *publication) {
	p.change(func() error {
		if channel := p.channels[pub]; channel != nil {
			delete(p.channels, pub)
			return channel.Close()
		}
		sender := p.senders[pub]
		if sender == nil {
			return nil
		}
		delete(p.senders, pub)
		return p.pc.RemoveTrack(sender)
	})
}

// sendData passes a message of a data track on.
func (p *peer) sendData(pub *publication, m webrtc.DataChannelMessage) {
	p.mu.Lock()
	channel := p.channels[pub]
	p.mu.Unlock()
	if channel == nil {
		return
	}
	if m.IsString {
		_ = channel.SendText(string(m.Data)) // not open yet: who comes late misses what was said
		return
	}
	_ = channel.Send(m.Data)
}

// refresh asks the client for a key frame.
func (p *peer) refresh(ssrc webrtc.SSRC) {
	_ = p.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(ssrc)}}) // the connection may be over
}

func (p *peer) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	_ = p.pc.GracefulClose() // nobody to tell
}
