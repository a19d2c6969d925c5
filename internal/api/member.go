package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"foyer/internal/account/apitoken"
	"foyer/internal/input"
	"foyer/internal/problem"
	"foyer/internal/record"
	"foyer/internal/room"
)

// Member is somebody who belongs to a room.
type Member struct {
	Username    string    `json:"username"`
	DisplayName string    `json:"display_name"`
	Role        room.Role `json:"role" enum:"owner,moderator,member"`
	Since       time.Time `json:"since"`
	Disabled    bool      `json:"disabled" doc:"Their account is switched off."`
	Live        bool      `json:"live" doc:"They are in the call now."`
}

func memberOf(m room.Membership) Member {
	return Member{m.Username, m.DisplayName, m.Role, m.Since, m.Disabled, m.Live}
}

// Roll is a part of the list of a room's members.
type Roll struct {
	Items []Member `json:"items"`
	Found int      `json:"found" doc:"In all parts together."`
	Next  string   `json:"next,omitempty" doc:"The value of after that the following part begins with; left out with the last."`
}

func (a *API) memberOperations() {
	s := a.section("Members")
	addRoom(s, op{method: http.MethodGet, path: "/rooms/{slug}/members", id: "listMembers", summary: "Who belongs to a room", scope: apitoken.RoomsRead,
		about: "The highest role first, then by name."}, a.listMembers)
	addTable(s, op{path: "/rooms/{slug}/members.csv", id: "exportMembers", summary: "Who belongs to a room, as a table", scope: apitoken.RoomsRead,
		about: "All of them, the highest role first, then by name."}, visiting(a, a.exportMembers))
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/members", id: "addMember", summary: "Add a member", scope: apitoken.RoomsWrite,
		status: http.StatusCreated, about: "Moderators add members, owners anybody. Grants their request to join."}, a.addMember)
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/add-members", id: "addMembers", summary: "Add many members", scope: apitoken.RoomsWrite,
		about: "Each stands for itself: others are added also when one cannot be."}, a.addMembers)
	addRoom(s, op{method: http.MethodPatch, path: "/rooms/{slug}/members/{username}", id: "setRole", summary: "Change a role", scope: apitoken.RoomsWrite},
		a.setRole)
	addRoom(s, op{method: http.MethodDelete, path: "/rooms/{slug}/members/{username}", id: "removeMember", summary: "Remove a member", scope: apitoken.RoomsWrite,
		about: "They are out of the call at once. With the caller's own username it is leaving."}, a.removeMember)
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/members/{username}/ban", id: "banMember", summary: "Ban a member", scope: apitoken.RoomsWrite,
		about: "Closes the room to them."}, a.banMember)
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/transfer", id: "transferRoom", summary: "Hand a room over", scope: apitoken.RoomsWrite,
		about: "A member owns it from then on, the caller is a moderator."}, a.transferRoom)
}

type listMembersInput struct {
	AboutRoom
	Paged
	Query string `query:"q" maxLength:"80" doc:"A part of a username or a name."`
	Role  string `query:"role" enum:"owner,moderator,member"`
}

func (a *API) listMembers(ctx context.Context, v room.Visit, in *listMembersInput) (*body[Roll], error) {
	if err := v.May(room.Ask{Action: room.ListMembers}); err != nil {
		return nil, err
	}
	at, err := a.place(listOf("members", v.Room.ID), in.After)
	if err != nil {
		return nil, err
	}
	roll, err := a.Rooms.Roll(ctx, v.Room.ID, room.Sought{Name: in.Query, Role: room.Role(in.Role), After: room.ParseCursor(at)})
	return answer(Roll{each(roll.Members, memberOf), roll.Found, a.next(listOf("members", v.Room.ID), roll.Next.String())}, err)
}

func (a *API) exportMembers(ctx context.Context, v room.Visit, _ *AboutRoom) (*stream, error) {
	if err := v.May(room.Ask{Action: room.ListMembers}); err != nil {
		return nil, err
	}
	members, err := a.Rooms.Members(ctx, v.Room.ID)
	return a.table(ctx, record.Members(v.Room, members), err)
}

