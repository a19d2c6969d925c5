package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/admin"
	"foyer/internal/input"
	"foyer/internal/media"
	"foyer/internal/room"
	"foyer/internal/words"
)

// DeskRoom is a room as administrators see it.
type DeskRoom struct {
	ID         room.ID    `json:"id" format:"uuid"`
	Slug       string     `json:"slug"`
	Name       string     `json:"name"`
	Topic      string     `json:"topic"`
	Visibility string     `json:"visibility" enum:"private,listed,open"`
	Locked     bool       `json:"locked"`
	Backend    string     `json:"backend"`
	Owner      string     `json:"owner" doc:"Username of the owner of longest standing; empty: nobody owns it."`
	Ownerless  bool       `json:"ownerless" doc:"No active account owns it."`
	Members    int        `json:"members"`
	Present    int        `json:"present" doc:"Who is in, or about to be."`
	LiveSince  *time.Time `json:"live_since,omitempty" doc:"When the call that goes on began."`
	CreatedAt  time.Time  `json:"created_at"`
	DeletedAt  *time.Time `json:"deleted_at,omitempty"`
}

func deskRoomOf(r admin.Room) DeskRoom {
	return DeskRoom{
		r.ID, r.Slug, r.Name, r.Topic, string(r.Visibility), r.LockedAt != nil, r.Backend, r.OwnerName, r.Owners == 0, r.Members, r.Present,
		r.LiveSince, r.CreatedAt, r.DeletedAt,
	}
}

// LiveCall is a call that goes on.
type LiveCall struct {
	Room      room.ID    `json:"room" format:"uuid"`
	Slug      string     `json:"slug"`
	Name      string     `json:"name"`
	Backend   string     `json:"backend"`
	StartedAt time.Time  `json:"started_at"`
	People    []LiveSeat `json:"people" doc:"In the order of their coming."`
}

// LiveSeat is somebody in a call, with how they say that they are connected.
type LiveSeat struct {
	Participant media.ParticipantID `json:"participant"`
	Username    string              `json:"username" doc:"Empty for guests."`
	DisplayName string              `json:"display_name"`
	Guest       bool                `json:"guest"`
	Since       time.Time           `json:"since"`
	Path        string              `json:"path" enum:"udp,tcp,relay,unknown," doc:"Empty: they have not said."`
	Quality     string              `json:"quality" enum:"good,poor,lost,"`
	RoundTrip   float64             `json:"round_trip" doc:"To the media service and back, in seconds."`
	Loss        float64             `json:"loss" doc:"Share of packets, 0 to 1."`
}

func (a *API) deskOperations() {
	s := a.section("Rooms at the desk")
	add(s, op{method: http.MethodGet, path: "/admin/rooms", id: "listAllRooms", summary: "All rooms", scope: apitoken.Admin, about: "By name."}, a.listAllRooms)
	addDesk(s, op{method: http.MethodGet, path: "/admin/rooms/{room}", id: "readAnyRoom", summary: "Any room"}, a.readAnyRoom)
	addDesk(s, op{method: http.MethodDelete, path: "/admin/rooms/{room}", id: "deleteAnyRoom", summary: "Delete any room"}, a.deleteAnyRoom)
	addDesk(s, op{method: http.MethodPost, path: "/admin/rooms/{room}/end", id: "endAnyCall", summary: "End any call for everyone"}, a.endAnyCall)
	addDesk(s, op{method: http.MethodPost, path: "/admin/rooms/{room}/participants/{participant}/remove", id: "removeFromAnyCall",
		summary: "Put somebody out of any call"}, a.removeFromAnyCall)
	addDesk(s, op{method: http.MethodGet, path: "/admin/rooms/{room}/members", id: "listAnyMembers", summary: "Who belongs to any room"}, a.listAnyMembers)
	addDesk(s, op{method: http.MethodPost, path: "/admin/rooms/{room}/members", id: "addAnyMember", summary: "Add a member to any room",
		status: http.StatusCreated}, a.addAnyMember)
	addDesk(s, op{method: http.MethodPatch, path: "/admin/rooms/{room}/members/{username}", id: "setAnyRole", summary: "Change a role in any room"}, a.setAnyRole)
	addDesk(s, op{method: http.MethodDelete, path: "/admin/rooms/{room}/members/{username}", id: "removeAnyMember", summary: "Remove a member from any room"},
		a.removeAnyMember)
	addDesk(s, op{method: http.MethodPost, path: "/admin/rooms/{room}/transfer", id: "transferAnyRoom", summary: "Hand any room over",
		about: "To anybody, whether or not they belong to it; its owners before are moderators from then on."}, a.transferAnyRoom)
	addDesk(s, op{method: http.MethodGet, path: "/admin/rooms/{room}/calls", id: "listAnyCalls", summary: "Calls of any room"}, a.listAnyCalls)
	addDesk(s, op{method: http.MethodGet, path: "/admin/rooms/{room}/calls/{call}", id: "readAnyCall", summary: "Who was in a call of any room"}, a.readAnyCall)
	addTable(s, op{path: "/admin/rooms/{room}/attendance.csv", id: "exportAnyAttendance", summary: "Who was in any room's calls, as a table",
		scope: apitoken.Admin, about: "All of them, or one."}, atDesk(a, a.exportAnyAttendance))
	add(s, op{method: http.MethodPut, path: "/admin/rooms/{room}/backend", id: "moveRoom", summary: "Have another media service carry a room's calls",
		scope: apitoken.Admin, about: "While nobody is in."}, a.moveRoom)
	add(s, op{method: http.MethodGet, path: "/admin/live", id: "listLiveCalls", summary: "Calls that go on", scope: apitoken.Admin,
		about: "The newest first, with who is in them and how they are connected."}, a.listLiveCalls)
}

