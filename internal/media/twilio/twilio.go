// Package twilio carries calls with Twilio Programmable Video.
//
// Browsers hold Twilio's own access tokens and connect to Twilio directly, so
// that nobody can be refused at a door of Foyer's: whoever was removed and
// comes back with a token that is still good is seen, and put out again, by the
// reconciler. Twilio has no way to take the right to publish from somebody who
// is connected; Update is not supported.
package twilio

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	video "github.com/twilio/twilio-go/rest/video/v1"
	"golang.org/x/sync/errgroup"

	"foyer/internal/media"
)

// Config says which account at Twilio is used and how it is reached.
type Config struct {
	AccountSID   string // AC…
	APIKeySID    string // SK…
	APIKeySecret string
	// AuthToken signs Twilio's status callbacks. Without it there are none.
	AuthToken string
	// PublicOrigin is how Twilio reaches Foyer, like https://meet.example.org.
	// Without it there are no status callbacks.
	PublicOrigin string
	// APIURL is the origin of the REST service in place of Twilio's own.
	APIURL string
	// SignalingURL is where browsers connect in place of what the SDK knows.
	SignalingURL string
}

// Backend is a media.Backend over Twilio.
type Backend struct {
	Config
	line  *line
	ready *readiness
}

var _ media.Backend = (*Backend)(nil)

// Name is how rooms and settings call this backend.
const Name = "twilio"

// New returns a backend. It makes no connection; credentials that cannot be
// right are for Ready and Grant to tell. The error is about addresses.
func New(cfg Config) (*Backend, error) {
	api, err := url.Parse(cmp.Or(cfg.APIURL, "https://video.twilio.com"))
	if err != nil {
		return nil, fmt.Errorf("twilio: address of the REST service: %w", err)
	}
	return &Backend{Config: cfg, line: newLine(api), ready: newReadiness()}, nil
}

// most is how many participants a room takes, at Twilio's largest.
const most = 50

// Capabilities implements media.Backend.
func (b *Backend) Capabilities() media.Capabilities {
	return media.Capabilities{Name: Name, Reports: b.callbackURL() != "", Most: most}
}

// ConnectSources lists where browsers connect, for a content security policy.
func (b *Backend) ConnectSources() []string {
	sources := []string{"https://*.twilio.com", "wss://*.twilio.com"}
	if u, err := url.Parse(b.SignalingURL); err == nil && u.Host != "" {
		sources = append(sources, u.Scheme+"://"+u.Host)
	}
	return sources
}

// callbackURL is where Twilio reports what happens in rooms, empty for nowhere.
func (b *Backend) callbackURL() string {
	if b.AuthToken == "" || b.PublicOrigin == "" {
		return ""
	}
	return b.PublicOrigin + callbackPath
}

// Grant implements media.Backend. It makes the live room first: a token for a
// room that is not there can make one, without limits or callbacks, in accounts
// that allow that to browsers.
func (b *Backend) Grant(ctx context.Context, room media.RoomID, p media.Participant, ttl time.Duration) (media.Grant, error) {
	if err := b.suspect(); err != nil {
		return media.Grant{}, err
	}
	if err := opaque(string(room), string(p.ID)); err != nil {
		return media.Grant{}, err
	}
	if err := b.createRoom(ctx, room); err != nil {
		return media.Grant{}, err
	}
	token, expires, err := b.sign(room, p.ID, ttl, time.Now())
	if err != nil {
		return media.Grant{}, fmt.Errorf("grant: %w", err)
	}
	return media.Grant{Backend: Name, URL: b.SignalingURL, Token: token, Expires: expires}, nil
}

// opaque refuses names that would mean something else in a path: twilio-go puts
// them there as they are, and drops dots with digits from queries.
func opaque(names ...string) error {
	for _, name := range names {
		foreign := func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
		}
		if name == "" || strings.ContainsFunc(name, foreign) {
			return fmt.Errorf("twilio: %q is no name of letters, digits and dashes", name)
		}
	}
	return nil
}

const (
	// unusedFor keeps a room that nobody came to for as long as a token for it
	// can live, in minutes.
	unusedFor = int(maxTTL / time.Minute)
	// emptyFor is how long one stays that everybody has left, in minutes.
	emptyFor = 5
	// longestStay is as long as Twilio lets somebody stay, in seconds.
	longestStay = 24 * 60 * 60
)

