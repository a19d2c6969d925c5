package livekit

import (
	"errors"
	"strings"
	"sync"

	"github.com/livekit/protocol/livekit"
	"github.com/pion/sdp/v3"
)

// LiveKit asks whether somebody may publish what they declare, a camera say, and
// then takes for it whatever the peer connection brings under the same id:
// sound as well. So the gate holds every id of a track to one kind, whether a
// declaration names it first or an offer does. Ids that nothing has declared
// are no way round that: LiveKit gives such a track to a declaration of the
// track's own kind.

// claim says of what kind the track with an id is.
type claim struct {
	id   string
	kind livekit.TrackType
}

const (
	// maxTracks is of how many tracks of one participant the gate knows the kind.
	// Each screen that is shared is another one.
	maxTracks = 2048
	// maxTrackID bounds an id, in bytes. Browsers' have 36 or 38.
	maxTrackID = 128
)

// declared returns what a declaration says of its track, and of the same
// encoded otherwise. It is false for a declaration that no honest client makes.
func declared(track *livekit.AddTrackRequest) ([]claim, bool) {
	// Without an id it would be that of every section that names none.
	if !honest(track) || track.GetCid() == "" {
		return nil, false
	}
	claims := []claim{{track.GetCid(), track.GetType()}}
	for _, codec := range track.GetSimulcastCodecs() {
		if codec.GetCid() != "" { // empty until that encoding is wanted
			claims = append(claims, claim{codec.GetCid(), track.GetType()})
		}
	}
	return claims, true
}

// errOffer is returned for an offer that no browser makes.
var errOffer = errors.New("malformed offer")

// offered returns of what kind the tracks are that an offer names. It reads an
// offer with LiveKit's own parser, and each section for whatever in it LiveKit
// or its peer connections may take for an id.
func offered(offer *livekit.SessionDescription) ([]claim, error) {
	if offer == nil {
		return nil, nil
	}
	var description sdp.SessionDescription
	if description.UnmarshalString(offer.GetSdp()) != nil {
		return nil, errOffer
	}
	var claims []claim
	for _, section := range description.MediaDescriptions {
		var kind livekit.TrackType
		switch section.MediaName.Media {
		case "audio":
			kind = livekit.TrackType_AUDIO
		case "video":
			kind = livekit.TrackType_VIDEO
		case "application":
			continue // data
		default:
			return nil, errOffer
		}
		for _, attribute := range section.Attributes {
			for _, id := range trackIDs(attribute) {
				if id != "" { // what follows a blank at the end
					claims = append(claims, claim{id, kind})
				}
			}
		}
	}
	return claims, nil
}

// trackIDs returns the ids of tracks that an attribute names: "msid:stream
// track", or the older "ssrc:number msid:stream track". A stream alone names
// none: its sound and its pictures share it.
func trackIDs(attribute sdp.Attribute) []string {
	words := strings.Split(attribute.Value, " ")
	switch {
	case attribute.Key == sdp.AttrKeyMsid:
		return words[1:]
	case attribute.Key == sdp.AttrKeySSRC && len(words) > 2 && strings.HasPrefix(strings.ToLower(words[1]), "msid:"):
		return words[2:]
	default:
		return nil
	}
}

// kinds remembers of what kind a participant's tracks are.
type kinds struct {
	mu sync.Mutex
	of map[string]livekit.TrackType
}

func newKinds() *kinds {
	return &kinds{of: make(map[string]livekit.TrackType)}
}

// hold remembers claims. It is false when one contradicts another, or what was
// claimed before; of these nothing is remembered that was not before.
func (k *kinds) hold(claims []claim) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	fresh := make(map[string]livekit.TrackType)
	for _, c := range claims {
		known, ok := k.of[c.id]
		if !ok {
			known, ok = fresh[c.id]
		}
		switch {
		case ok && known != c.kind, len(c.id) > maxTrackID:
			return false
		case !ok:
			fresh[c.id] = c.kind
		}
	}
	if len(k.of)+len(fresh) > maxTracks {
		return false
	}
	for id, kind := range fresh {
		k.of[id] = kind
	}
	return true
}
