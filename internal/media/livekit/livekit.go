// Package livekit carries calls with LiveKit: the SFU that Foyer runs itself,
// or any other deployment.
//
// No browser ever holds a credential that LiveKit would accept. What Grant
// returns opens Foyer's gate only, the handler that Signalling returns: it asks
// whether the participant may be in the room now, makes the live room, opens
// the way to LiveKit with a token of seconds, and relays signalling, which it
// looks through in both directions. Media flows between browser and LiveKit
// directly.
package livekit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	"golang.org/x/sync/errgroup"

	"foyer/internal/media"
)

// Config says where LiveKit is.
type Config struct {
	// Access returns LiveKit's address (http, https, ws or wss) and the API key
	// and secret. It is called for every request, because those of a supervised
	// server change when it is started anew.
	Access func() (url, key, secret string)
	// GateKey signs Foyer's own tokens: at least 32 random bytes, the same on
	// every node.
	GateKey []byte
	Log     *slog.Logger
}

// Fixed returns an Access for a deployment whose address and keys do not
// change.
func Fixed(url, key, secret string) func() (string, string, string) {
	return func() (string, string, string) { return url, key, secret }
}

// Backend is a media.Signaller over LiveKit.
type Backend struct {
	access func() (url, key, secret string)
	tokens tokens
	client *http.Client // for requests and for the gate's second hop
	log    *slog.Logger
	relays relays
	pace   pace
}

var _ media.Signaller = (*Backend)(nil)

// minGateKey is the shortest GateKey, in bytes.
const minGateKey = 32

// New returns a backend. It makes no connection yet.
func New(cfg Config) (*Backend, error) {
	if len(cfg.GateKey) < minGateKey {
		return nil, fmt.Errorf("livekit: the gate's key has %d bytes; it needs %d", len(cfg.GateKey), minGateKey)
	}
	return &Backend{
		access: cfg.Access,
		tokens: newTokens(cfg.GateKey),
		client: newClient(),
		log:    cfg.Log,
		relays: relays{live: make(map[member]*connections)},
		pace:   defaultPace,
	}, nil
}

// Capabilities implements media.Backend.
func (b *Backend) Capabilities() media.Capabilities {
	return media.Capabilities{Name: "livekit", Update: true, Reports: true}
}

// The bounds of a credential's life, in place of what the caller asks.
const (
	minTTL = time.Second
	maxTTL = 10 * time.Minute
)

// Grant implements media.Backend. It signs and does nothing else: the gate makes
// the live room when the credential is used.
func (b *Backend) Grant(_ context.Context, room media.RoomID, p media.Participant, ttl time.Duration) (media.Grant, error) {
	token, expires, err := b.tokens.sign(member{room, p.ID}, min(max(ttl, minTTL), maxTTL))
	if err != nil {
		return media.Grant{}, fmt.Errorf("grant: %w", err)
	}
	return media.Grant{Backend: b.Capabilities().Name, Token: token, Expires: expires}, nil
}

// Ready implements media.Backend.
func (b *Backend) Ready(ctx context.Context) error {
	// No room has this name, so that the answer is short.
	_, err := b.listRooms(ctx, "-")
	return err
}

// lookups bounds how many rooms are asked about at once.
const lookups = 8

