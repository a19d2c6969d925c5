package livekit_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/livekit/protocol/auth"
	proto "github.com/livekit/protocol/livekit"
	pb "google.golang.org/protobuf/proto"

	"foyer/internal/media"
	"foyer/internal/media/livekit"
	"foyer/internal/media/sfu/sfutest"
)

// TestRefusals: the statuses of connecting and of validating are the same.
func TestRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, key, secret := r.access()
	good := r.token(t, "alice")
	forSFU, err := auth.NewAccessToken(key, secret).SetIdentity("alice").SetValidFor(time.Minute).
		SetVideoGrant(&auth.VideoGrant{RoomJoin: true, Room: string(room)}).ToJWT()
	if err != nil {
		t.Fatal(err)
	}
	joinRequest := func(j *proto.JoinRequest) string {
		inner, err := pb.Marshal(j)
		if err != nil {
			t.Fatal(err)
		}
		outer, err := pb.Marshal(&proto.WrappedJoinRequest{JoinRequest: inner})
		if err != nil {
			t.Fatal(err)
		}
		return base64.URLEncoding.EncodeToString(outer)
	}
	tests := []struct {
		name    string
		query   url.Values
		refusal error
		want    int
		reason  string
	}{
		{"no token", query(""), nil, 401, "token"},
		{"garbage", query("garbage"), nil, 401, "token"},
		{"a token of the media server's", query(forSFU), nil, 401, "token"},
		{"another gate's token", query(newRigOver(t, r.access).token(t, "alice")), nil, 401, "token"},
		{"second identity", with(query(good), "publish", "x"), nil, 400, "query"},
		{"empty second identity", with(query(good), "publish", ""), nil, 400, "query"},
		{"long query", with(query(good), "device_model", strings.Repeat("x", 100<<10)), nil, 400, "query"},
		{"join request of garbage", with(query(good), "join_request", "?"), nil, 400, "query"},
		{"join request with metadata", with(query(good), "join_request", joinRequest(&proto.JoinRequest{Metadata: "x"})), nil, 400, "query"},
		{"join request with attributes", with(query(good), "join_request",
			joinRequest(&proto.JoinRequest{ParticipantAttributes: map[string]string{"a": "b"}})), nil, 400, "query"},
		{"join request with a mislabelled track", with(query(good), "join_request", joinRequest(&proto.JoinRequest{
			AddTrackRequests: []*proto.AddTrackRequest{{Source: proto.TrackSource_MICROPHONE, Type: proto.TrackType_VIDEO}},
		})), nil, 400, "query"},
		{"removed", query(good), &media.Refusal{Status: 403, Reason: "removed"}, 403, "removed"},
		{"room gone", query(good), &media.Refusal{Status: 404, Reason: "gone"}, 404, "gone"},
		{"wrapped refusal", query(good), errors.Join(errors.New("x"), &media.Refusal{Status: 403, Reason: "full"}), 403, "full"},
		{"database away", query(good), errors.New("secret detail"), 503, "unavailable"},
	}
	for _, test := range tests {
		r.refuse(test.refusal)
		for _, path := range []string{"/rtc", "/rtc/v1"} {
			c, answer, err := r.dial(t, path, test.query)
			if err == nil {
				c.CloseNow()
				t.Errorf("%s: let in by %s", test.name, path)
				continue
			}
			connecting, _ := io.ReadAll(answer.Body)
			validated, err := http.Get(r.url + path + "/validate?" + test.query.Encode())
			if err != nil {
				t.Fatal(err)
			}
			validating, _ := io.ReadAll(validated.Body)
			validated.Body.Close()
			if answer.StatusCode != test.want || validated.StatusCode != test.want {
				t.Errorf("%s, %s: got %d and %d, want %d", test.name, path, answer.StatusCode, validated.StatusCode, test.want)
			}
			var body struct{ Reason string }
			if err := json.Unmarshal(validating, &body); err != nil || body.Reason != test.reason || !bytes.Equal(connecting, validating) {
				t.Errorf("%s, %s: bodies %q and %q, want reason %q", test.name, path, connecting, validating, test.reason)
			}
			if bytes.Contains(validating, []byte("secret")) || bytes.Contains(validating, []byte("eyJ")) {
				t.Errorf("%s: the body tells too much: %s", test.name, validating)
			}
			// By these words the client knows that another path is no use.
			if final := bytes.Contains(validating, []byte("requested room does not exist")); final != (test.want == 404) {
				t.Errorf("%s: body %s", test.name, validating)
			}
		}
	}
	r.refuse(nil)
	answer, err := http.Get(r.url + "/rtc/validate?" + query(good).Encode())
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 200 {
		t.Errorf("validating a good token: %d", answer.StatusCode)
	}
}