// AboutAnyRoom is a room that a request of an administrator is about.
type AboutAnyRoom struct {
	Room room.ID `path:"room" maxLength:"64" doc:"The room's id."`
}

func (r AboutAnyRoom) id() room.ID { return r.Room }

// desk is a room that an administrator looks at, without being in it.
type desk struct {
	room  admin.Room
	visit room.Visit // for asking the policy
}

func addDesk[I interface{ id() room.ID }, O any](s section, o op, handle func(context.Context, desk, *I) (*O, error)) {
	o.scope = apitoken.Admin
	add(s, o, atDesk(s.API, handle))
}

func atDesk[I interface{ id() room.ID }, O any](a *API, handle func(context.Context, desk, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		found, err := a.Admin.Room(ctx, (*in).id())
		if err != nil {
			return nil, err
		}
		session := callerOf(ctx).Session
		who := room.Person{User: session.User.ID, Administrator: true, AtDesk: true}
		return handle(ctx, desk{found, room.Visit{Session: session, Person: who, Room: found.Room}}, in)
	}
}

type listAllRoomsInput struct {
	Paged
	Query string `query:"q" maxLength:"80" doc:"A part of a name or an address."`
	Live  bool   `query:"live" doc:"Only those with a call."`

	Member account.UserID `query:"member" format:"uuid" doc:"Only those that the account with this id belongs to."`
}

func (a *API) listAllRooms(ctx context.Context, in *listAllRoomsInput) (*body[page[DeskRoom]], error) {
	at, err := a.place("all-rooms", in.After)
	if err != nil {
		return nil, err
	}
	found, next, err := a.Admin.Rooms(ctx, admin.RoomSearch{Text: in.Query, Live: in.Live, Of: in.Member, After: room.ParseCursor(at)})
	return answer(page[DeskRoom]{each(found, deskRoomOf), a.next("all-rooms", next.String())}, err)
}

func (a *API) readAnyRoom(_ context.Context, d desk, _ *AboutAnyRoom) (*body[DeskRoom], error) {
	return answer(deskRoomOf(d.room), nil)
}

func (a *API) deleteAnyRoom(ctx context.Context, d desk, _ *AboutAnyRoom) (*none, error) {
	return done(a.Rooms.AtDesk().Delete(ctx, d.room.ID, d.visit.Person.User))
}

func (a *API) endAnyCall(ctx context.Context, d desk, _ *AboutAnyRoom) (*none, error) {
	return done(a.Calls.AtDesk().End(ctx, d.room.ID, d.visit.Person.User))
}

type anyParticipant struct {
	AboutAnyRoom
	Participant media.ParticipantID `path:"participant" maxLength:"64"`
}

func (a *API) removeFromAnyCall(ctx context.Context, d desk, in *anyParticipant) (*none, error) {
	return done(a.Calls.AtDesk().Expel(ctx, d.room.ID, d.visit.Person.User, in.Participant))
}

type anyMembers struct {
	AboutAnyRoom
	Paged
}

func (a *API) listAnyMembers(ctx context.Context, d desk, in *anyMembers) (*body[Roll], error) {
	if err := d.visit.May(room.Ask{Action: room.ListMembers}); err != nil {
		return nil, err
	}
	at, err := a.place(listOf("members", d.room.ID), in.After)
	if err != nil {
		return nil, err
	}
	roll, err := a.Rooms.Roll(ctx, d.room.ID, room.Sought{After: room.ParseCursor(at)})
	return answer(Roll{each(roll.Members, memberOf), roll.Found, a.next(listOf("members", d.room.ID), roll.Next.String())}, err)
}