// Live implements media.Backend.
func (b *Backend) Live(ctx context.Context, rooms ...media.RoomID) (map[media.RoomID][]media.Connected, error) {
	if len(rooms) == 0 {
		listed, err := b.listRooms(ctx)
		if err != nil {
			return nil, err
		}
		for _, room := range listed {
			if strings.HasPrefix(room.Name, media.RoomPrefix) {
				rooms = append(rooms, media.RoomID(room.Name))
			}
		}
	}
	var mu sync.Mutex
	live := make(map[media.RoomID][]media.Connected, len(rooms))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(lookups)
	for _, room := range rooms {
		group.Go(func() error {
			participants, err := b.listParticipants(ctx, room)
			if err != nil {
				return err
			}
			if in := connected(participants); len(in) > 0 {
				mu.Lock()
				defer mu.Unlock()
				live[room] = in
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return live, nil
}

// connected returns those of the participants who are in.
func connected(participants []*livekit.ParticipantInfo) []media.Connected {
	var in []media.Connected
	for _, p := range participants {
		switch p.State {
		case livekit.ParticipantInfo_JOINED, livekit.ParticipantInfo_ACTIVE:
			in = append(in, media.Connected{
				ID: media.ParticipantID(p.Identity), Since: joinedAt(p), May: allowed(p.Permission),
				Disguised: slices.ContainsFunc(p.Tracks, disguised),
			})
		}
	}
	return in
}

// disguised reports whether a track, or an encoding of it, is of another kind than
// it was declared. The gate lets nobody send that; it knows of what was declared
// through itself.
func disguised(track *livekit.TrackInfo) bool {
	other := "audio/"
	if track.Type == livekit.TrackType_AUDIO {
		other = "video/"
	}
	return strings.HasPrefix(track.MimeType, other) || slices.ContainsFunc(track.Codecs, func(codec *livekit.SimulcastCodecInfo) bool {
		return strings.HasPrefix(codec.MimeType, other)
	})
}

func joinedAt(p *livekit.ParticipantInfo) time.Time {
	if p.JoinedAtMs != 0 {
		return time.UnixMilli(p.JoinedAtMs)
	}
	return time.Unix(p.JoinedAt, 0)
}

// Update implements media.Backend.
func (b *Backend) Update(ctx context.Context, room media.RoomID, id media.ParticipantID, may media.Permissions) error {
	err := b.call(ctx, adminOf(room), func(ctx context.Context, service livekit.RoomService) error {
		_, err := service.UpdateParticipant(ctx, &livekit.UpdateParticipantRequest{
			Room: string(room), Identity: string(id), Permission: permission(may),
		})
		return err
	})
	return ignoreAbsent("update participant", err)
}

// Mute implements media.Backend.
func (b *Backend) Mute(ctx context.Context, room media.RoomID, id media.ParticipantID) error {
	participants, err := b.listParticipants(ctx, room)
	if err != nil {
		return err
	}
	for _, p := range participants {
		if p.Identity != string(id) {
			continue
		}
		for _, track := range p.Tracks {
			if track.Source == livekit.TrackSource_MICROPHONE && !track.Muted {
				err = errors.Join(err, b.muteTrack(ctx, room, id, track.Sid))
			}
		}
	}
	return err
}

func (b *Backend) muteTrack(ctx context.Context, room media.RoomID, id media.ParticipantID, track string) error {
	err := b.call(ctx, adminOf(room), func(ctx context.Context, service livekit.RoomService) error {
		_, err := service.MutePublishedTrack(ctx, &livekit.MuteRoomTrackRequest{
			Room: string(room), Identity: string(id), TrackSid: track, Muted: true,
		})
		return err
	})
	return ignoreAbsent("mute track", err)
}

// removalGrace is how long LiveKit has to tell a removed participant and end
// their signalling, before the gate does.
const removalGrace = time.Second

// Remove implements media.Backend. LiveKit knows second connections of a
// participant by the identity "id#name"; the gate lets none in, but a
// deployment shared with others may.
func (b *Backend) Remove(ctx context.Context, room media.RoomID, id media.ParticipantID) error {
	if err := b.remove(ctx, room, string(id)); err != nil {
		return err
	}
	b.relays.endAfter(removalGrace, member{room, id})
	participants, err := b.listParticipants(ctx, room)
	if err != nil {
		return err
	}
	for _, p := range participants {
		if strings.HasPrefix(p.Identity, string(id)+"#") {
			err = errors.Join(err, b.remove(ctx, room, p.Identity))
		}
	}
	return err
}

func (b *Backend) remove(ctx context.Context, room media.RoomID, identity string) error {
	err := b.call(ctx, adminOf(room), func(ctx context.Context, service livekit.RoomService) error {
		_, err := service.RemoveParticipant(ctx, &livekit.RoomParticipantIdentity{Room: string(room), Identity: identity})
		return err
	})
	return ignoreAbsent("remove participant", err)
}

// Close implements media.Backend.
func (b *Backend) Close(ctx context.Context, room media.RoomID) error {
	err := b.call(ctx, makerOfRooms, func(ctx context.Context, service livekit.RoomService) error {
		_, err := service.DeleteRoom(ctx, &livekit.DeleteRoomRequest{Room: string(room)})
		return err
	})
	return ignoreAbsent("close room", err)
}
