package twiliotest

import "encoding/json"

// frame is a message of the transport: what goes over the WebSocket.
type frame struct {
	Type              string          `json:"type"`
	ID                string          `json:"id,omitempty"`
	Version           int             `json:"version,omitempty"`
	Timeout           int             `json:"timeout,omitempty"`           // milliseconds, of hello
	NegotiatedTimeout int             `json:"negotiatedTimeout,omitempty"` // milliseconds, of welcome
	Reason            string          `json:"reason,omitempty"`
	Body              json.RawMessage `json:"body,omitempty"`
}

// message is the body of a frame, from either side. Every list in it comes with
// a revision that grows; whoever receives an older one ignores it.
type message struct {
	Type    string `json:"type"`
	Version int    `json:"version,omitempty"`

	Token   string `json:"token,omitempty"`
	Name    string `json:"name,omitempty"`
	Session string `json:"session,omitempty"`
	SID     string `json:"sid,omitempty"`

	Code       int             `json:"code,omitempty"`
	Message    string          `json:"message,omitempty"`
	Status     string          `json:"status,omitempty"`
	ICEServers json.RawMessage `json:"ice_servers,omitempty"` // a word from clients, a list from the server

	Participant     *participantState           `json:"participant,omitempty"`
	Participants    []participantState          `json:"participants,omitempty"`
	PeerConnections []peerState                 `json:"peer_connections,omitempty"`
	Published       *trackList                  `json:"published,omitempty"`
	Subscribed      *trackList                  `json:"subscribed,omitempty"`
	MediaSignaling  map[string]*mediaSignalling `json:"media_signaling,omitempty"`
	Options         *sessionOptions             `json:"options,omitempty"`
}

type participantState struct {
	SID      string       `json:"sid,omitempty"`
	Identity string       `json:"identity,omitempty"`
	State    string       `json:"state,omitempty"`
	Revision int          `json:"revision"`
	Tracks   []trackState `json:"tracks"`
}

type trackState struct {
	ID       string `json:"id,omitempty"`
	SID      string `json:"sid,omitempty"`
	Kind     string `json:"kind,omitempty"`
	Name     string `json:"name,omitempty"`
	Enabled  *bool  `json:"enabled,omitempty"`
	Priority string `json:"priority,omitempty"`
	State    string `json:"state,omitempty"`
}

type trackList struct {
	Revision int          `json:"revision"`
	Tracks   []trackState `json:"tracks"`
}

type peerState struct {
	ID          string              `json:"id"`
	Description *sessionDescription `json:"description,omitempty"`
}

// sessionDescription is an offer or an answer. Both sides count their revisions
// together; an answer has that of its offer.
type sessionDescription struct {
	Type     string `json:"type"`
	Revision int    `json:"revision"`
	SDP      string `json:"sdp,omitempty"`
}

// mediaSignalling is what a client asks for by its name, and how the server
// offers it: over a data channel that it opens.
type mediaSignalling struct {
	Transport *channelTransport `json:"transport,omitempty"`
}

type channelTransport struct {
	Type  string `json:"type"`
	Label string `json:"label,omitempty"`
}

type sessionOptions struct {
	SessionTimeout  int    `json:"session_timeout"` // seconds
	SignalingRegion string `json:"signaling_region"`
	MediaRegion     string `json:"media_region"`
}

// sessionVersion is that of the messages of a session.
const sessionVersion = 2
