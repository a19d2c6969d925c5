package api

import (
	"context"
	"net/http"

	"foyer/internal/account/apitoken"
	"foyer/internal/room"
)

// Queue is who waits to be let in.
type Queue struct {
	Waiting  []room.LobbyEntry `json:"waiting" doc:"The longest first."`
	Expected []room.LobbyEntry `json:"expected" doc:"Who was let in and has not come."`
}

func (a *API) lobbyOperations() {
	s := a.section("Lobby")
	addRoom(s, op{method: http.MethodGet, path: "/rooms/{slug}/lobby", id: "listLobby", summary: "Who waits to be let in", scope: apitoken.RoomsRead}, a.listLobby)
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/admit-all", id: "admitAll", summary: "Let everybody in", scope: apitoken.Moderate}, a.admitAll)
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/lobby/{entry}/admit", id: "admit", summary: "Let somebody in", scope: apitoken.Moderate,
		about: "Into this call, once they come."}, a.admit)
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/lobby/{entry}/deny", id: "deny", summary: "Let somebody not in", scope: apitoken.Moderate,
		about: "They may ask again."}, a.deny)
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/lobby/{entry}/block", id: "block", summary: "Ban somebody who waits", scope: apitoken.Moderate},
		a.block)
}

func (a *API) listLobby(ctx context.Context, v room.Visit, _ *AboutRoom) (*body[Queue], error) {
	if err := v.May(room.Ask{Action: room.ManageLobby}); err != nil {
		return nil, err
	}
	waiting, err := a.Rooms.Waiting(ctx, v.Room.ID)
	if err != nil {
		return nil, err
	}
	expected, err := a.Rooms.Expected(ctx, v.Room.ID)
	same := func(e room.LobbyEntry) room.LobbyEntry { return e }
	return answer(Queue{each(waiting, same), each(expected, same)}, err)
}

// Admission says how many were let in.
type Admission struct {
	Admitted int `json:"admitted"`
}

func (a *API) admitAll(ctx context.Context, v room.Visit, _ *AboutRoom) (*body[Admission], error) {
	n, err := a.Rooms.AdmitAll(ctx, v.Room.ID, v.Person.User)
	return answer(Admission{n}, err)
}

type AboutEntry struct {
	AboutRoom
	Entry room.EntryID `path:"entry" maxLength:"64"`
}

func (a *API) admit(ctx context.Context, v room.Visit, in *AboutEntry) (*none, error) {
	return done(a.Rooms.Admit(ctx, v.Room.ID, v.Person.User, in.Entry))
}

func (a *API) deny(ctx context.Context, v room.Visit, in *AboutEntry) (*none, error) {
	return done(a.Rooms.Deny(ctx, v.Room.ID, v.Person.User, in.Entry))
}

type blockInput struct {
	AboutEntry
	Body struct {
		Invitation bool `json:"invitation,omitempty" doc:"Also close the invitation that a guest came by."`
	}
}

func (a *API) block(ctx context.Context, v room.Visit, in *blockInput) (*none, error) {
	return done(a.Rooms.DenyAndBan(ctx, v.Room.ID, v.Person.User, in.Entry, in.Body.Invitation))
}
