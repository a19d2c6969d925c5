package api

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/account/apitoken"
	"foyer/internal/room"
)

// Room is a room as the caller may see it.
type Room struct {
	ID          room.ID    `json:"id" format:"uuid"`
	Slug        string     `json:"slug" doc:"Its address: what stands behind /r/."`
	URL         string     `json:"url" doc:"Where people open it."`
	Name        string     `json:"name"`
	Topic       string     `json:"topic" doc:"Empty for who may not see who is in."`
	Visibility  string     `json:"visibility" enum:"private,listed,open"`
	Role        string     `json:"role" enum:"owner,moderator,member," doc:"What the caller is in it; empty: nothing."`
	Locked      bool       `json:"locked"`
	Guests      bool       `json:"guests" doc:"People without an account may come in."`
	Lobby       string     `json:"lobby" enum:"off,strangers,everyone" doc:"Who waits until somebody lets them in."`
	Succession  string     `json:"succession" enum:"host,end" doc:"What becomes of a call when its last moderator leaves."`
	Capacity    int        `json:"capacity"`
	HistoryDays int        `json:"history_days" doc:"How long members can read what was written."`
	Switches    Switches   `json:"switches"`
	Backend     string     `json:"backend" doc:"The media service that carries its calls."`
	People      []InRoom   `json:"people,omitempty" doc:"Who is in now; left out for who may not see that, and when nobody is."`
	LockedAt    *time.Time `json:"locked_at,omitempty"`
}

// InRoom is somebody who is in a room now.
type InRoom struct {
	Username    string `json:"username" doc:"Empty for guests."`
	DisplayName string `json:"display_name"`
}

// Switches say what people below moderator may do in a call.
type Switches struct {
	Microphone bool `json:"microphone"`
	Camera     bool `json:"camera"`
	Share      bool `json:"share" doc:"Share a screen."`
	Chat       bool `json:"chat" doc:"Write."`
	Reactions  bool `json:"reactions" doc:"And raise a hand."`
}

func (a *API) roomOf(r room.Room, who room.Person, seesPeople bool, live []room.Participant) Room {
	out := Room{
		ID: r.ID, Slug: r.Slug, URL: a.Origin + "/r/" + r.Slug, Name: r.Name, Visibility: string(r.Visibility), Role: string(who.Role),
		Locked: r.LockedAt != nil, LockedAt: r.LockedAt, Guests: r.Guests, Lobby: string(r.Lobby), Succession: string(r.Succession),
		Capacity: r.Capacity, HistoryDays: r.HistoryDays, Switches: Switches(r.Switches), Backend: r.Backend,
	}
	if seesPeople {
		out.Topic = r.Topic
		out.People = each(live, func(p room.Participant) InRoom { return InRoom{p.Username, p.DisplayName} })
	}
	return out
}

func (a *API) roomOfCard(c room.Card) Room {
	return a.roomOf(c.Room, c.Person, c.May(room.Ask{Action: room.SeePeople}) == nil, c.Live)
}

