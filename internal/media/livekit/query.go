package livekit

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/livekit/protocol/livekit"
	"google.golang.org/protobuf/proto"
)

// passedOn are the query parameters that LiveKit is told; whatever else is
// there is left out. It means LiveKit's attributes, which Foyer does not use,
// and the token, which is not LiveKit's.
var passedOn = []string{
	"adaptive_stream", "auto_subscribe", "browser", "browser_version", "capabilities", "client_protocol",
	"device_model", "disable_ice_lite", "join_request", "network", "os", "os_version", "protocol", "reconnect",
	"reconnect_reason", "sdk", "sid", "subscriber_allow_pause", "version",
}

const (
	// maxQuery bounds the query of a request, in bytes. It holds the client's
	// first offer, compressed: all of it had 2.7 KiB in Chromium.
	maxQuery = 64 << 10
	// maxJoinRequest bounds that offer uncompressed.
	maxJoinRequest = 512 << 10
)

// errQuery is returned for a query that no client of Foyer sends.
var errQuery = errors.New("malformed query")

// hop is what a client asks for, as LiveKit is to be asked.
type hop struct {
	path  string // below LiveKit's address
	query url.Values
}

// readHop returns what r asks for and the token that it does so with.
func readHop(r *http.Request) (hop, string, error) {
	if len(r.URL.RawQuery) > maxQuery {
		return hop{}, "", errQuery
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	// "publish" asks for a second, hidden identity of the participant.
	if err != nil || query.Has("publish") {
		return hop{}, "", errQuery
	}
	token := query.Get("access_token")
	if token == "" {
		// Clients other than the browser's send it so.
		token, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	h := hop{path: strings.TrimSuffix(r.URL.Path, "/validate"), query: make(url.Values)}
	for _, name := range passedOn {
		if query.Has(name) {
			h.query.Set(name, query.Get(name))
		}
	}
	return h, token, nil
}

// check returns errQuery unless the join request in h, if there is one, asks
// for nothing that checkRequest would not let pass, and sets nothing that is
// Foyer's to decide. It returns what the request says of its tracks; whether
// that agrees with what was said before is not looked at.
func (h hop) check() ([]claim, error) {
	text := h.query.Get("join_request")
	if text == "" {
		return nil, nil
	}
	var request livekit.JoinRequest
	if err := unwrap(text, &request); err != nil {
		return nil, err
	}
	if request.Metadata != "" || len(request.ParticipantAttributes) > 0 {
		return nil, errQuery
	}
	claims, err := offered(request.PublisherOffer)
	if err != nil {
		return nil, errQuery
	}
	for _, track := range request.AddTrackRequests {
		of, ok := declared(track)
		if !ok {
			return nil, errQuery
		}
		claims = append(claims, of...)
	}
	if !newKinds().hold(claims) {
		return nil, errQuery
	}
	return claims, nil
}

// unwrap decodes the text of a join request.
func unwrap(text string, request *livekit.JoinRequest) error {
	data, err := base64.URLEncoding.DecodeString(text)
	if err != nil {
		return errQuery
	}
	var wrapped livekit.WrappedJoinRequest
	if proto.Unmarshal(data, &wrapped) != nil {
		return errQuery
	}
	plain := wrapped.JoinRequest
	if wrapped.Compression == livekit.WrappedJoinRequest_GZIP {
		unzip, err := gzip.NewReader(bytes.NewReader(wrapped.JoinRequest))
		if err != nil {
			return errQuery
		}
		if plain, err = io.ReadAll(io.LimitReader(unzip, maxJoinRequest+1)); err != nil {
			return errQuery
		}
	}
	if len(plain) > maxJoinRequest || proto.Unmarshal(plain, request) != nil {
		return errQuery
	}
	return nil
}