func with(q url.Values, name, value string) url.Values {
	q.Set(name, value)
	return q
}

func TestPathsAndMethods(t *testing.T) {
	t.Parallel()
	r := newRigOver(t, livekit.Fixed("http://127.0.0.1:1", "key", "secret"))
	token := "?access_token=" + r.token(t, "alice")
	for _, test := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/rtc/v2", 404},
		{"GET", "/rtc/", 404},
		{"GET", "/twirp/livekit.RoomService/ListRooms", 404},
		{"GET", "/rtc/../twirp", 404},
		{"POST", "/rtc", 405},
		{"POST", "/rtc/validate", 405},
		{"GET", "/rtc", 426},
		{"GET", "/rtc/validate", 503}, // nobody is at that port
	} {
		req, err := http.NewRequest(test.method, r.url+test.path+token, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != test.want {
			t.Errorf("%s %s: got %d, want %d", test.method, test.path, answer.StatusCode, test.want)
		}
	}
}

// TestGateTokenIsNotTheMediaServers: what a browser holds opens nothing but the
// gate, even for someone who can reach the media server.
func TestGateTokenIsNotTheMediaServers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	address, _, _ := r.access()
	answer, err := http.Get(address + "/rtc/validate?" + query(r.token(t, "alice")).Encode())
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("the media server answered %d to a gate token", answer.StatusCode)
	}
}

// TestNothingOfTheMediaServersLeaks looks at all that a browser is sent.
func TestNothingOfTheMediaServersLeaks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c, answer, err := r.dial(t, "/rtc", query(r.token(t, "alice")))
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.Header.Get("Sec-WebSocket-Extensions"); got != "" {
		t.Errorf("compression was negotiated: %s", got)
	}
	first, err := receive(t, c)
	if err != nil {
		t.Fatal(err)
	}
	join := first.GetJoin()
	if join == nil {
		t.Fatalf("the first message is %v", first)
	}
	if join.Participant.Identity != "alice" || join.Participant.Name != "A" || join.ServerInfo.Version == "" {
		t.Errorf("join lacks what it should have: %v", join)
	}
	if join.ServerInfo.NodeId != "" || join.AlternativeUrl != "" || len(join.IceServers) > 0 || join.Room.TurnPassword != "" {
		t.Errorf("join has what it should not: %v", join)
	}
	if p := join.Participant.Permission; p.CanPublishData || p.CanUpdateMetadata || p.Hidden || len(p.CanPublishSources) != 1 {
		t.Errorf("permission: %v", p)
	}
	second, err := receive(t, c)
	if err != nil {
		t.Fatal(err)
	}
	fresh := second.GetRefreshToken()
	for _, m := range ping(t, c) {
		if m.GetRefreshToken() != "" {
			t.Error("a second token came")
		}
	}
	again, _, err := r.dial(t, "/rtc", query(fresh))
	if err != nil {
		t.Fatalf("the new token does not open the gate: %v", err)
	}
	if _, err := receive(t, again); err != nil {
		t.Fatal(err)
	}
}

func TestMessagesThatEndAConnection(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, test := range []struct {
		name string
		kind websocket.MessageType
		data []byte
		want websocket.StatusCode
	}{
		{"text", websocket.MessageText, []byte(`{"ping":"1"}`), websocket.StatusUnsupportedData},
		{"garbage", websocket.MessageBinary, []byte("garbage"), websocket.StatusPolicyViolation},
		{"empty", websocket.MessageBinary, nil, websocket.StatusPolicyViolation},
		{"too large", websocket.MessageBinary, make([]byte, 1<<20+1), websocket.StatusMessageTooBig},
		{"64 MiB", websocket.MessageBinary, make([]byte, 64<<20), websocket.StatusMessageTooBig},
	} {
		c := r.connect(t, "alice")
		// Writing may fail half way, as the gate does not wait for all of it.
		if err := c.Write(t.Context(), test.kind, test.data); err != nil && len(test.data) < 1<<20 {
			t.Errorf("%s: %v", test.name, err)
		}
		wantClose(t, c, test.want)
	}
}

