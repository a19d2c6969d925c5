package api

import (
	"context"
	"net/http"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/call"
	"foyer/internal/media"
	"foyer/internal/room"
)

// People is who is in a call, and what the caller may do there.
type People struct {
	Locked   bool     `json:"locked"`
	Switches Switches `json:"switches"`
	May      May      `json:"may"`
	People   []Seat   `json:"people" doc:"In the order of their coming."`
}

// May is what the caller may do in a call besides what they may do with each one.
type May struct {
	ManageLobby    bool `json:"manage_lobby"`
	Ban            bool `json:"ban"`
	EndCall        bool `json:"end_call"`
	Lock           bool `json:"lock"`
	Switch         bool `json:"switch"`
	Lead           bool `json:"lead" doc:"Mute all, lower all hands, end a spotlight."`
	DeleteMessages bool `json:"delete_messages"`
}

// Seat is a participant, with what the caller may do with them.
type Seat struct {
	Participant
	Invited   bool `json:"invited" doc:"A guest who came by an invitation or a program."`
	Remove    bool `json:"remove"`
	Lobby     bool `json:"lobby" doc:"May be sent to the lobby."`
	Ban       bool `json:"ban"`
	Mute      bool `json:"mute"`
	StopShare bool `json:"stop_share"`
	LowerHand bool `json:"lower_hand"`
	Spotlight bool `json:"spotlight"`
}

func (a *API) participantOperations() {
	s := a.section("Participants")
	addRoom(s, op{method: http.MethodGet, path: "/rooms/{slug}/participants", id: "listParticipants", summary: "Who is in the call", scope: apitoken.RoomsRead},
		a.listParticipants)
	type act = func(context.Context, room.ID, account.UserID, media.ParticipantID) error
	for _, o := range []struct {
		path, id, summary, about string
		do                       act
	}{
		{"remove", "removeParticipant", "Put somebody out of the call", "A guest's stay ends with that, others can come back.", a.Calls.Expel},
		{"lobby", "sendToLobby", "Send somebody to the lobby", "", a.Calls.SendToLobby},
		{"mute", "muteParticipant", "Mute somebody", "They can unmute themselves while the room's switch lets them.", a.Calls.Mute},
		{"ask-to-unmute", "askToUnmute", "Ask somebody to unmute", "", a.Calls.AskToUnmute},
		{"stop-share", "stopShare", "End somebody's screen share", "", a.Calls.StopShare},
		{"lower-hand", "lowerHand", "Lower somebody's hand", "", a.Calls.LowerHand},
		{"spotlight", "spotlight", "Show somebody large to everyone", "", a.Calls.Spotlight},
	} {
		addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/participants/{participant}/" + o.path, id: o.id, summary: o.summary, about: o.about,
			scope: apitoken.Moderate}, func(ctx context.Context, v room.Visit, in *AboutParticipant) (*none, error) {
			return done(o.do(ctx, v.Room.ID, v.Person.User, in.Participant))
		})
	}
	for _, o := range []struct {
		path, id, summary string
		do                func(context.Context, room.ID, account.UserID) error
	}{
		{"mute-all", "muteAll", "Mute everybody whom the caller may", a.Calls.MuteAll},
		{"lower-hands", "lowerHands", "Lower all hands", a.Calls.LowerHands},
		{"end-spotlight", "endSpotlight", "Show nobody large any more", a.endSpotlight},
	} {
		addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/" + o.path, id: o.id, summary: o.summary, scope: apitoken.Moderate},
			func(ctx context.Context, v room.Visit, _ *AboutRoom) (*none, error) {
				return done(o.do(ctx, v.Room.ID, v.Person.User))
			})
	}
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/participants/{participant}/ban", id: "banParticipant", summary: "Ban somebody in the call",
		scope: apitoken.Moderate, about: "Puts them out and closes the room to them."}, a.banParticipant)
	addRoom(s, op{method: http.MethodPut, path: "/rooms/{slug}/participants/{participant}/hand", id: "raiseHand", summary: "Raise or lower a hand",
		scope: apitoken.Media, about: "Of a participant of the caller's own."}, a.raiseHand)
	addRoom(s, op{method: http.MethodPut, path: "/rooms/{slug}/participants/{participant}/connection", id: "reportConnection",
		summary: "Say how a participant is connected", scope: apitoken.Media,
		about: "Of a participant of the account, or one whom this token let in: for administrators, who see it with the calls that go on. Pages say it every 15 seconds."},
		a.reportConnection)
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/participants/{participant}/react", id: "react", summary: "Show a reaction",
		scope: apitoken.Media, about: "Of a participant of the caller's own. It is kept nowhere."}, a.react)
}

func (a *API) endSpotlight(ctx context.Context, in room.ID, by account.UserID) error {
	return a.Calls.Spotlight(ctx, in, by, "")
}

func (a *API) listParticipants(ctx context.Context, v room.Visit, _ *AboutRoom) (*body[People], error) {
	found, err := a.Calls.People(ctx, v)
	return answer(People{found.Locked, Switches(found.Switches), May(found.May), each(found.People, func(s call.Seat) Seat {
		return Seat{participantOf(s.Who), s.Invited, s.Remove, s.Lobby, s.Ban, s.Mute, s.StopShare, s.LowerHand, s.Spotlight}
	})}, err)
}

type banParticipantInput struct {
	AboutParticipant
	Body struct {
		Invitation bool `json:"invitation,omitempty" doc:"Also close the invitation that a guest came by."`
	}
}

func (a *API) banParticipant(ctx context.Context, v room.Visit, in *banParticipantInput) (*none, error) {
	return done(a.Calls.Ban(ctx, v.Room.ID, v.Person.User, in.Participant, in.Body.Invitation))
}

type handInput struct {
	AboutParticipant
	Body struct {
		Raised bool `json:"raised"`
	}
}

func (a *API) raiseHand(ctx context.Context, v room.Visit, in *handInput) (*none, error) {
	if err := a.Limit(Hands, string(v.Person.User)); err != nil {
		return nil, err
	}
	if in.Body.Raised {
		return done(a.Calls.RaiseHand(ctx, v, in.Participant))
	}
	return done(a.Calls.LowerOwnHand(ctx, v, in.Participant))
}

type reactInput struct {
	AboutParticipant
	Body struct {
		Reaction string `json:"reaction" enum:"thumbs_up,heart,clap,laugh,surprise,party,sad,thumbs_down"`
	}
}

func (a *API) react(ctx context.Context, v room.Visit, in *reactInput) (*none, error) {
	if err := a.Limit(Reactions, string(v.Person.User)); err != nil {
		return nil, err
	}
	return done(a.Calls.React(ctx, v, in.Participant, in.Body.Reaction))
}

type connectionInput struct {
	AboutParticipant
	Body struct {
		Path      string  `json:"path" enum:"udp,tcp,relay,unknown" doc:"How media go."`
		Quality   string  `json:"quality" enum:"good,poor,lost" doc:"As the media service's client says."`
		RoundTrip float64 `json:"round_trip" minimum:"0" maximum:"60" doc:"To the media service and back, in seconds."`
		Loss      float64 `json:"loss" minimum:"0" maximum:"1" doc:"Share of packets."`
	}
}

func (a *API) reportConnection(ctx context.Context, v room.Visit, in *connectionInput) (*none, error) {
	return done(a.Calls.Report(ctx, callerOf(ctx).secret, v.Room.Slug, in.Participant, call.Connection{
		Path: in.Body.Path, Quality: in.Body.Quality, RTT: in.Body.RoundTrip, Loss: in.Body.Loss,
	}))
}
