package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/go-chi/chi/v5"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
)

// apiToken makes a token of somebody's, for everything when no scope is named.
func (h *house) apiToken(who string, scopes ...apitoken.Scope) account.Token {
	h.Helper()
	if len(scopes) == 0 {
		scopes = apitoken.Scopes
	}
	user := h.people[who]
	token, err := h.tokens.Make(h.Context(), h.sessionOf(user), user.ID, apitoken.Draft{Name: who + "'s", Scopes: scopes, Days: 7})
	if err != nil {
		h.Fatal(err)
	}
	return token
}

// carrying has a request come from a program with a token.
func carrying(token account.Token) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Del("Origin")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+string(token))
		}
	}
}

// programAnswer is what came back to a program.
type programAnswer struct {
	answer
	reason string // of a problem
}

// program sends a request as a program with a token, and checks the answer
// against the description of the API.
func (h *house) program(token account.Token, method, path, body string, edit ...func(*http.Request)) programAnswer {
	h.Helper()
	kind := "application/json"
	if body == "" {
		kind = ""
	}
	var sent *http.Request
	got := h.do("", method, "/api/v1"+path, kind, body, append([]func(*http.Request){carrying(token)}, append(edit, func(r *http.Request) { sent = r })...)...)
	out := programAnswer{answer: got}
	if got.status >= http.StatusBadRequest {
		var told struct {
			Type, Title, Detail, Reason string
			Status                      int
		}
		err := json.Unmarshal([]byte(got.body), &told)
		if err != nil || got.header.Get("Content-Type") != "application/problem+json" || told.Status != got.status ||
			told.Reason == "" || told.Type != "urn:foyer:problem:"+told.Reason || told.Title == "" || strings.HasPrefix(told.Title, "api.") || strings.HasPrefix(told.Detail, "api.") {
			h.Errorf("%s %s: %d is no problem as described: %v %s", method, path, got.status, got.header["Content-Type"], got.body)
		}
		out.reason = told.Reason
	}
	if err := asDescribed(h.Context(), h.described(), sent, got); err != nil {
		h.Errorf("%s %s: the answer is not as described: %v\n%d %s", method, path, err, got.status, got.body)
	}
	return out
}

// described finds the operation that a request is for.
func (h *house) described() routers.Router {
	h.Helper()
	described.Do(func() {
		answer := h.do("", http.MethodGet, "/api/v1/openapi.json", "", "")
		doc, err := openapi3.NewLoader().LoadFromData([]byte(answer.body))
		if err == nil {
			err = doc.Validate(context.Background())
		}
		if err == nil {
			doc.Servers = openapi3.Servers{{URL: "/api/v1"}}
			described.router, err = gorillamux.NewRouter(doc)
		}
		described.doc, described.err = doc, err
	})
	if described.err != nil {
		h.Fatal(described.err)
	}
	return described.router
}

var described struct {
	sync.Once
	doc    *openapi3.T
	router routers.Router
	err    error
}

// asDescribed says how an answer differs from the description of the operation.
func asDescribed(ctx context.Context, in routers.Router, r *http.Request, got answer) error {
	route, parameters, err := in.FindRoute(r)
	if errors.Is(err, routers.ErrPathNotFound) || errors.Is(err, routers.ErrMethodNotAllowed) {
		return nil
	}
	if err != nil {
		return err
	}
	options := &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, MultiError: false,
		ExcludeResponseBody: !strings.Contains(got.header.Get("Content-Type"), "json"),
	}
	return openapi3filter.ValidateResponse(ctx, &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: parameters, Route: route, Options: options},
		Status:                 got.status, Header: got.header, Body: io.NopCloser(bytes.NewReader([]byte(got.body))), Options: options,
	})
}

// The description is one of OpenAPI 3.1, and every route is in it, and nothing
// else.
func TestAPIDescription(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.described()
	if !strings.HasPrefix(described.doc.OpenAPI, "3.1") {
		t.Errorf("OpenAPI %s", described.doc.OpenAPI)
	}
	operations := make(map[string]bool)
	for path, item := range described.doc.Paths.Map() {
		for method, operation := range item.Operations() {
			operations[method+" "+path] = true
			if operation.OperationID == "" || operation.Summary == "" || operation.Security == nil {
				t.Errorf("%s %s says too little of itself", method, path)
			}
		}
	}
	if len(operations) < 100 {
		t.Errorf("only %d operations", len(operations))
	}
	routes := h.server.Handler(t.Context()).(chi.Routes)
	err := chi.Walk(routes, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		path, ours := strings.CutPrefix(strings.ReplaceAll(pattern, "/*/", "/"), "/api/v1")
		if !ours || strings.HasPrefix(path, "/openapi.") {
			return nil
		}
		if !operations[method+" "+path] {
			t.Errorf("%s %s is a route that is not described", method, path)
		}
		delete(operations, method+" "+path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for operation := range operations {
		t.Errorf("%s is described and no route", operation)
	}
	if yaml := h.do("", http.MethodGet, "/api/v1/openapi.yaml", "", ""); yaml.status != http.StatusOK || !strings.Contains(yaml.body, "openapi: 3.1") {
		t.Errorf("as YAML: %d %.100s", yaml.status, yaml.body)
	}
	page := h.get("", "/docs/api")
	for _, want := range []string{"/rooms/{slug}/tokens", "Issue a media token", `id="shape-Room"`, "<code>rooms:read</code>"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page does not say %s", want)
		}
	}
	if strings.Contains(page.body, "style=") || strings.Contains(page.body, "<script>") {
		t.Error("the page has what its policy forbids")
	}
}
