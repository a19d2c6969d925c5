package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"foyer/internal/account/apitoken"
	"foyer/internal/call"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/room"
)

// Ticket is what a client of the media service needs to enter a call.
type Ticket struct {
	Backend     string              `json:"backend" doc:"The media service: livekit or twilio."`
	URL         string              `json:"url" doc:"Where its client connects; empty with Twilio, whose client knows."`
	Token       string              `json:"token" doc:"What lets the participant in, until expires_at and as long as they may be there. Give it to them and nobody else."`
	ExpiresAt   time.Time           `json:"expires_at" doc:"By when the connection has to have begun."`
	Participant media.ParticipantID `json:"participant" doc:"Who they are in this call."`
	May         Switches            `json:"may" doc:"What they may do now."`
	Position    ledger.Position     `json:"position" doc:"People, host and spotlight are true up to this place in what happens in the room."`
	People      []Participant       `json:"people" doc:"Who is in, or about to be."`
	Host        Host                `json:"host" doc:"Who moderates the call while none of the room's moderators is in it."`
	Spotlight   media.ParticipantID `json:"spotlight" doc:"Whom everybody sees large; empty: nobody."`
}

// Host is who moderates a call in a moderator's place.
type Host struct {
	Username    string     `json:"username" doc:"Empty: nobody."`
	DisplayName string     `json:"display_name"`
	EndsAt      *time.Time `json:"ends_at" doc:"When the call ends unless a moderator is back before; null: it goes on."`
}

// Participant is somebody in a call as the others see them.
type Participant struct {
	Participant media.ParticipantID `json:"participant"`
	Username    string              `json:"username" doc:"Empty for guests."`
	DisplayName string              `json:"display_name"`
	Role        room.Role           `json:"role" enum:"owner,moderator,member,guest," doc:"Empty for a stranger in an open room."`
	HandAt      *time.Time          `json:"hand_at,omitempty" doc:"Since when their hand is up; left out when it is down."`
}

func participantOf(w call.Who) Participant {
	return Participant{w.Participant, w.Username, w.DisplayName, w.Role, w.HandAt}
}

func (a *API) ticketOf(t call.Ticket) Ticket {
	return Ticket{
		t.Grant.Backend, a.mediaURL(t.Grant), t.Grant.Token, t.Grant.Expires, t.Participant, Switches(t.May), t.Position,
		each(t.People, participantOf), Host(t.Host), t.Spotlight,
	}
}

// mediaURL is where a client connects: pages know that an empty address means
// where they came from, programs do not.
func (a *API) mediaURL(g media.Grant) string {
	if g.URL == "" && g.Backend == "livekit" {
		return a.Origin
	}
	return g.URL
}

func (a *API) callOperations() {
	s := a.section("Calls")
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/tokens", id: "letIn", summary: "Issue a media token", scope: apitoken.Media,
		status: http.StatusCreated,
		about: "Lets somebody of whom only the program knows into the call, as a guest of the room under a name. The caller has to be one who may invite guests, and the room has to take them. " +
			"They take a place like everybody; lock, lobby and bans are for them as for every guest; and they are out at once when this token is revoked or its account is switched off."}, a.letIn)
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/join", id: "join", summary: "Join the call", scope: apitoken.Media,
		status: http.StatusCreated, about: "As the account of the token."}, a.join)
	addRoom(s, op{method: http.MethodDelete, path: "/rooms/{slug}/participants/{participant}", id: "leave", summary: "Leave the call", scope: apitoken.Media,
		about: "Ends the presence of a participant whom this token let in."}, a.leave)
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/check", id: "check", summary: "Try the way to the media service", scope: apitoken.Media,
		about: "A token for a room of its own that is open for a minute, in which nothing can be sent; empty where that takes being in a call."}, a.check)
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/lobby", id: "knock", summary: "Ask to be let in", scope: apitoken.Media,
		about: "Puts the caller into the lobby. They count as waiting for 45 seconds, and for as long as the program listens to what becomes of it: ask again, or listen, while they wait."}, a.knock)
	addRoom(s, op{method: http.MethodDelete, path: "/rooms/{slug}/lobby", id: "stopWaiting", summary: "Wait no more", scope: apitoken.Media}, a.stopWaiting)
}

