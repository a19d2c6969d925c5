package livekit

import (
	"errors"
	"slices"

	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// What passes the gate is decided by allow-lists of field numbers. A
// SignalRequest and a SignalResponse are one field each, of many possible; a
// number that is not on the list is dropped, so that what a later LiveKit adds
// does not pass unseen.

// verdict says what to do with a message.
type verdict int

const (
	drop   verdict = iota // leave it out
	pass                  // relay it as it is
	look                  // decode it first
	refuse                // end the connection: no honest peer sends this
)

// requests says what browsers may send, by the numbers of SignalRequest. Left
// out: subscription permissions (11; nobody hides from some in the room),
// simulated failures (13), changes of name, metadata and attributes (15; Foyer
// decides those), and data tracks and blobs (19 to 23; Foyer has its own way).
var requests = map[protowire.Number]verdict{
	1:  look, // offer
	2:  pass, // answer
	3:  pass, // trickle
	4:  look, // add_track
	5:  pass, // mute
	6:  pass, // subscription
	7:  pass, // track_setting
	8:  pass, // leave
	10: pass, // update_layers
	12: pass, // sync_state
	14: pass, // ping
	16: pass, // ping_req
	17: pass, // update_audio_track
	18: pass, // update_video_track
}

// The numbers of SignalResponse that the gate itself acts upon.
const (
	responseJoin      = 1
	responseReconnect = 19
)

// responses says what LiveKit may send, by the numbers of SignalResponse. Left
// out: its tokens (16; the gate sends its own), being moved to another room
// (24; it carries a token too), and data tracks and blobs (27 to 31).
var responses = map[protowire.Number]verdict{
	responseJoin:      look,
	2:                 pass, // answer
	3:                 pass, // offer
	4:                 pass, // trickle
	5:                 pass, // update
	6:                 pass, // track_published
	8:                 look, // leave
	9:                 pass, // mute
	10:                pass, // speakers_changed
	11:                look, // room_update
	12:                pass, // connection_quality
	13:                pass, // stream_state_update
	14:                pass, // subscribed_quality_update
	15:                pass, // subscription_permission_update
	17:                pass, // track_unpublished
	18:                pass, // pong
	responseReconnect: look,
	20:                pass, // pong_resp
	21:                pass, // subscription_response
	22:                pass, // request_response
	23:                pass, // track_subscribed
	25:                pass, // media_sections_requirement
	26:                pass, // subscribed_audio_codec_update
}

// only returns the number of the one field that message consists of. A message
// of several fields, of which the last would count, is malformed here.
func only(message []byte) (protowire.Number, bool) {
	number, kind, n := protowire.ConsumeTag(message)
	if n < 0 {
		return 0, false
	}
	m := protowire.ConsumeFieldValue(number, kind, message[n:])
	return number, m >= 0 && n+m == len(message)
}

// checkRequest decides upon a message from a browser, of whose participant's
// tracks the kinds are known.
func checkRequest(message []byte, known *kinds) verdict {
	number, ok := only(message)
	if !ok {
		return refuse
	}
	if requests[number] != look {
		return requests[number]
	}
	var request livekit.SignalRequest
	if proto.Unmarshal(message, &request) != nil {
		return refuse
	}
	if offer := request.GetOffer(); offer != nil {
		if claims, err := offered(offer); err != nil || !known.hold(claims) {
			return refuse
		}
		return pass
	}
	if claims, ok := declared(request.GetAddTrack()); !ok || !known.hold(claims) {
		return drop
	}
	return pass
}

// honest reports whether the track is declared to be of the type that its source
// has. LiveKit checks only that the source is allowed: a camera could be
// published as a microphone.
func honest(track *livekit.AddTrackRequest) bool {
	switch track.GetSource() {
	case livekit.TrackSource_MICROPHONE, livekit.TrackSource_SCREEN_SHARE_AUDIO:
		return track.GetType() == livekit.TrackType_AUDIO
	case livekit.TrackSource_CAMERA, livekit.TrackSource_SCREEN_SHARE:
		return track.GetType() == livekit.TrackType_VIDEO
	default:
		return false
	}
}

// cleanResponse decides upon a message from LiveKit. It returns the message
// to relay, or nil for none, and its number.
func cleanResponse(message []byte) ([]byte, protowire.Number, error) {
	number, ok := only(message)
	if !ok {
		return nil, 0, errors.New("malformed message from LiveKit")
	}
	switch responses[number] {
	case pass:
		return message, number, nil
	case look:
		clean, err := scrub(message)
		return clean, number, err
	default:
		return nil, number, nil
	}
}

// scrub takes out of a message what would help a browser to reach LiveKit
// around the gate, and what it has no use for.
func scrub(message []byte) ([]byte, error) {
	var response livekit.SignalResponse
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(message, &response); err != nil {
		return nil, err
	}
	switch m := response.Message.(type) {
	case *livekit.SignalResponse_Join:
		m.Join.AlternativeUrl, m.Join.ServerRegion = "", ""
		m.Join.IceServers = reachable(m.Join.IceServers)
		scrubServer(m.Join.ServerInfo)
		scrubRoom(m.Join.Room)
	case *livekit.SignalResponse_Reconnect:
		m.Reconnect.IceServers = reachable(m.Reconnect.IceServers)
		scrubServer(m.Reconnect.ServerInfo)
	case *livekit.SignalResponse_Leave:
		m.Leave.Regions = nil
	case *livekit.SignalResponse_RoomUpdate:
		scrubRoom(m.RoomUpdate.Room)
	}
	return proto.Marshal(&response)
}

func scrubServer(s *livekit.ServerInfo) {
	if s != nil {
		s.Region, s.NodeId, s.DebugInfo = "", "", ""
	}
}

func scrubRoom(r *livekit.Room) {
	if r != nil {
		r.TurnPassword = ""
	}
}

// reachable leaves out servers without an address: browsers refuse to make a
// connection at all when they are given one.
func reachable(servers []*livekit.ICEServer) []*livekit.ICEServer {
	return slices.DeleteFunc(servers, func(s *livekit.ICEServer) bool { return len(s.Urls) == 0 })
}

// refreshMessage returns the message that gives the client a new token.
func refreshMessage(token string) []byte {
	message, err := proto.Marshal(&livekit.SignalResponse{
		Message: &livekit.SignalResponse_RefreshToken{RefreshToken: token},
	})
	if err != nil {
		panic(err) // a token is plain ASCII
	}
	return message
}

// removedMessage returns the message that tells the client that it is out, and
// not to try again.
func removedMessage() []byte {
	message, err := proto.Marshal(&livekit.SignalResponse{
		Message: &livekit.SignalResponse_Leave{Leave: &livekit.LeaveRequest{
			Reason: livekit.DisconnectReason_PARTICIPANT_REMOVED, Action: livekit.LeaveRequest_DISCONNECT,
		}},
	})
	if err != nil {
		panic(err) // a constant
	}
	return message
}
