package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"foyer/internal/problem"
	"foyer/internal/words"
)

// Problem is an error as programs are told of it (RFC 9457).
type Problem struct {
	Type     string   `json:"type" example:"urn:foyer:problem:locked" doc:"What kind of problem it is: urn:foyer:problem: and the reason."`
	Title    string   `json:"title" example:"The room is locked" doc:"What happened, for people."`
	Status   int      `json:"status" example:"403" doc:"The HTTP status."`
	Detail   string   `json:"detail" doc:"What to do next, for people."`
	Reason   string   `json:"reason" example:"locked" doc:"What happened, in one word for programs."`
	Instance string   `json:"instance,omitempty" example:"urn:foyer:request:k3v0abcdef" doc:"Of a failure of Foyer's: where its log says more."`
	Errors   []Detail `json:"errors,omitempty" doc:"What of the request cannot be accepted."`

	retry int
}

// Detail is what is wrong with a part of a request.
type Detail struct {
	Location string `json:"location" example:"body.name" doc:"Which part: the name of a field, or a path to it."`
	Message  string `json:"message" doc:"What is wrong with it, for people."`
}

func (p *Problem) Error() string { return p.Title }

// GetStatus makes it a huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders makes it a huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := make(http.Header)
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retry))
	}
	return h
}

// ContentType makes it a huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

func typed(status int, reason, title, detail string) *Problem {
	return &Problem{Type: "urn:foyer:problem:" + reason, Title: title, Status: status, Detail: detail, Reason: reason}
}

// problemOf is an error as it is told. The API's own come first; the others are
// told as on the pages.
func problemOf(err error) *Problem {
	told := func(status int, reason string) *Problem {
		return typed(status, reason, words.Text("api."+reason), words.Text("api."+reason+"_next"))
	}
	switch {
	case errors.Is(err, errScope):
		return told(http.StatusForbidden, "scope")
	case errors.Is(err, errLimited):
		return told(http.StatusForbidden, "rooms")
	case errors.Is(err, errFactor):
		return told(http.StatusForbidden, "factor")
	case errors.Is(err, errOtherRequest):
		return told(http.StatusUnprocessableEntity, "idempotency_key")
	case errors.Is(err, errBeingAnswered):
		p := told(http.StatusConflict, "being_answered")
		p.retry = 1
		return p
	}
	of := problem.Of(err)
	p := typed(of.Status, of.Reason, of.Heading, of.Message)
	p.retry = of.Retry
	switch {
	case of.Status == http.StatusUnauthorized:
		p = told(of.Status, "token")
	case of.Reason == "method", of.Reason == "not_found":
		p.Detail = words.Text("api." + of.Reason + "_next")
	}
	for _, field := range slices.Sorted(maps.Keys(of.Fields)) {
		p.Errors = append(p.Errors, Detail{Location: field, Message: of.Fields[field]})
	}
	return p
}

// problem is what is told of an error; failures of ours are logged.
func (a *API) problem(ctx context.Context, err error) *Problem {
	p := problemOf(err)
	if p.Status < http.StatusInternalServerError || ctx.Err() != nil {
		return p
	}
	id := strings.ToLower(rand.Text()[:10])
	p.Instance = "urn:foyer:request:" + id
	route := ""
	if c := callerOf(ctx); c != nil {
		route = c.route()
	}
	a.Log.Error("request failed", "request_id", id, "route", route, "status", p.Status, "error", err)
	return p
}

// tellProblems has huma tell of what it finds in a request as we do: it asks a
// variable of its own.
var tellProblems = sync.OnceFunc(func() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		reason, ok := reasons[status]
		if !ok {
			reason = "malformed"
		}
		p := typed(status, reason, words.Text("api.found_"+reason), sentence(message))
		for _, err := range errs {
			detail := Detail{Location: "body", Message: err.Error()}
			if told, ok := err.(huma.ErrorDetailer); ok {
				// Without the value: it may be a secret, and is known to who sent it.
				detail = Detail{Location: told.ErrorDetail().Location, Message: told.ErrorDetail().Message}
			}
			p.Errors = append(p.Errors, detail)
		}
		return p
	}
})

// reasons are those of what huma finds in a request.
var reasons = map[int]string{
	http.StatusBadRequest: "malformed", http.StatusRequestTimeout: "slow", http.StatusRequestEntityTooLarge: "too_large",
	http.StatusUnsupportedMediaType: "content_type", http.StatusUnprocessableEntity: "invalid", http.StatusInternalServerError: "failed",
}

func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// plain answers the errors of a handler that is none of huma's.
func (a *API) plain(handle func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := handle(w, r)
		if err == nil || r.Context().Err() != nil {
			return
		}
		p := a.problem(r.Context(), err)
		maps.Copy(w.Header(), p.GetHeaders())
		w.Header().Set("Content-Type", p.ContentType(""))
		w.WriteHeader(p.Status)
		raw, err := json.Marshal(p)
		if err != nil {
			panic(err) // strings and numbers
		}
		_, _ = w.Write(raw) // the client is gone: nobody to tell
	}
}
