package livekit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
	"github.com/twitchtv/twirp"

	"foyer/internal/media"
)

const (
	// callTime is how long LiveKit may take to answer a request.
	callTime = 10 * time.Second
	// serviceTokenTTL is the life of a token for one request.
	serviceTokenTTL = 30 * time.Second
	// emptyTimeout and departureTimeout are how long a live room outlasts
	// nobody having come, and everybody having left, in seconds.
	emptyTimeout     = 30
	departureTimeout = 10
)

// errAbsent means that LiveKit does not know the room or participant.
var errAbsent = errors.New("not there")

// newClient returns a client without a timeout of its own: signalling
// connections are made with it too.
func newClient() *http.Client {
	dialer := &net.Dialer{Timeout: 3 * time.Second, KeepAlive: 15 * time.Second}
	return &http.Client{Transport: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   3 * time.Second,
		ResponseHeaderTimeout: handshakeTime,
		MaxIdleConnsPerHost:   32,
		IdleConnTimeout:       time.Minute,
	}}
}

// signed sends requests with a token.
type signed struct {
	client *http.Client
	token  string
}

func (s signed) Do(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", "Bearer "+s.token)
	return s.client.Do(r)
}

// The grants that requests need.
var (
	listerOfRooms = &auth.VideoGrant{RoomList: true}
	makerOfRooms  = &auth.VideoGrant{RoomCreate: true}
)

func adminOf(room media.RoomID) *auth.VideoGrant {
	return &auth.VideoGrant{RoomAdmin: true, Room: string(room)}
}

// call does one request. Its error wraps errAbsent, media.ErrUnavailable, or is
// LiveKit's refusal.
func (b *Backend) call(ctx context.Context, grant *auth.VideoGrant, do func(context.Context, livekit.RoomService) error) error {
	url, key, secret := b.access()
	token, err := auth.NewAccessToken(key, secret).SetVideoGrant(grant).SetValidFor(serviceTokenTTL).ToJWT()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	err = do(ctx, livekit.NewRoomServiceProtobufClient(httpURL(url), signed{b.client, token}))
	var answer twirp.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &answer):
		return fmt.Errorf("%w: %w", media.ErrUnavailable, err)
	}
	switch answer.Code() {
	case twirp.NotFound:
		return errAbsent
	case twirp.Unauthenticated, twirp.PermissionDenied, twirp.InvalidArgument, twirp.Malformed,
		twirp.FailedPrecondition, twirp.Unimplemented, twirp.BadRoute:
		return err
	default: // the network, a proxy, a node that is gone, a time-out
		return fmt.Errorf("%w: %w", media.ErrUnavailable, err)
	}
}

// ignoreAbsent returns nil when what should be changed is not there.
func ignoreAbsent(operation string, err error) error {
	if err == nil || errors.Is(err, errAbsent) {
		return nil
	}
	return fmt.Errorf("%s: %w", operation, err)
}

func (b *Backend) listRooms(ctx context.Context, names ...string) ([]*livekit.Room, error) {
	var answer *livekit.ListRoomsResponse
	err := b.call(ctx, listerOfRooms, func(ctx context.Context, service livekit.RoomService) (err error) {
		answer, err = service.ListRooms(ctx, &livekit.ListRoomsRequest{Names: names})
		return err
	})
	return answer.GetRooms(), ignoreAbsent("list rooms", err)
}

// listParticipants returns who is in room; nobody, when it is not live.
func (b *Backend) listParticipants(ctx context.Context, room media.RoomID) ([]*livekit.ParticipantInfo, error) {
	var answer *livekit.ListParticipantsResponse
	err := b.call(ctx, adminOf(room), func(ctx context.Context, service livekit.RoomService) (err error) {
		answer, err = service.ListParticipants(ctx, &livekit.ListParticipantsRequest{Room: string(room)})
		return err
	})
	return answer.GetParticipants(), ignoreAbsent("list participants", err)
}

// makeRoom has room be live. It changes nothing when it is already.
func (b *Backend) makeRoom(ctx context.Context, room media.RoomID) error {
	err := b.call(ctx, makerOfRooms, func(ctx context.Context, service livekit.RoomService) error {
		_, err := service.CreateRoom(ctx, &livekit.CreateRoomRequest{
			Name: string(room), EmptyTimeout: emptyTimeout, DepartureTimeout: departureTimeout,
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("make room: %w", err)
	}
	return nil
}

// httpURL returns url with the scheme of requests: deployments are often named
// by that of signalling.
func httpURL(url string) string {
	if rest, ok := strings.CutPrefix(url, "ws"); ok {
		url = "http" + rest
	}
	return strings.TrimSuffix(url, "/")
}