type letInInput struct {
	AboutRoom
	Body struct {
		DisplayName string `json:"display_name" maxLength:"64" example:"Zoe" doc:"What the others see."`
		Identity    string `json:"identity,omitempty" maxLength:"128" example:"customer-4711" doc:"The program's own name for them: with the same one they are the same guest to the room, and a ban of them holds. Empty: somebody new each time."`
	}
}

func (a *API) letIn(ctx context.Context, v room.Visit, in *letInInput) (*made[Ticket], error) {
	ticket, err := a.Calls.Vouch(ctx, v, in.Body.Identity, in.Body.DisplayName)
	return a.entered(v, ticket, err)
}

type joinInput struct {
	AboutRoom
	Body struct {
		DisplayName string              `json:"display_name,omitempty" maxLength:"64" doc:"Empty: the account's."`
		Former      media.ParticipantID `json:"former,omitempty" pattern:"^[a-z0-9]{1,64}$" doc:"The participant that the caller was before it lost the call: this one comes in its place, also where nobody new may come in."`
	}
}

func (a *API) join(ctx context.Context, v room.Visit, in *joinInput) (*made[Ticket], error) {
	ticket, err := a.Calls.Rejoin(ctx, callerOf(ctx).secret, v.Room.Slug, in.Body.DisplayName, in.Body.Former)
	return a.entered(v, ticket, err)
}

func (a *API) entered(v room.Visit, ticket call.Ticket, err error) (*made[Ticket], error) {
	if err != nil {
		return nil, err
	}
	return &made[Ticket]{Root + "/rooms/" + v.Room.Slug + "/participants/" + string(ticket.Participant), a.ticketOf(ticket)}, nil
}

// AboutParticipant is a participant that a request is about.
type AboutParticipant struct {
	AboutRoom
	Participant media.ParticipantID `path:"participant" maxLength:"64"`
}

func (a *API) leave(ctx context.Context, v room.Visit, in *AboutParticipant) (*none, error) {
	return done(a.Calls.Leave(ctx, callerOf(ctx).secret, v.Room.ID, in.Participant))
}

// Check is what tries the way to the media service.
type Check struct {
	Backend string `json:"backend"`
	URL     string `json:"url"`
	Token   string `json:"token"`
}

func (a *API) check(ctx context.Context, v room.Visit, _ *AboutRoom) (*body[Check], error) {
	if err := a.Limit(Checks, string(v.Person.User)); err != nil {
		return nil, err
	}
	grant, err := a.Calls.Check(ctx, v)
	if err != nil && !errors.Is(err, media.ErrUnsupported) {
		return nil, err
	}
	return answer(Check{v.Room.Backend, a.mediaURL(grant), grant.Token}, nil)
}

// Standing is what a lobby says of somebody.
type Standing struct {
	State room.Answer `json:"state" enum:"waiting,admitted,denied," doc:"Admitted also when they need not wait; empty: they do not."`
}

type knockInput struct {
	AboutRoom
	Body struct {
		DisplayName string `json:"display_name,omitempty" maxLength:"64" doc:"Empty: the account's."`
	}
}

func (a *API) knock(ctx context.Context, v room.Visit, in *knockInput) (*body[Standing], error) {
	if err := a.Limit(Knocks, string(v.Person.User)); err != nil {
		return nil, err
	}
	state, err := a.Rooms.Knock(ctx, v, in.Body.DisplayName)
	return answer(Standing{state}, err)
}

func (a *API) stopWaiting(ctx context.Context, v room.Visit, _ *AboutRoom) (*none, error) {
	return done(a.Rooms.StopWaiting(ctx, v))
}
