package twiliotest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/pion/webrtc/v4"

	"foyer/internal/media"
	"foyer/internal/media/mediatest"
)

const soon = time.Minute

// stage is a service with one room and its signalling.
type stage struct {
	*testing.T
	service    *Service
	signalling *Signalling
	url        string
}

const roomName = "foyer-stage"

func newStage(t *testing.T, places int) *stage {
	t.Parallel()
	service := New(NewAccount())
	signalling := NewSignalling(service)
	server := httptest.NewServer(signalling)
	t.Cleanup(func() {
		signalling.Close()
		server.Close()
		service.Close()
	})
	s := &stage{t, service, signalling, "ws" + strings.TrimPrefix(server.URL, "http") + "/signaling"}
	s.open(roomName, places)
	return s
}

func (s *stage) open(name string, places int) {
	s.Helper()
	err := s.service.create(&Room{UniqueName: name, Type: "group", MaxParticipants: places, emptyTimeout: 5, unusedTimeout: 5, longestStay: 3600})
	if err != nil {
		s.Fatal(err)
	}
}

// token returns an access token as twilio-go makes them, after a change.
func (s *stage) token(identity string, change func(header map[string]any, c *claims)) string {
	s.Helper()
	var c claims
	c.Issuer, c.Subject = s.service.KeySID, s.service.SID
	c.ExpiresAt = jwt.NewNumericDate(time.Now().Add(time.Minute))
	c.NotBefore = jwt.NewNumericDate(time.Now().Add(-30 * time.Second))
	c.Grants.Identity = identity
	c.Grants.Video = &struct {
		Room string `json:"room"`
	}{roomName}
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, &c)
	token.Header["cty"] = "twilio-fpa;v=1"
	if change != nil {
		change(token.Header, &c)
	}
	signed, err := token.SignedString([]byte(s.service.KeySecret))
	if err != nil {
		s.Fatal(err)
	}
	return signed
}

func (s *stage) enter(identity string) *Client {
	s.Helper()
	client, err := Enter(s.Context(), s.url, s.token(identity, nil))
	if err != nil {
		s.Fatalf("%s enters: %v", identity, err)
	}
	s.Cleanup(client.Leave)
	return client
}

