// Package media says what Foyer needs from a media service: the part that
// carries sound and picture between browsers. It knows nothing of accounts,
// roles or databases; package call decides who may be where and tells a
// Backend to make it so.
package media

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"
)

// RoomID names a live room at the backend. It is opaque: letters, digits,
// dashes and underscores, never a title that people chose. Every RoomID that
// Foyer makes begins with RoomPrefix, so that a backend shared with other
// programs can be told apart from them.
type RoomID string

// RoomPrefix begins every live room that Foyer owns.
const RoomPrefix = "foyer-"

// ParticipantID is the identity of one participant in one live room: random,
// made anew for every join, letters and digits only.
type ParticipantID string

// Permissions is what a participant may do in a live room. Receiving is part
// of being there and needs none.
type Permissions struct {
	Microphone bool `json:"microphone"` // publish a microphone track
	Camera     bool `json:"camera"`     // publish a camera track
	Share      bool `json:"share"`      // publish a screen share, with its sound
}

// Participant is someone for whom a credential is wanted.
type Participant struct {
	ID   ParticipantID
	Name string // shown to others, 1 to 64 characters
	May  Permissions
}

// Grant is a credential that opens one live room for one participant.
type Grant struct {
	Backend string    // Capabilities.Name of the backend that made it
	URL     string    // where the browser's SDK connects; empty for this origin
	Token   string    // secret; opaque to everyone but the backend
	Expires time.Time // the token cannot open a connection after this
}

// Connected is a participant who is in a live room now.
type Connected struct {
	ID    ParticipantID
	Since time.Time // when the backend admitted them
	// May is what the backend lets them publish; nothing where it cannot tell,
	// because it has no Update.
	May Permissions
	// Disguised says that they send something as what it is not, sound as a
	// picture say, which no page does; false where the backend cannot tell.
	Disguised bool
}

// EventKind says what an Event reports.
type EventKind int

// The kinds of Event that Foyer acts upon. EventOther is a genuine callback
// that needs no action.
const (
	EventOther EventKind = iota
	EventJoined
	EventLeft
	EventRoomEnded
)

// Event is a callback from the media service, verified and decoded.
type Event struct {
	ID          string // unique for each event, the same when it is delivered again
	Kind        EventKind
	Room        RoomID
	Participant ParticipantID // empty for EventRoomEnded
	At          time.Time
}

// titles of backends, for people.
var titles = map[string]string{"livekit": "LiveKit", "twilio": "Twilio"}

// Title is how people call the backend of a name.
func Title(backend string) string { return cmp.Or(titles[backend], backend) }

// Capabilities says what a backend can do, so that pages leave out the rest.
type Capabilities struct {
	Name   string // "livekit" or "twilio": the browser adapter to load
	Update bool   // permissions can change while connected
	// Reports says that the service reports by itself who comes and goes, in
	// callbacks or as a Signaller. Of one that does not, Live must be asked.
	Reports bool
	// Most is how many participants one live room takes; 0 when that is no
	// matter of the service.
	Most int
}

// Misconfigured is an error that somebody has to set right in Foyer's
// settings, or in their account at the media service: trying again does not
// help. It counts as ErrUnavailable too.
type Misconfigured struct {
	// Advice says in a sentence what is wrong and what to do. It holds no
	// secret.
	Advice string
}

func (m *Misconfigured) Error() string { return "media: " + m.Advice }

// Unwrap makes the error an ErrUnavailable.
func (m *Misconfigured) Unwrap() error { return ErrUnavailable }

var (
	// ErrUnsupported is returned for what a backend cannot do at all.
	ErrUnsupported = errors.New("media: not supported by this backend")
	// ErrUnavailable is wrapped by every error that means the media service
	// did not answer; trying again later may work.
	ErrUnavailable = errors.New("media: service unavailable")
	// ErrForged is returned by Event for a callback that the media service
	// did not sign, and by a Signaller for a token that Foyer did not sign.
	ErrForged = errors.New("media: signature does not verify")
)

// Backend is a media service that can carry calls for rooms that Foyer owns.
// All methods are safe for concurrent use and honour their context. The
// contract that every implementation passes is package mediatest.
type Backend interface {
	// Grant returns a credential with which p, and nobody else, can enter
	// room, and no other room, until ttl has passed (at most ten minutes). The live room
	// exists by the time the credential is used.
	Grant(ctx context.Context, room RoomID, p Participant, ttl time.Duration) (Grant, error)

	// Live lists who is connected, by room. With no rooms named it covers
	// every live room whose name begins with RoomPrefix. A room that is not
	// live, or is empty, is absent from the answer.
	Live(ctx context.Context, rooms ...RoomID) (map[RoomID][]Connected, error)

	// Update changes what a connected participant may do; tracks that are no
	// longer allowed stop. It is nil when the participant is not connected,
	// and ErrUnsupported where the backend cannot.
	Update(ctx context.Context, room RoomID, id ParticipantID, may Permissions) error

	// Mute silences the participant's microphone for everyone: what they send of
	// it does not reach others until they unmute it, which stays up to them. It is
	// nil when they are not connected or send no sound, and ErrUnsupported where
	// the backend cannot.
	Mute(ctx context.Context, room RoomID, id ParticipantID) error

	// Remove ends every connection of the participant. It is nil when there
	// is none.
	Remove(ctx context.Context, room RoomID, id ParticipantID) error

	// Close ends the call in room for everyone. It is nil when none is live.
	Close(ctx context.Context, room RoomID) error

	// Event verifies that r is a callback from the media service and decodes
	// it. It returns ErrForged for anything else.
	Event(r *http.Request) (Event, error)

	// Ready reports whether the media service answers now.
	Ready(ctx context.Context) error

	Capabilities() Capabilities
}

// Admit is asked by a Signaller on every connect and reconnect, after the
// token's signature and expiry were verified, and from time to time of who is
// connected: may this participant be in this room now, and with which
// permissions? A nil error admits. The error's text is for the log; only the
// status and reason of a Refusal reach the browser.
type Admit func(ctx context.Context, room RoomID, id ParticipantID, is Standing) (Participant, error)

// Standing is how a participant stands at the moment in which Admit is asked.
type Standing int

const (
	Coming  Standing = iota // about to connect: a place is kept for them
	Staying                 // connected, as far as the Signaller knows: asking keeps nothing
)

// Refusal is an Admit error that chooses the HTTP status of the answer. Errors
// that are not a Refusal answer 503.
type Refusal struct {
	Status int    // 403 or 404
	Reason string // one word for the page, like "removed" or "locked"
}

func (r *Refusal) Error() string { return "media: refused: " + r.Reason }

// Observer is told by a Signaller what it saw pass. Calls come from the
// relaying goroutine and must return quickly.
type Observer interface {
	// Joined reports that the media service admitted the participant.
	Joined(room RoomID, id ParticipantID)
	// Disconnected reports that the participant's signalling ended. They may
	// be back in a moment, with the same identity.
	Disconnected(room RoomID, id ParticipantID)
}

// Signaller is a Backend whose signalling passes through Foyer, so that every
// connect and reconnect can be refused whatever the token says.
type Signaller interface {
	Backend
	// Signalling serves the paths that the browser SDK opens on Foyer's own
	// origin: /rtc, /rtc/v1 and their /validate. The caller has already
	// checked Origin and rate. The handler keeps running for as long as the
	// signalling connection lives, and ends all of them when ctx is done.
	Signalling(ctx context.Context, admit Admit, seen Observer) http.Handler
}
