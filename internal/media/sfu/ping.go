package sfu

import (
	"context"
	"fmt"
	"net/http"

	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"
)

// ping asks the server with these settings something that only it can answer:
// the question is signed with its secret.
func (s *Server) ping(ctx context.Context, of Settings) error {
	// No room has this name, so that the answer is short.
	_, err := s.rooms(ctx, of, "-")
	return err
}

// participants counts who is in a call.
func (s *Server) participants(ctx context.Context, of Settings) (int, error) {
	live, err := s.rooms(ctx, of)
	n := 0
	for _, room := range live {
		n += int(room.NumParticipants)
	}
	return n, err
}

// rooms lists the live rooms with the given names, or all.
func (s *Server) rooms(ctx context.Context, of Settings, names ...string) ([]*livekit.Room, error) {
	patience := s.cfg.Times.Ping
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	token, err := auth.NewAccessToken(of.Key, of.Secret).
		SetVideoGrant(&auth.VideoGrant{RoomList: true}).SetValidFor(patience).ToJWT()
	if err != nil {
		return nil, fmt.Errorf("ask media server: %w", err)
	}
	client := livekit.NewRoomServiceProtobufClient(of.url(), signed{token})
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
