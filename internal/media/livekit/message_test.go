package livekit

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"
)

func encode(t testing.TB, m proto.Message) []byte {
	t.Helper()
	data, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func addTrack(source livekit.TrackSource, kind livekit.TrackType) *livekit.SignalRequest {
	return &livekit.SignalRequest{Message: &livekit.SignalRequest_AddTrack{
		AddTrack: &livekit.AddTrackRequest{Cid: "c", Source: source, Type: kind},
	}}
}

func TestCheckRequest(t *testing.T) {
	t.Parallel()
	ping := encode(t, &livekit.SignalRequest{Message: &livekit.SignalRequest_Ping{Ping: 1}})
	simulate := encode(t, &livekit.SignalRequest{Message: &livekit.SignalRequest_Simulate{
		Simulate: &livekit.SimulateScenario{Scenario: &livekit.SimulateScenario_ServerLeave{ServerLeave: true}},
	}})
	tests := []struct {
		name    string
		message []byte
		want    verdict
	}{
		{"ping", ping, pass},
		{"offer", encode(t, sections("audio|msid:- a")), pass},
		{"leave", encode(t, &livekit.SignalRequest{Message: &livekit.SignalRequest_Leave{Leave: &livekit.LeaveRequest{}}}), pass},
		{"simulated failure", simulate, drop},
		{"metadata", encode(t, &livekit.SignalRequest{Message: &livekit.SignalRequest_UpdateMetadata{
			UpdateMetadata: &livekit.UpdateParticipantMetadata{Name: "Somebody Else"}}}), drop},
		{"who may receive", encode(t, &livekit.SignalRequest{Message: &livekit.SignalRequest_SubscriptionPermission{
			SubscriptionPermission: &livekit.SubscriptionPermission{}}}), drop},
		{"data track", encode(t, &livekit.SignalRequest{Message: &livekit.SignalRequest_PublishDataTrackRequest{
			PublishDataTrackRequest: &livekit.PublishDataTrackRequest{}}}), drop},
		{"microphone", encode(t, addTrack(livekit.TrackSource_MICROPHONE, livekit.TrackType_AUDIO)), pass},
		{"camera", encode(t, addTrack(livekit.TrackSource_CAMERA, livekit.TrackType_VIDEO)), pass},
		{"share", encode(t, addTrack(livekit.TrackSource_SCREEN_SHARE, livekit.TrackType_VIDEO)), pass},
		{"sound of share", encode(t, addTrack(livekit.TrackSource_SCREEN_SHARE_AUDIO, livekit.TrackType_AUDIO)), pass},
		{"camera said to be a microphone", encode(t, addTrack(livekit.TrackSource_MICROPHONE, livekit.TrackType_VIDEO)), drop},
		{"unknown source", encode(t, addTrack(livekit.TrackSource_UNKNOWN, livekit.TrackType_VIDEO)), drop},
		{"unknown number", []byte{0xf8, 0x07, 0x01}, drop},
		{"two fields, the second forbidden", append(slices.Clone(ping), simulate...), refuse},
		{"two fields", append(slices.Clone(ping), ping...), refuse},
		{"cut short", simulate[:len(simulate)-1], refuse},
		{"empty", nil, refuse},
		{"not protobuf", []byte("{\"ping\":1}"), refuse},
		{"track that is not one", []byte{4<<3 | 2, 1, 0xff}, refuse},
	}
	for _, test := range tests {
		if got := checkRequest(test.message, newKinds()); got != test.want {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
	}
}

// FuzzCheckRequest: whatever passes is, to LiveKit, a request that is on the
// list.
func FuzzCheckRequest(f *testing.F) {
	f.Add([]byte{14 << 3, 1})
	f.Add(encode(f, addTrack(livekit.TrackSource_CAMERA, livekit.TrackType_VIDEO)))
	f.Fuzz(func(t *testing.T, message []byte) {
		if checkRequest(message, newKinds()) != pass {
			return
		}
		var request livekit.SignalRequest
		if proto.Unmarshal(message, &request) != nil {
			return // LiveKit ends the connection
		}
		switch m := request.Message.(type) {
		case *livekit.SignalRequest_Simulate, *livekit.SignalRequest_UpdateMetadata,
			*livekit.SignalRequest_SubscriptionPermission, *livekit.SignalRequest_PublishDataTrackRequest,
			*livekit.SignalRequest_StoreDataBlobRequest, *livekit.SignalRequest_GetDataBlobRequest:
			t.Errorf("passed %T", m)
		case *livekit.SignalRequest_AddTrack:
			if !honest(m.AddTrack) {
				t.Errorf("passed %v", m.AddTrack)
			}
		}
	})
}

const hidden = "must-not-be-seen"

func TestCleanResponse(t *testing.T) {
	t.Parallel()
	server := &livekit.ServerInfo{Version: "1", Region: hidden, NodeId: hidden, DebugInfo: hidden}
	servers := []*livekit.ICEServer{{}, {Urls: []string{"turn:relay.example"}, Username: "u", Credential: "c"}}
	tests := []struct {
		name   string
		m      *livekit.SignalResponse
		passes bool
	}{
		{"join", &livekit.SignalResponse{Message: &livekit.SignalResponse_Join{Join: &livekit.JoinResponse{
			Room: &livekit.Room{Name: "foyer-room", TurnPassword: hidden}, ServerInfo: server, ServerRegion: hidden,
			AlternativeUrl: "wss://" + hidden, IceServers: servers,
		}}}, true},
		{"reconnect", &livekit.SignalResponse{Message: &livekit.SignalResponse_Reconnect{Reconnect: &livekit.ReconnectResponse{
			ServerInfo: server, IceServers: servers,
		}}}, true},
		{"leave", &livekit.SignalResponse{Message: &livekit.SignalResponse_Leave{Leave: &livekit.LeaveRequest{
			Action: livekit.LeaveRequest_RECONNECT, Regions: &livekit.RegionSettings{Regions: []*livekit.RegionInfo{{Url: "wss://" + hidden}}},
		}}}, true},
		{"room", &livekit.SignalResponse{Message: &livekit.SignalResponse_RoomUpdate{RoomUpdate: &livekit.RoomUpdate{
			Room: &livekit.Room{TurnPassword: hidden},
		}}}, true},
		{"answer", &livekit.SignalResponse{Message: &livekit.SignalResponse_Answer{Answer: &livekit.SessionDescription{Sdp: "v=0"}}}, true},
		{"token", &livekit.SignalResponse{Message: &livekit.SignalResponse_RefreshToken{RefreshToken: hidden}}, false},
		{"moved", &livekit.SignalResponse{Message: &livekit.SignalResponse_RoomMoved{RoomMoved: &livekit.RoomMovedResponse{Token: hidden}}}, false},
	}
	for _, test := range tests {
		clean, _, err := cleanResponse(encode(t, test.m))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if (clean != nil) != test.passes {
			t.Errorf("%s: passes: %v, want %v", test.name, clean != nil, test.passes)
		}
		if bytes.Contains(clean, []byte(hidden)) {
			t.Errorf("%s: what must not be seen is in %q", test.name, clean)
		}
		var got livekit.SignalResponse
		if err := proto.Unmarshal(clean, &got); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if join := got.GetJoin(); join != nil && (len(join.IceServers) != 1 || join.ServerInfo.Version != "1" || join.Room.Name != "foyer-room") {
			t.Errorf("%s: lost too much: %v", test.name, join)
		}
	}
	for name, message := range map[string][]byte{
		"unknown number":    {0xfa, 0x07, 1, 'x'},
		"two fields":        bytes.Repeat(encode(t, tests[4].m), 2),
		"unknown in a join": append([]byte{1<<3 | 2, 19, 0xfa, 0x07, 16}, hidden...),
	} {
		if clean, _, err := cleanResponse(message); err == nil && strings.Contains(string(clean), hidden) {
			t.Errorf("%s: passed %q", name, clean)
		}
	}
}

func FuzzCleanResponse(f *testing.F) {
	f.Add(encode(f, &livekit.SignalResponse{Message: &livekit.SignalResponse_Join{Join: &livekit.JoinResponse{AlternativeUrl: "wss://x"}}}))
	f.Fuzz(func(t *testing.T, message []byte) {
		clean, _, err := cleanResponse(message)
		if err != nil || clean == nil {
			return
		}
		var got livekit.SignalResponse
		if proto.Unmarshal(clean, &got) != nil {
			return
		}
		if got.GetRefreshToken() != "" || got.GetRoomMoved() != nil || got.GetJoin().GetAlternativeUrl() != "" ||
			got.GetLeave().GetRegions() != nil || got.GetJoin().GetServerInfo().GetNodeId() != "" {
			t.Errorf("passed %v", &got)
		}
	})
}
