package sfu

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
)

// pingTime is how long a server may take to answer a ping.
const pingTime = 3 * time.Second

// ping asks the server with these settings something that only it can answer:
// the question is signed with its secret.
func ping(ctx context.Context, s Settings) error {
	// No room has this name, so that the answer is short.
	_, err := rooms(ctx, s, "-")
	return err
}

// participants counts who is in a call.
func participants(ctx context.Context, s Settings) (int, error) {
	live, err := rooms(ctx, s)
	n := 0
	for _, room := range live {
		n += int(room.NumParticipants)
	}
	return n, err
}

// rooms lists the live rooms with the given names, or all.
func rooms(ctx context.Context, s Settings, names ...string) ([]*livekit.Room, error) {
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	token, err := auth.NewAccessToken(s.Key, s.Secret).
		SetVideoGrant(&auth.VideoGrant{RoomList: true}).SetValidFor(pingTime).ToJWT()
	if err != nil {
		return nil, fmt.Errorf("ask media server: %w", err)
	}
	client := livekit.NewRoomServiceProtobufClient(s.url(), signed{token})
	answer, err := client.ListRooms(ctx, &livekit.ListRoomsRequest{Names: names})
	if err != nil {
		return nil, fmt.Errorf("ask media server: %w", err)
	}
	return answer.Rooms, nil
}

// signed sends requests with a token.
type signed struct{ token string }

func (s signed) Do(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", "Bearer "+s.token)
	return http.DefaultClient.Do(r)
}
