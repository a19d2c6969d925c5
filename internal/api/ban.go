package api

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/account/apitoken"
	"foyer/internal/room"
)

// Ban says whom a room is closed to.
type Ban struct {
	ID        room.BanID   `json:"id" format:"uuid"`
	Kind      room.BanKind `json:"kind" enum:"user,guest,invitation" doc:"Invitation: everybody who comes by it."`
	Name      string       `json:"name" doc:"Of the person at the time, or the invitation's note."`
	Username  string       `json:"username" doc:"Empty for guests and invitations."`
	At        time.Time    `json:"at"`
	CreatedBy string       `json:"created_by" doc:"Name of who did it; empty when their account is gone."`
}

func (a *API) banOperations() {
	s := a.section("Bans")
	addRoom(s, op{method: http.MethodGet, path: "/rooms/{slug}/bans", id: "listBans", summary: "Whom a room is closed to", scope: apitoken.RoomsRead,
		about: "The newest first."}, a.listBans)
	addRoom(s, op{method: http.MethodDelete, path: "/rooms/{slug}/bans/{ban}", id: "liftBan", summary: "Lift a ban", scope: apitoken.RoomsWrite}, a.liftBan)
}

type listBansInput struct {
	AboutRoom
	Paged
}

func (a *API) listBans(ctx context.Context, v room.Visit, in *listBansInput) (*body[page[Ban]], error) {
	if err := v.May(room.Ask{Action: room.ManageBans}); err != nil {
		return nil, err
	}
	at, err := a.place(listOf("bans", v.Room.ID), in.After)
	if err != nil {
		return nil, err
	}
	bans, next, err := a.Rooms.Bans(ctx, v.Room.ID, room.ParseCursor(at))
	return answer(page[Ban]{each(bans, func(b room.Banned) Ban { return Ban{b.ID, b.Kind, b.Name, b.Username, b.At, b.By} }), a.next(listOf("bans", v.Room.ID), next.String())}, err)
}

type banInput struct {
	AboutRoom
	Ban room.BanID `path:"ban" maxLength:"64"`
}

func (a *API) liftBan(ctx context.Context, v room.Visit, in *banInput) (*none, error) {
	_, err := a.Rooms.LiftBan(ctx, v.Room.ID, v.Person.User, in.Ban)
	return done(err)
}
