package livekit

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/livekit/protocol/livekit"
)

// sections returns an offer of these sections, each "kind attribute attribute…".
func sections(of ...string) *livekit.SignalRequest {
	text := "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
	for i, section := range of {
		kind, attributes, _ := strings.Cut(section, "|")
		text += fmt.Sprintf("m=%s 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:%d\r\na=sendrecv\r\n", kind, i)
		for attribute := range strings.SplitSeq(attributes, "|") {
			if attribute != "" {
				text += "a=" + attribute + "\r\n"
			}
		}
	}
	return &livekit.SignalRequest{Message: &livekit.SignalRequest_Offer{
		Offer: &livekit.SessionDescription{Type: "offer", Sdp: text},
	}}
}

// declare returns the declaration of a microphone or a camera under these ids,
// of which the later ones are of other encodings.
func declare(source livekit.TrackSource, cids ...string) *livekit.SignalRequest {
	track := &livekit.AddTrackRequest{Cid: cids[0], Source: source, Type: livekit.TrackType_AUDIO}
	if source == livekit.TrackSource_CAMERA {
		track.Type = livekit.TrackType_VIDEO
	}
	for _, cid := range cids[1:] {
		track.SimulcastCodecs = append(track.SimulcastCodecs, &livekit.SimulcastCodec{Codec: "vp8", Cid: cid})
	}
	return &livekit.SignalRequest{Message: &livekit.SignalRequest_AddTrack{AddTrack: track}}
}

// TestTracksKeepTheirKind: the last message is the one that the verdict is about.
func TestTracksKeepTheirKind(t *testing.T) {
	t.Parallel()
	const mic, cam = livekit.TrackSource_MICROPHONE, livekit.TrackSource_CAMERA
	long := strings.Repeat("x", maxTrackID+1)
	tests := []struct {
		name     string
		messages []*livekit.SignalRequest
		want     verdict
	}{
		// What browsers do.
		{"microphone and camera", []*livekit.SignalRequest{declare(mic, "a"), declare(cam, "v"),
			sections("audio|msid:- a", "video|msid:- v", "application|sctp-port:5000")}, pass},
		{"of one stream", []*livekit.SignalRequest{declare(mic, "a"), declare(cam, "v"), sections("audio|msid:s a", "video|msid:s v")}, pass},
		{"as older browsers write it", []*livekit.SignalRequest{declare(mic, "{a}"), declare(cam, "{v}"),
			sections("audio|msid:{s} {a}|ssrc:1 cname:c|ssrc:1 msid:{s} {a}", "video|msid:{s} {v}|ssrc:2 msid:{s} {v}|ssrc:3 msid:{s} {v}")}, pass},
		{"streams alone", []*livekit.SignalRequest{sections("audio|msid:-", "video|msid:-", "audio|msid:s", "video|msid:s")}, pass},
		{"a blank at the end", []*livekit.SignalRequest{sections("audio|msid:s ", "video|msid:s ")}, pass},
		{"sections to receive", []*livekit.SignalRequest{declare(mic, "a"), sections("audio", "video", "audio|msid:- a")}, pass},
		{"another id than declared", []*livekit.SignalRequest{declare(mic, "a"), sections("audio|msid:- b")}, pass},
		{"declared again and offered again", []*livekit.SignalRequest{declare(cam, "v"), sections("video|msid:- v"), declare(cam, "v"), sections("video|msid:- v")}, pass},
		{"encodings", []*livekit.SignalRequest{declare(cam, "v", "v", ""), declare(cam, "v", "w"), sections("audio", "video|msid:- v", "video|msid:- w")}, pass},
		{"data alone", []*livekit.SignalRequest{sections("application")}, pass},
		{"nothing yet", []*livekit.SignalRequest{sections()}, pass},

		// What they do not.
		{"sound as a camera", []*livekit.SignalRequest{declare(cam, "x"), sections("audio|msid:- x")}, refuse},
		{"a picture as a microphone", []*livekit.SignalRequest{declare(mic, "x"), sections("video|msid:- x")}, refuse},
		{"sound as another encoding", []*livekit.SignalRequest{declare(cam, "v", "x"), sections("audio|msid:- x")}, refuse},
		{"sound as an encoding that is added", []*livekit.SignalRequest{declare(cam, "v"), sections("video|msid:- v"), declare(cam, "v", "x"), sections("audio|msid:- x")}, refuse},
		{"offered, then declared", []*livekit.SignalRequest{sections("audio|msid:- x"), declare(cam, "x")}, drop},
		{"offered, then declared as an encoding", []*livekit.SignalRequest{sections("audio|msid:- x"), declare(cam, "v", "x")}, drop},
		{"declared as both", []*livekit.SignalRequest{declare(cam, "x"), declare(mic, "x")}, drop},
		{"declared as both at once", []*livekit.SignalRequest{{Message: &livekit.SignalRequest_AddTrack{AddTrack: &livekit.AddTrackRequest{
			Cid: "x", Source: mic, Type: livekit.TrackType_VIDEO}}}}, drop},
		{"offered as both", []*livekit.SignalRequest{sections("video|msid:- x", "audio|msid:- x")}, refuse},
		{"sound in a later offer", []*livekit.SignalRequest{declare(cam, "x"), sections("video|msid:- x"), sections("audio|msid:- x")}, refuse},
		{"by the older line", []*livekit.SignalRequest{declare(cam, "x"), sections("audio|msid:- a|ssrc:1 msid:- x")}, refuse},
		{"by the older line in capitals", []*livekit.SignalRequest{declare(cam, "x"), sections("audio|ssrc:1 MSID:- x")}, refuse},
		{"in a second line", []*livekit.SignalRequest{declare(cam, "x"), sections("audio|msid:- a|msid:- x")}, refuse},
		{"among three words", []*livekit.SignalRequest{declare(cam, "x"), sections("audio|msid:- x y")}, refuse},
		{"without an id", []*livekit.SignalRequest{declare(cam, "")}, drop},
		{"a section of another name", []*livekit.SignalRequest{declare(cam, "x"), sections("AUDIO|msid:- x")}, refuse},
		{"no description", []*livekit.SignalRequest{{Message: &livekit.SignalRequest_Offer{Offer: &livekit.SessionDescription{Sdp: "m=audio"}}}}, refuse},
		{"a long id", []*livekit.SignalRequest{declare(cam, long)}, drop},
		{"a long id offered", []*livekit.SignalRequest{sections("audio|msid:- " + long)}, refuse},
	}
	for _, test := range tests {
		known := newKinds()
		for i, m := range test.messages {
			got, want := checkRequest(encode(t, m), known), pass
			if i == len(test.messages)-1 {
				want = test.want
			}
			if got != want {
				t.Errorf("%s: message %d: got %d, want %d", test.name, i+1, got, want)
			}
		}
	}
}