// TestForbiddenRequestsHaveNoEffect: they are left out, and what is allowed
// goes on.
func TestForbiddenRequestsHaveNoEffect(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.connect(t, "alice")
	ping(t, c)
	for _, m := range []*proto.SignalRequest{
		{Message: &proto.SignalRequest_Simulate{Simulate: &proto.SimulateScenario{
			Scenario: &proto.SimulateScenario_ServerLeave{ServerLeave: true}}}},
		{Message: &proto.SignalRequest_UpdateMetadata{UpdateMetadata: &proto.UpdateParticipantMetadata{Name: "Mallory"}}},
		{Message: &proto.SignalRequest_AddTrack{AddTrack: &proto.AddTrackRequest{
			Cid: "1", Type: proto.TrackType_VIDEO, Source: proto.TrackSource_MICROPHONE}}},
		{Message: &proto.SignalRequest_AddTrack{AddTrack: &proto.AddTrackRequest{
			Cid: "2", Type: proto.TrackType_VIDEO, Source: proto.TrackSource_CAMERA}}}, // LiveKit refuses it
	} {
		send(t, c, m)
		for _, answer := range ping(t, c) {
			if answer.GetTrackPublished() != nil || answer.GetLeave() != nil || answer.GetUpdate() != nil {
				t.Errorf("after %v came %v", m, answer)
			}
		}
	}
	send(t, c, &proto.SignalRequest{Message: &proto.SignalRequest_AddTrack{AddTrack: &proto.AddTrackRequest{
		Cid: "3", Type: proto.TrackType_AUDIO, Source: proto.TrackSource_MICROPHONE}}})
	published := false
	for !published {
		m, err := receive(t, c)
		if err != nil {
			t.Fatalf("what is allowed did not pass: %v", err)
		}
		published = m.GetTrackPublished() != nil
	}
}

func TestConnectionsOfOneParticipantAreBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	token := r.token(t, "alice")
	var refused int
	for range 12 { // each ends the one before it, at the media server
		if _, answer, err := r.dial(t, "/rtc", query(token)); err != nil {
			if answer == nil || answer.StatusCode != http.StatusTooManyRequests {
				t.Fatalf("refused with %v, %v", answer, err)
			}
			refused++
		}
	}
	t.Logf("%d of 12 were refused", refused)
	sfutest.Wait(t, "the participant can connect again", func() bool {
		c, _, err := r.dial(t, "/rtc", query(token))
		if err == nil {
			c.CloseNow()
		}
		return err == nil
	})
}

func TestServiceEndsConnections(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.connect(t, "alice")
	ping(t, c)
	r.stop()
	wantClose(t, c, websocket.StatusGoingAway)
	sfutest.Wait(t, "the observer hears of the end", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.joined == 1 && r.gone == 1
	})
}

// TestMediaServerDies: the browser's connection ends, so that it tries again,
// and is answered 503 until there is a media server.
func TestMediaServerDies(t *testing.T) {
	t.Parallel()
	cfg := sfutest.Config(t)
	server := sfutest.Start(t, cfg)
	r := newRigOver(t, server.Access)
	c := r.connect(t, "alice")
	ping(t, c)
	_, _, before := server.Access()
	sfutest.Kill(t, cfg)
	wantClose(t, c, websocket.StatusGoingAway)
	sfutest.Wait(t, "the participant can connect again", func() bool {
		c, answer, err := r.dial(t, "/rtc", query(r.token(t, "alice")))
		if err != nil {
			if answer == nil || answer.StatusCode != http.StatusServiceUnavailable {
				t.Fatalf("refused with %v, %v", answer, err)
			}
			return false
		}
		ping(t, c)
		return true
	})
	if _, _, after := server.Access(); after == before {
		t.Error("the new media server has the old secret")
	}
}