// createRoom makes the live room unless there is one.
func (b *Backend) createRoom(ctx context.Context, room media.RoomID) error {
	params := (&video.CreateRoomParams{}).
		SetUniqueName(string(room)).
		SetType("group").
		SetMaxParticipants(most). // Foyer counts places itself: a room's capacity may change while it is live
		SetUnusedRoomTimeout(unusedFor).
		SetEmptyRoomTimeout(emptyFor).
		SetMaxParticipantDuration(longestStay)
	if callback := b.callbackURL(); callback != "" {
		params.SetStatusCallback(callback).SetStatusCallbackMethod("POST")
	}
	made, err := call(ctx, b, "create room", func(api *video.ApiService) (*video.VideoV1Room, error) { return api.CreateRoom(params) })
	if isRefusal(err, roomExists) {
		return nil
	}
	if err != nil {
		return err
	}
	return b.checkAccount(made.AccountSid)
}

// Live implements media.Backend.
func (b *Backend) Live(ctx context.Context, rooms ...media.RoomID) (map[media.RoomID][]media.Connected, error) {
	if err := b.suspect(); err != nil {
		return nil, err
	}
	if len(rooms) == 0 {
		listed, err := b.roomsInProgress(ctx)
		if err != nil {
			return nil, err
		}
		rooms = listed
	}
	var mu sync.Mutex
	live := make(map[media.RoomID][]media.Connected, len(rooms))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(lookups)
	asked := make(map[media.RoomID]bool)
	for _, room := range rooms {
		if asked[room] {
			continue
		}
		asked[room] = true
		// Also who is reconnecting is in: they keep their place.
		for _, status := range []string{"connected", "reconnecting"} {
			group.Go(func() error {
				in, err := b.participants(ctx, room, status)
				if err != nil || len(in) == 0 {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				live[room] = merge(live[room], in)
				return nil
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return live, nil
}

// lookups bounds how many requests Live has under way at once.
const lookups = 8

// merge adds to a list those who are not in it: somebody can turn from one status
// to the other between the questions.
func merge(in, more []media.Connected) []media.Connected {
	for _, c := range more {
		known := false
		for _, other := range in {
			known = known || other.ID == c.ID
		}
		if !known {
			in = append(in, c)
		}
	}
	return in
}

const pageSize = 1000 // the largest

func (b *Backend) roomsInProgress(ctx context.Context) ([]media.RoomID, error) {
	params := (&video.ListRoomParams{}).SetStatus("in-progress").SetPageSize(pageSize)
	listed, err := call(ctx, b, "list rooms", func(api *video.ApiService) ([]video.VideoV1Room, error) { return api.ListRoom(params) })
	if err != nil {
		return nil, err
	}
	var rooms []media.RoomID
	for _, room := range listed {
		if room.UniqueName != nil && strings.HasPrefix(*room.UniqueName, media.RoomPrefix) {
			rooms = append(rooms, media.RoomID(*room.UniqueName))
		}
	}
	return rooms, nil
}

// participants lists those of a room who have a status; nobody of a room that is
// not live.
func (b *Backend) participants(ctx context.Context, room media.RoomID, status string) ([]media.Connected, error) {
	if opaque(string(room)) != nil {
		return nil, nil // no room of ours, nor one that Grant could have made
	}
	params := (&video.ListRoomParticipantParams{}).SetStatus(status).SetPageSize(pageSize)
	listed, err := call(ctx, b, "list participants", func(api *video.ApiService) ([]video.VideoV1RoomParticipant, error) {
		return api.ListRoomParticipant(string(room), params)
	})
	if isRefusal(err, notFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var in []media.Connected
	for _, p := range listed {
		if p.Identity != nil && p.StartTime != nil {
			in = append(in, media.Connected{ID: media.ParticipantID(*p.Identity), Since: *p.StartTime})
		}
	}
	return in, nil
}

// Mute implements media.Backend.
func (b *Backend) Mute(context.Context, media.RoomID, media.ParticipantID) error {
	return media.ErrUnsupported
}

// Update implements media.Backend.
func (b *Backend) Update(context.Context, media.RoomID, media.ParticipantID, media.Permissions) error {
	return media.ErrUnsupported
}

// Remove implements media.Backend.
func (b *Backend) Remove(ctx context.Context, room media.RoomID, id media.ParticipantID) error {
	if opaque(string(room), string(id)) != nil {
		return nil // Grant lets nobody in by such a name
	}
	params := (&video.UpdateRoomParticipantParams{}).SetStatus("disconnected")
	_, err := call(ctx, b, "remove participant", func(api *video.ApiService) (*video.VideoV1RoomParticipant, error) {
		return api.UpdateRoomParticipant(string(room), string(id), params)
	})
	return unless(err, notFound, statusInvalid)
}

// Close implements media.Backend.
func (b *Backend) Close(ctx context.Context, room media.RoomID) error {
	if opaque(string(room)) != nil {
		return nil // Grant makes no such room
	}
	params := (&video.UpdateRoomParams{}).SetStatus("completed")
	_, err := call(ctx, b, "close room", func(api *video.ApiService) (*video.VideoV1Room, error) {
		return api.UpdateRoom(string(room), params)
	})
	return unless(err, notFound, statusInvalid)
}