// TestRefusedClaimsAreForgotten: what was refused does not stand against what is
// honest.
func TestRefusedClaimsAreForgotten(t *testing.T) {
	t.Parallel()
	known := newKinds()
	for _, m := range []struct {
		request *livekit.SignalRequest
		want    verdict
	}{
		{declare(livekit.TrackSource_CAMERA, "x"), pass},
		{sections("video|msid:- y", "audio|msid:- x"), refuse},
		{declare(livekit.TrackSource_MICROPHONE, "y"), pass},
	} {
		if got := checkRequest(encode(t, m.request), known); got != m.want {
			t.Errorf("%v: got %d, want %d", m.request, got, m.want)
		}
	}
}

func TestKindsAreBounded(t *testing.T) {
	t.Parallel()
	known := newKinds()
	for i := range maxTracks {
		if !known.hold([]claim{{fmt.Sprint(i), livekit.TrackType_VIDEO}}) {
			t.Fatalf("track %d is refused", i)
		}
	}
	if known.hold([]claim{{"one more", livekit.TrackType_VIDEO}}) {
		t.Error("there is no bound")
	}
	if !known.hold([]claim{{"0", livekit.TrackType_VIDEO}}) || known.hold([]claim{{"0", livekit.TrackType_AUDIO}}) {
		t.Error("what is known is not, at the bound")
	}
}

// TestKindsOutliveAConnection: coming back is no way to have what was declared
// forgotten, until nothing leads back any more.
func TestKindsOutliveAConnection(t *testing.T) {
	t.Parallel()
	l := relays{live: make(map[member]*connections)}
	m := member{"foyer-room", "alice"}
	first, second, other := &relay{member: m}, &relay{member: m}, &relay{member: member{"foyer-room", "bob"}}
	l.add(first)
	first.tracks.hold([]claim{{"x", livekit.TrackType_VIDEO}})
	l.remove(first)
	l.add(second)
	l.add(other)
	sound := []claim{{"x", livekit.TrackType_AUDIO}}
	if second.tracks.hold(sound) {
		t.Error("a new connection of the same participant knows nothing of the last")
	}
	if !other.tracks.hold(sound) {
		t.Error("another participant is held to what the first declared")
	}
	of := l.live[m]
	l.drop(m, of)
	if l.live[m] != of {
		t.Error("forgotten while a connection is open")
	}
	l.remove(second)
	l.drop(m, of)
	if _, ok := l.live[m]; ok {
		t.Error("never forgotten")
	}
}

// FuzzOffered: whatever is offered, an id has one kind.
func FuzzOffered(f *testing.F) {
	f.Add(sections("audio|msid:- a", "video|ssrc:1 msid:- v").GetOffer().Sdp)
	f.Fuzz(func(t *testing.T, text string) {
		claims, err := offered(&livekit.SessionDescription{Sdp: text})
		if err != nil || !newKinds().hold(claims) {
			return
		}
		for _, c := range claims {
			if slices.ContainsFunc(claims, func(d claim) bool { return c.id == d.id && c.kind != d.kind }) {
				t.Errorf("%q is of two kinds in %q", c.id, text)
			}
		}
	})
}