// role is what a request gives somebody.
type role struct {
	Role string `json:"role" enum:"owner,moderator,member"`
}

type addMemberInput struct {
	AboutRoom
	Body struct {
		Login string `json:"login" maxLength:"254" example:"ana" doc:"Their username or email address."`
		Role  string `json:"role,omitempty" enum:"owner,moderator,member" default:"member"`
	}
}

// Added is who was added to a room.
type Added struct {
	Username    string `json:"username"`
	DisplayName string `json:"display_name"`
}

func (a *API) addMember(ctx context.Context, v room.Visit, in *addMemberInput) (*made[Added], error) {
	user, err := a.Rooms.AddMember(ctx, v.Room.ID, v.Person.User, in.Body.Login, room.Role(in.Body.Role))
	if err != nil {
		return nil, err
	}
	return &made[Added]{Root + "/rooms/" + v.Room.Slug + "/members/" + user.Username, Added{user.Username, user.DisplayName}}, nil
}

type addMembersInput struct {
	AboutRoom
	Body struct {
		People []struct {
			Login string `json:"login" maxLength:"254" doc:"A username or email address."`
			Role  string `json:"role,omitempty" enum:"owner,moderator,member" default:"member"`
		} `json:"people" minItems:"1" maxItems:"200"`
	}
}

// Addition is what became of one of many to be added.
type Addition struct {
	Login   string `json:"login"`
	Name    string `json:"name" doc:"The name that others see; empty when they are unknown."`
	Outcome string `json:"outcome" enum:"added,belongs,unknown,refused" doc:"Belongs: they did before, and keep their role."`
	Detail  string `json:"detail,omitempty" doc:"Why they were refused."`
}

func (a *API) addMembers(ctx context.Context, v room.Visit, in *addMembersInput) (*body[list[Addition]], error) {
	var lines strings.Builder
	for _, p := range in.Body.People {
		if strings.ContainsAny(p.Login, ",; \t\r\n") || strings.TrimSpace(p.Login) == "" {
			return nil, input.Invalid{"body.people": p.Login}
		}
		lines.WriteString(p.Login + "," + p.Role + "\n")
	}
	additions, err := a.Rooms.AddMembers(ctx, v.Room.ID, v.Person.User, lines.String())
	return answer(list[Addition]{each(additions, additionOf)}, err)
}

func additionOf(a room.Addition) Addition {
	out := Addition{Login: a.Login, Name: a.Name, Outcome: "added"}
	switch {
	case a.Belongs:
		out.Outcome = "belongs"
	case a.Unknown:
		out.Outcome = "unknown"
	case a.Err != nil:
		out.Outcome, out.Detail = "refused", problem.Of(a.Err).Sentences()
	}
	return out
}

// AboutMember is one of a room's that a request is about.
type AboutMember struct {
	AboutRoom
	Username string `path:"username" maxLength:"64"`
}

type setRoleInput struct {
	AboutMember
	Body role
}

func (a *API) setRole(ctx context.Context, v room.Visit, in *setRoleInput) (*none, error) {
	_, err := a.Rooms.SetRole(ctx, v.Room.ID, v.Person.User, in.Username, room.Role(in.Body.Role))
	return done(err)
}

func (a *API) removeMember(ctx context.Context, v room.Visit, in *AboutMember) (*none, error) {
	_, err := a.Rooms.RemoveMember(ctx, v.Room.ID, v.Person.User, in.Username)
	return done(err)
}

func (a *API) banMember(ctx context.Context, v room.Visit, in *AboutMember) (*none, error) {
	_, err := a.Rooms.BanMember(ctx, v.Room.ID, v.Person.User, in.Username)
	return done(err)
}

type transferInput struct {
	AboutRoom
	Body struct {
		Username string `json:"username" maxLength:"64" doc:"Of a member."`
	}
}

func (a *API) transferRoom(ctx context.Context, v room.Visit, in *transferInput) (*none, error) {
	_, err := a.Rooms.Transfer(ctx, v.Room.ID, v.Person.User, input.Searchable(in.Body.Username))
	return done(err)
}