func (a *API) roomOperations() {
	s := a.section("Rooms")
	add(s, op{method: http.MethodGet, path: "/rooms", id: "listRooms", summary: "Rooms that the caller belongs to", scope: apitoken.RoomsRead,
		about: "By name."}, a.listRooms)
	add(s, op{method: http.MethodGet, path: "/directory", id: "findRooms", summary: "Rooms that the caller may know of", scope: apitoken.RoomsRead,
		about: "Listed and open ones, by name; none that is closed to the caller."}, a.findRooms)
	add(s, op{method: http.MethodPost, path: "/rooms", id: "createRoom", summary: "Make a room", scope: apitoken.RoomsWrite, status: http.StatusCreated,
		about: "The caller owns it. A token that is limited to some rooms makes none."}, a.createRoom)
	addRoom(s, op{method: http.MethodGet, path: "/rooms/{slug}", id: "readRoom", summary: "A room", scope: apitoken.RoomsRead}, a.readRoom)
	addRoom(s, op{method: http.MethodPatch, path: "/rooms/{slug}", id: "changeRoom", summary: "Change a room", scope: apitoken.RoomsWrite,
		about: "What is left out stays as it is. Moderators change name and topic, owners everything."}, a.changeRoom)
	addRoom(s, op{method: http.MethodDelete, path: "/rooms/{slug}", id: "deleteRoom", summary: "Delete a room", scope: apitoken.RoomsWrite,
		about: "For owners. Its call ends, and everything in it is gone."}, a.deleteRoom)
	addRoom(s, op{method: http.MethodPut, path: "/rooms/{slug}/lock", id: "lockRoom", summary: "Lock or unlock a room", scope: apitoken.Moderate,
		about: "Into a locked room nobody new comes but moderators."}, a.lockRoom)
	addRoom(s, op{method: http.MethodPatch, path: "/rooms/{slug}/switches", id: "setSwitches", summary: "Turn switches", scope: apitoken.Moderate,
		about: "Says what people below moderator may do in calls. What is left out stays as it is."}, a.setSwitches)
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/end", id: "endCall", summary: "End the call for everyone", scope: apitoken.Moderate},
		a.endCall)
}

func (a *API) listRooms(ctx context.Context, in *Paged) (*body[page[Room]], error) {
	at, err := a.place("rooms", in.After)
	if err != nil {
		return nil, err
	}
	c := callerOf(ctx)
	cards, next, err := a.Rooms.MinePage(ctx, c.user(), c.Rooms, room.ParseCursor(at))
	return answer(page[Room]{each(cards, a.roomOfCard), a.next("rooms", next.String())}, err)
}

type findRoomsInput struct {
	Paged
	Query string `query:"q" maxLength:"80" doc:"A part of the name."`
}

func (a *API) findRooms(ctx context.Context, in *findRoomsInput) (*body[page[Room]], error) {
	at, err := a.place("directory", in.After)
	if err != nil {
		return nil, err
	}
	c := callerOf(ctx)
	cards, next, err := a.Rooms.InSight(ctx, c.user(), c.Rooms, in.Query, room.ParseCursor(at))
	return answer(page[Room]{each(cards, a.roomOfCard), a.next("directory", next.String())}, err)
}

type createRoomInput struct {
	Body struct {
		Name       string `json:"name" maxLength:"80" example:"Team"`
		Topic      string `json:"topic,omitempty" maxLength:"200"`
		Visibility string `json:"visibility,omitempty" enum:"private,listed,open" default:"private" doc:"Private: its people know of it and enter. Listed: everybody with an account knows of it. Open: everybody with an account enters."`
	}
}

// made is the answer that something was made.
type made[T any] struct {
	Location string `header:"Location" doc:"Where it is."`
	Body     T
}

func (a *API) createRoom(ctx context.Context, in *createRoomInput) (*made[Room], error) {
	c := callerOf(ctx)
	if c.Rooms != nil {
		return nil, errLimited
	}
	created, err := a.Rooms.Create(ctx, c.user(), room.Draft{
		Name: in.Body.Name, Topic: in.Body.Topic, Visibility: room.Visibility(in.Body.Visibility), Backend: a.Backend,
		Capacity: a.Settings.Now().Capacity,
	})
	if err != nil {
		return nil, err
	}
	visit, err := a.visit(ctx, created.Slug)
	if err != nil {
		return nil, err
	}
	return &made[Room]{Root + "/rooms/" + created.Slug, a.roomOf(visit.Room, visit.Person, true, nil)}, nil
}

func (a *API) readRoom(ctx context.Context, v room.Visit, _ *AboutRoom) (*body[Room], error) {
	sees := v.May(room.Ask{Action: room.SeePeople}) == nil
	var live []room.Participant
	if sees {
		all, err := a.Rooms.Live(ctx, v.Room.ID)
		if err != nil {
			return nil, err
		}
		live = all[v.Room.ID]
	}
	return answer(a.roomOf(v.Room, v.Person, sees, live), nil)
}

