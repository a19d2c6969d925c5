package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"foyer/internal/account/apitoken"
	"foyer/internal/call"
	"foyer/internal/eventstream"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/problem"
	"foyer/internal/room"
	"foyer/internal/words"
)

func (a *API) eventOperations() {
	register(a.section("Calls"), a.lasting, op{method: http.MethodGet, path: "/rooms/{slug}/events", id: "followCall",
		summary: "What happens in the call, as it does", scope: apitoken.Media,
		about: words.Text("api.events")},
		visiting(a, a.followCall), givesEvents)
	register(a.section("Calls"), a.lasting, op{method: http.MethodGet, path: "/rooms/{slug}/lobby/events", id: "followLobby",
		summary: "What becomes of the wait to be let in", scope: apitoken.Media,
		about: words.Text("api.lobby_events")},
		visiting(a, a.followLobby), givesEvents)
}

func givesEvents(o *huma.Operation) {
	o.Responses = map[string]*huma.Response{"200": {Description: "The events, one after the other.", Content: map[string]*huma.MediaType{
		eventstream.ContentType: {Schema: &huma.Schema{Type: huma.TypeString}},
	}}}
}

// whole refuses to answer with the headers alone of what never ends.
func (a *API) whole(next http.Handler) http.Handler {
	return a.plain(func(w http.ResponseWriter, r *http.Request) error {
		if err := problem.Endless(w, r); err != nil {
			return err
		}
		next.ServeHTTP(w, r)
		return nil
	})
}

type followInput struct {
	AboutRoom
	Participant media.ParticipantID `query:"participant" required:"true" pattern:"^[a-z0-9]{1,64}$" doc:"Who listens."`
	After       ledger.Position     `query:"after" required:"true" minimum:"0" doc:"What happened after this position is told: that of the answer to join, at first."`
	LastEventID ledger.Position     `header:"Last-Event-ID" minimum:"0" doc:"The id of the last event that came, to go on after it when the connection was lost. It counts more than after."`
}

// needed are the scopes that tell of what others would not.
var needed = map[string]apitoken.Scope{"message": apitoken.Chat, "lobby": apitoken.RoomsRead}

func (a *API) followCall(ctx context.Context, v room.Visit, in *followInput) (*stream, error) {
	c := callerOf(ctx)
	events, err := a.Calls.Stream(ctx, c.secret, v.Room.Slug, in.Participant, cmp.Or(in.LastEventID, in.After))
	if err != nil {
		return nil, err
	}
	events.ToProgram = true
	return a.following(events.Close, func(ctx context.Context) ([]call.Event, error) {
		told, err := events.Next(ctx)
		return slices.DeleteFunc(told, func(e call.Event) bool {
			return needed[e.Name] != "" && !c.Allows(needed[e.Name])
		}), err
	}), nil
}

func (a *API) followLobby(ctx context.Context, v room.Visit, _ *AboutRoom) (*stream, error) {
	wait, err := a.Calls.Wait(ctx, callerOf(ctx).secret, v.Room.Slug)
	if err != nil {
		return nil, err
	}
	wait.ToProgram = true
	return a.following(wait.Close, wait.Events), nil
}

// following answers with events as next returns them, and closes what they come from.
func (a *API) following(closes func(), next func(context.Context) ([]call.Event, error)) *stream {
	return &stream{func(out huma.Context) {
		defer closes()
		r, w := humachi.Unwrap(out)
		eventstream.Send(w, r, a.Log, next)
	}}
}