type addAnyMemberInput struct {
	AboutAnyRoom
	Body struct {
		Login string `json:"login" maxLength:"254" doc:"Their username or email address."`
		Role  string `json:"role,omitempty" enum:"owner,moderator,member" default:"member"`
	}
}

func (a *API) addAnyMember(ctx context.Context, d desk, in *addAnyMemberInput) (*made[Added], error) {
	added, err := a.Rooms.AtDesk().AddMember(ctx, d.room.ID, d.visit.Person.User, in.Body.Login, room.Role(in.Body.Role))
	if err != nil {
		return nil, err
	}
	return &made[Added]{Root + "/admin/rooms/" + string(d.room.ID) + "/members/" + added.Username, Added{added.Username, added.DisplayName}}, nil
}

type AboutAnyMember struct {
	AboutAnyRoom
	Username string `path:"username" maxLength:"64"`
}

type setAnyRoleInput struct {
	AboutAnyMember
	Body role
}

func (a *API) setAnyRole(ctx context.Context, d desk, in *setAnyRoleInput) (*none, error) {
	_, err := a.Rooms.AtDesk().SetRole(ctx, d.room.ID, d.visit.Person.User, in.Username, room.Role(in.Body.Role))
	return done(err)
}

func (a *API) removeAnyMember(ctx context.Context, d desk, in *AboutAnyMember) (*none, error) {
	_, err := a.Rooms.AtDesk().RemoveMember(ctx, d.room.ID, d.visit.Person.User, in.Username)
	return done(err)
}

type transferAnyInput struct {
	AboutAnyRoom
	Body struct {
		Login string `json:"login" maxLength:"254" doc:"Username or email address of who shall own it."`
	}
}

func (a *API) transferAnyRoom(ctx context.Context, d desk, in *transferAnyInput) (*none, error) {
	_, err := a.Rooms.AtDesk().HandOver(ctx, d.room.ID, d.visit.Person.User, in.Body.Login)
	return done(err)
}

func (a *API) listAnyCalls(ctx context.Context, d desk, in *anyMembers) (*body[page[Call]], error) {
	return a.meetings(ctx, d.visit, in.After)
}

type anyCall struct {
	AboutAnyRoom
	Call string `path:"call" maxLength:"64"`
}

func (a *API) readAnyCall(ctx context.Context, d desk, in *anyCall) (*body[Attended], error) {
	return a.attended(ctx, d.visit, in.Call)
}

type anyAttendance struct {
	AboutAnyRoom
	WhichCall
}

func (a *API) exportAnyAttendance(ctx context.Context, d desk, in *anyAttendance) (*stream, error) {
	return a.attendanceTable(ctx, d.visit, in.Call)
}

type moveInput struct {
	AboutAnyRoom
	Body struct {
		Backend string `json:"backend" maxLength:"40" example:"livekit"`
	}
}

func (a *API) moveRoom(ctx context.Context, in *moveInput) (*none, error) {
	if a.Backends[in.Body.Backend] == nil {
		return nil, input.Invalid{"body.backend": words.Text("admin_media.choose_one_of_the_services")}
	}
	_, err := a.Rooms.Move(ctx, in.Room, callerOf(ctx).user(), in.Body.Backend)
	return done(err)
}

func (a *API) listLiveCalls(ctx context.Context, in *Paged) (*body[page[LiveCall]], error) {
	at, err := a.place("live", in.After)
	if err != nil {
		return nil, err
	}
	var mark admin.CallMark
	if at != "" {
		began, id, _ := strings.Cut(at, " ")
		if mark.StartedAt, err = time.Parse(time.RFC3339Nano, began); err != nil {
			return nil, err
		}
		mark.Room = room.ID(id)
	}
	calls, more, err := a.Admin.Calls(ctx, mark)
	if err != nil {
		return nil, err
	}
	next := ""
	if more {
		last := calls[len(calls)-1]
		next = last.StartedAt.Format(time.RFC3339Nano) + " " + string(last.Room)
	}
	return answer(page[LiveCall]{each(calls, liveCallOf), a.next("live", next)}, nil)
}

func liveCallOf(c admin.Call) LiveCall {
	return LiveCall{c.Room, c.Slug, c.Name, c.Backend, c.StartedAt, each(c.People, func(p admin.Participant) LiveSeat {
		return LiveSeat{p.ID, p.Username, p.DisplayName, p.Guest, p.Since, p.Path, p.Quality, p.RoundTrip.Seconds(), float64(p.Loss)}
	})}
}