type changeRoomInput struct {
	AboutRoom
	Body struct {
		Name        *string `json:"name,omitempty" maxLength:"80"`
		Topic       *string `json:"topic,omitempty" maxLength:"200"`
		Visibility  *string `json:"visibility,omitempty" enum:"private,listed,open"`
		Guests      *bool   `json:"guests,omitempty"`
		Lobby       *string `json:"lobby,omitempty" enum:"off,strangers,everyone"`
		Succession  *string `json:"succession,omitempty" enum:"host,end"`
		Capacity    *int    `json:"capacity,omitempty" minimum:"2" maximum:"500"`
		HistoryDays *int    `json:"history_days,omitempty" minimum:"0" maximum:"3650"`
	}
}

// or is what a request names, or what was before.
func or[T any](given *T, before T) T {
	if given == nil {
		return before
	}
	return *given
}

func (a *API) changeRoom(ctx context.Context, v room.Visit, in *changeRoomInput) (*body[Room], error) {
	b := in.Body
	configures := b.Visibility != nil || b.Guests != nil || b.Lobby != nil || b.Succession != nil || b.Capacity != nil || b.HistoryDays != nil
	err := a.Rooms.Change(ctx, v.Room.ID, v.Person.User, func(now room.Room) room.Change {
		change := room.Change{Name: or(b.Name, now.Name), Topic: or(b.Topic, now.Topic)}
		if configures {
			change.Configuration = &room.Configuration{
				Visibility: room.Visibility(or(b.Visibility, string(now.Visibility))), Guests: or(b.Guests, now.Guests),
				Lobby: room.Lobby(or(b.Lobby, string(now.Lobby))), Succession: room.Succession(or(b.Succession, string(now.Succession))),
				Capacity: or(b.Capacity, now.Capacity), HistoryDays: or(b.HistoryDays, now.HistoryDays),
			}
		}
		return change
	})
	if err != nil {
		return nil, err
	}
	return a.again(ctx, in.Slug)
}

// again is a room after a change.
func (a *API) again(ctx context.Context, slug string) (*body[Room], error) {
	v, err := a.visit(ctx, slug)
	if err != nil {
		return nil, err
	}
	return a.readRoom(ctx, v, nil)
}

func (a *API) deleteRoom(ctx context.Context, v room.Visit, _ *AboutRoom) (*none, error) {
	return done(a.Rooms.Delete(ctx, v.Room.ID, v.Person.User))
}

type lockInput struct {
	AboutRoom
	Body struct {
		Locked bool `json:"locked"`
	}
}

func (a *API) lockRoom(ctx context.Context, v room.Visit, in *lockInput) (*none, error) {
	return done(a.Rooms.SetLocked(ctx, v.Room.ID, v.Person.User, in.Body.Locked))
}

type switchesInput struct {
	AboutRoom
	Body struct {
		Microphone *bool `json:"microphone,omitempty"`
		Camera     *bool `json:"camera,omitempty"`
		Share      *bool `json:"share,omitempty"`
		Chat       *bool `json:"chat,omitempty"`
		Reactions  *bool `json:"reactions,omitempty"`
	}
}

func (a *API) setSwitches(ctx context.Context, v room.Visit, in *switchesInput) (*body[Switches], error) {
	b := in.Body
	var turned Switches
	err := a.Rooms.SetSwitches(ctx, v.Room.ID, v.Person.User, func(now *room.Switches) {
		*now = room.Switches{
			Microphone: or(b.Microphone, now.Microphone), Camera: or(b.Camera, now.Camera), Share: or(b.Share, now.Share),
			Chat: or(b.Chat, now.Chat), Reactions: or(b.Reactions, now.Reactions),
		}
		turned = Switches(*now)
	})
	return answer(turned, err)
}

func (a *API) endCall(ctx context.Context, v room.Visit, _ *AboutRoom) (*none, error) {
	return done(a.Calls.End(ctx, v.Room.ID, v.Person.User))
}
