package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"foyer/internal/account/apitoken"
	"foyer/internal/room"
)

// section is a part of the API under one heading.
type section struct {
	*API
	heading string
}

// section begins a part of the API, or goes on with it.
func (a *API) section(heading string) section {
	if !slices.ContainsFunc(a.description.Tags, func(t *huma.Tag) bool { return t.Name == heading }) {
		a.description.Tags = append(a.description.Tags, &huma.Tag{Name: heading})
	}
	return section{a, heading}
}

// op describes an operation.
type op struct {
	method, path, id, summary string
	scope                     apitoken.Scope // that a token needs; empty: any will do
	about                     string         // more than the summary says
	status                    int            // of success; 0: 200, or 204 without a body
}

// none is the answer of what has nothing to say.
type none struct{}

// body is an answer.
type body[T any] struct{ Body T }

// answer is the answer that there was no problem.
func answer[T any](value T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{value}, nil
}

// done is the answer of what has nothing to say.
func done(err error) (*none, error) {
	if err != nil {
		return nil, err
	}
	return &none{}, nil
}

// page is a part of a list.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"The value of after that the following part begins with; left out with the last."`
}

// list is all of a list.
type list[T any] struct {
	Items []T `json:"items"`
}

// each makes the items of an answer.
func each[A, B any](all []A, make func(A) B) []B {
	items := []B{}
	for _, one := range all {
		items = append(items, make(one))
	}
	return items
}

// Paged is the place in a list that a request asks for.
type Paged struct {
	After string `query:"after" maxLength:"600" doc:"Goes on where a part of the list ended: its next."`
}

// AboutRoom is the room that a request is about.
type AboutRoom struct {
	Slug string `path:"slug" maxLength:"64" example:"team" doc:"The room's address: what stands behind /r/."`
}

func (r AboutRoom) slug() string { return r.Slug }

// add adds an operation that any holder of the scope may ask for.
func add[I, O any](s section, o op, handle func(context.Context, *I) (*O, error)) {
	register(s, s.huma, o, handle)
}

// roomed is the input of an operation about a room.
type roomed interface{ slug() string }

// addRoom adds an operation on a room: the visitor may know of it.
func addRoom[I roomed, O any](s section, o op, handle func(context.Context, room.Visit, *I) (*O, error)) {
	add(s, o, visiting(s.API, handle))
}

func visiting[I roomed, O any](a *API, handle func(context.Context, room.Visit, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		visit, err := a.visit(ctx, (*in).slug())
		if err != nil {
			return nil, err
		}
		return handle(ctx, visit, in)
	}
}

// visit is the caller's to a room. One beyond the limits of their token is none.
func (a *API) visit(ctx context.Context, slug string) (room.Visit, error) {
	c := callerOf(ctx)
	visit, err := a.Rooms.Visit(ctx, c.secret, slug)
	if err == nil && !c.Reaches(string(visit.Room.ID)) {
		return room.Visit{}, room.ErrHidden
	}
	return visit, err
}

func register[I, O any](s section, to huma.API, o op, handle func(context.Context, *I) (*O, error), edit ...func(*huma.Operation)) {
	operation := huma.Operation{
		OperationID: o.id, Method: o.method, Path: o.path, Summary: o.summary, Description: o.about, Tags: []string{s.heading},
		DefaultStatus: o.status, MaxBodyBytes: mostBody,
		Security: []map[string][]string{{tokenScheme: scopesOf(o)}},
		Metadata: map[string]any{scopeKey: o.scope},
	}
	if o.method == http.MethodPost {
		operation.Parameters = append(operation.Parameters, idempotencyKey)
	}
	for _, e := range edit {
		e(&operation)
	}
	operation.Middlewares = huma.Middlewares{s.scoped}
	huma.Register(to, operation, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

// mostBody is how large the body of a request can be, in bytes.
const mostBody = 64 << 10

const scopeKey = "scope"

func scopesOf(o op) []string {
	if o.scope == "" {
		return []string{}
	}
	return []string{string(o.scope)}
}