func (s *stage) eventually(what string, done func() bool) {
	s.Helper()
	deadline := time.Now().Add(soon)
	for !done() {
		if time.Now().After(deadline) {
			s.Fatalf("not within %v: %s", soon, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (s *stage) flows(to *Client, from string, source mediatest.Source) {
	s.Helper()
	before := to.Received(media.ParticipantID(from), source)
	s.eventually(source.String()+" of "+from+" arrives", func() bool {
		return to.Received(media.ParticipantID(from), source) >= before+5
	})
}

// ended waits for the end of a connection and checks the code that it came with.
func (s *stage) ended(c *Client, code int) {
	s.Helper()
	select {
	case <-c.Done():
	case <-time.After(soon):
		s.Fatal("the connection goes on")
	}
	if got := codeOf(c.Err()); got != code {
		s.Errorf("ended with %v, want code %d", c.Err(), code)
	}
}

func codeOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestMediaFlowsBothWaysAndToWhoComesLate(t *testing.T) {
	s := newStage(t, 10)
	ana, ben := s.enter("ana"), s.enter("ben")
	s.eventually("ana sees ben", func() bool { return slices.Equal(ana.Others(), []media.ParticipantID{"ben"}) })
	for _, source := range []mediatest.Source{mediatest.Microphone, mediatest.Camera, mediatest.Share} {
		if err := ana.Publish(source); err != nil {
			t.Fatal(err)
		}
		s.flows(ben, "ana", source)
	}
	if err := ben.Publish(mediatest.Camera); err != nil {
		t.Fatal(err)
	}
	s.flows(ana, "ben", mediatest.Camera)
	late := s.enter("cleo")
	s.flows(late, "ana", mediatest.Camera)
	s.flows(late, "ben", mediatest.Camera)
	ben.Leave()
	s.eventually("ana sees ben leave", func() bool { return slices.Equal(ana.Others(), []media.ParticipantID{"cleo"}) })
	s.flows(late, "ana", mediatest.Share)
}

func TestTokensThatTwilioRefuses(t *testing.T) {
	s := newStage(t, 10)
	for name, test := range map[string]struct {
		code   int
		change func(header map[string]any, c *claims)
	}{
		"no content type":   {20102, func(header map[string]any, _ *claims) { delete(header, "cty") }},
		"another's key":     {20103, func(_ map[string]any, c *claims) { c.Issuer = "SKother" }},
		"another's account": {20103, func(_ map[string]any, c *claims) { c.Subject = "ACother" }},
		"expired":           {20104, func(_ map[string]any, c *claims) { c.ExpiresAt = jwt.NewNumericDate(time.Now().Add(-time.Second)) }},
		"no end":            {20104, func(_ map[string]any, c *claims) { c.ExpiresAt = nil }},
		"not yet":           {20105, func(_ map[string]any, c *claims) { c.NotBefore = jwt.NewNumericDate(time.Now().Add(time.Minute)) }},
		"two days":          {20157, func(_ map[string]any, c *claims) { c.ExpiresAt = jwt.NewNumericDate(time.Now().Add(48 * time.Hour)) }},
		"nobody":            {20106, func(_ map[string]any, c *claims) { c.Grants.Identity = "" }},
		"no video":          {20106, func(_ map[string]any, c *claims) { c.Grants.Video = nil }},
		"no such room":      {53106, func(_ map[string]any, c *claims) { c.Grants.Video.Room = "foyer-elsewhere" }},
	} {
		_, err := Enter(t.Context(), s.url, s.token("ana", test.change))
		if codeOf(err) != test.code {
			t.Errorf("%s: got %v, want code %d", name, err, test.code)
		}
	}
	good := s.token("ana", nil)
	for name, token := range map[string]string{"empty": "", "garbage": "a.b.c", "cut": good[:len(good)-3], "changed": strings.Replace(good, ".", ".e", 1)} {
		if _, err := Enter(t.Context(), s.url, token); codeOf(err) != 20101 && codeOf(err) != 20107 {
			t.Errorf("%s: got %v, want a bad token", name, err)
		}
	}
	if in := s.service.Present(s.service.Room(roomName)); len(in) > 0 {
		t.Errorf("after refusals alone %d are in", len(in))
	}
}

func TestEndsAndRefusalsOfARoom(t *testing.T) {
	s := newStage(t, 2)
	first, ben := s.enter("ana"), s.enter("ben")
	if _, err := Enter(t.Context(), s.url, s.token("cleo", nil)); codeOf(err) != 53105 {
		t.Errorf("a third in a room for two: %v", err)
	}
	second := s.enter("ana")
	s.ended(first, 53205)
	s.eventually("the second ana sees ben", func() bool { return slices.Equal(second.Others(), []media.ParticipantID{"ben"}) })
	s.service.Disconnect(s.service.Present(s.service.Room(roomName))[0], ErrRemoved)
	s.ended(ben, 0)
	s.service.Complete(roomName)
	s.ended(second, 0)
	if _, err := Enter(t.Context(), s.url, s.token("ana", nil)); codeOf(err) != 53106 {
		t.Errorf("a room that has ended: %v", err)
	}
	s.open(roomName, 2)
	s.enter("ana")
}

func TestWhoLosesSignallingIsReconnectingAndThenGone(t *testing.T) {
	s := newStage(t, 10)
	s.signalling.SessionTimeout = 300 * time.Millisecond
	ana := s.enter("ana")
	s.enter("ben")
	s.eventually("ana sees ben", func() bool { return len(ana.Others()) == 1 })
	began := time.Now()
	if !s.signalling.Drop("ben") {
		t.Fatal("ben is not there")
	}
	s.eventually("ana sees ben leave", func() bool { return len(ana.Others()) == 0 })
	if took := time.Since(began); took < s.signalling.SessionTimeout {
		t.Errorf("gone after %v, want the session's timeout to pass", took)
	}
}

func TestSignallingSpeaksItsTransportOnly(t *testing.T) {
	s := newStage(t, 10)
	answer, err := http.Get("http" + strings.TrimPrefix(s.url, "ws"))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("without a WebSocket: status %d", answer.StatusCode)
	}
}

func TestOneLayerIsLeftOfSimulcast(t *testing.T) {
	const offer = "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=ssrc-group:SIM 1 2 3\r\na=ssrc-group:FID 1 11\r\na=ssrc-group:FID 2 12\r\na=ssrc-group:FID 3 13\r\n" +
		"a=ssrc:1 cname:x\r\na=ssrc:11 cname:x\r\na=ssrc:2 cname:x\r\na=ssrc:12 cname:x\r\na=ssrc:3 cname:x\r\na=ssrc:13 cname:x\r\na=sendrecv\r\n"
	const want = "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=ssrc-group:FID 1 11\r\na=ssrc:1 cname:x\r\na=ssrc:11 cname:x\r\na=sendrecv\r\n"
	if got := withoutSimulcast(offer); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDataTracksReachTheOthers(t *testing.T) {
	s := newStage(t, 10)
	ben := s.enter("ben")
	heard := make(chan string, 1)
	ben.pc.OnDataChannel(func(channel *webrtc.DataChannel) {
		channel.OnMessage(func(m webrtc.DataChannelMessage) { heard <- string(m.Data) })
	})

	const id = "a-data-track"
	ana := s.enter("ana")
	channel, err := ana.pc.CreateDataChannel(id, nil)
	if err != nil {
		t.Fatal(err)
	}
	offer, err := ana.pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	sdp, err := ana.describe(offer)
	if err != nil {
		t.Fatal(err)
	}
	err = ana.send(t.Context(), message{
		Type:            "update",
		Participant:     &participantState{Revision: 2, Tracks: []trackState{{ID: id, Kind: "data", Name: "notes"}}},
		PeerConnections: []peerState{{ana.peerID, &sessionDescription{"offer", 2, sdp}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	// What is said before the other is ready is lost: say it until it is heard.
	s.eventually("ben hears ana", func() bool {
		_ = channel.SendText("hello") // it may not be open yet
		select {
		case got := <-heard:
			return got == "hello"
		case <-time.After(20 * time.Millisecond):
			return false
		}
	})
}
