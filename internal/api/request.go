package api

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/account/apitoken"
	"foyer/internal/room"
)

// JoinRequest is somebody's request to belong to a room.
type JoinRequest struct {
	ID          room.RequestID `json:"id" format:"uuid"`
	Username    string         `json:"username"`
	DisplayName string         `json:"display_name"`
	Message     string         `json:"message"`
	At          time.Time      `json:"at"`
}

func (a *API) requestOperations() {
	s := a.section("Requests to join")
	addRoom(s, op{method: http.MethodGet, path: "/rooms/{slug}/requests", id: "listRequests", summary: "Who asks to join", scope: apitoken.RoomsRead,
		about: "The first to ask first."}, a.listRequests)
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/requests", id: "requestToJoin", summary: "Ask to join", scope: apitoken.RoomsWrite,
		about: "Its moderators get a mail, at most one a day."}, a.requestToJoin)
	addRoom(s, op{method: http.MethodGet, path: "/rooms/{slug}/requests/mine", id: "readRequest", summary: "One's own request", scope: apitoken.RoomsRead,
		about: "Whether the account waits for an answer. Once it is accepted or declined, which a mail tells, there is no request any more."}, a.readRequest)
	addRoom(s, op{method: http.MethodDelete, path: "/rooms/{slug}/requests/mine", id: "withdrawRequest", summary: "Ask no more", scope: apitoken.RoomsWrite},
		a.withdrawRequest)
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/requests/{request}/accept", id: "acceptRequest", summary: "Let somebody join",
		scope: apitoken.RoomsWrite}, a.acceptRequest)
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/requests/{request}/decline", id: "declineRequest", summary: "Decline a request",
		scope: apitoken.RoomsWrite}, a.declineRequest)
}

func (a *API) listRequests(ctx context.Context, v room.Visit, _ *AboutRoom) (*body[list[JoinRequest]], error) {
	if err := v.May(room.DecideRequests); err != nil {
		return nil, err
	}
	requests, err := a.Rooms.Requests(ctx, v.Room.ID)
	return answer(list[JoinRequest]{each(requests[v.Room.ID], func(r room.JoinRequest) JoinRequest { return JoinRequest(r) })}, err)
}

type requestInput struct {
	AboutRoom
	Body struct {
		Message string `json:"message,omitempty" maxLength:"300"`
	}
}

func (a *API) requestToJoin(ctx context.Context, v room.Visit, in *requestInput) (*none, error) {
	if err := v.May(room.Ask{Action: room.RequestToJoin}); err != nil {
		return nil, err
	}
	if err := a.Limit(Requests, string(v.Person.User)); err != nil {
		return nil, err
	}
	return done(a.Rooms.Request(ctx, v.Room.ID, v.Person.User, in.Body.Message, a.Letters.Requested(v)))
}

// OwnRequest is what became of the caller's wish to belong to a room.
type OwnRequest struct {
	Waiting bool       `json:"waiting" doc:"They asked, and nobody has answered."`
	Message string     `json:"message" doc:"What they wrote."`
	At      *time.Time `json:"at,omitempty" doc:"When they asked; left out when they did not."`
	MayAsk  bool       `json:"may_ask" doc:"They may ask to join: the room is one that can be found, and they do not belong to it."`
}

func (a *API) readRequest(ctx context.Context, v room.Visit, _ *AboutRoom) (*body[OwnRequest], error) {
	asked, yes, err := a.Rooms.RequestOf(ctx, v.Room.ID, v.Person.User)
	own := OwnRequest{Waiting: yes, Message: asked.Message, MayAsk: v.May(room.Ask{Action: room.RequestToJoin}) == nil}
	if yes {
		own.At = &asked.At
	}
	return answer(own, err)
}

func (a *API) withdrawRequest(ctx context.Context, v room.Visit, _ *AboutRoom) (*none, error) {
	return done(a.Rooms.WithdrawRequest(ctx, v.Room.ID, v.Person.User))
}

type oneRequest struct {
	AboutRoom
	Request room.RequestID `path:"request" maxLength:"64"`
}

func (a *API) acceptRequest(ctx context.Context, v room.Visit, in *oneRequest) (*none, error) {
	_, err := a.Rooms.GrantRequest(ctx, v.Room.ID, v.Person.User, in.Request, a.Letters.Granted(v))
	return done(err)
}

func (a *API) declineRequest(ctx context.Context, v room.Visit, in *oneRequest) (*none, error) {
	_, err := a.Rooms.DeclineRequest(ctx, v.Room.ID, v.Person.User, in.Request, a.Letters.Declined(v))
	return done(err)
}
