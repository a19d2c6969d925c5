package twiliotest

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

//go:embed testdata/twilio_video_v1.json
var description []byte

// router finds the operation that a request is for in the published description.
var router = sync.OnceValue(func() routers.Router {
	doc, err := openapi3.NewLoader().LoadFromData(description)
	if err != nil {
		panic(err)
	}
	doc.Servers = nil
	for _, path := range doc.Paths.Map() {
		path.Servers = nil // under test the service is elsewhere
		for _, operation := range path.Operations() {
			formFieldsAreText(operation)
		}
	}
	found, err := gorillamux.NewRouter(doc)
	if err != nil {
		panic(err)
	}
	return found
})

// formFieldsAreText says of structures within forms that they are sent as JSON
// in a text: validators do not know how else a form would hold one.
func formFieldsAreText(operation *openapi3.Operation) {
	if operation.RequestBody == nil {
		return
	}
	for _, property := range operation.RequestBody.Value.Content.Get(form).Schema.Value.Properties {
		if property.Ref == "" && (property.Value.Type == nil || property.Value.Type.Is(openapi3.TypeObject)) {
			property.Value = openapi3.NewStringSchema()
		}
	}
}

const form = "application/x-www-form-urlencoded"

// mostBody bounds a request, in bytes.
const mostBody = 1 << 20

// described checks requests, and the answers to those that succeed, against the
// published description. What it does not allow is answered 500 and is among
// Violations.
func (s *Service) described(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, mostBody))
		if err != nil {
			return // the client is gone
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		input, err := checkRequest(r)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if err != nil {
			s.violated(w, r, err)
			return
		}
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)
		if r.Context().Err() != nil {
			return // the client is gone, and the handler said nothing
		}
		answer := recorder.Result()
		if answer.StatusCode < 300 {
			err = checkAnswer(r.Context(), input, answer.StatusCode, answer.Header, recorder.Body.Bytes())
		}
		if err != nil {
			s.violated(w, r, err)
			return
		}
		maps.Copy(w.Header(), answer.Header)
		w.WriteHeader(answer.StatusCode)
		_, _ = w.Write(recorder.Body.Bytes()) // the client is gone: nobody to tell
	})
}

func checkRequest(r *http.Request) (*openapi3filter.RequestValidationInput, error) {
	route, parameters, err := router().FindRoute(r)
	if err != nil {
		return nil, err
	}
	input := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
		return nil, err
	}
	return input, unknownFields(r, route)
}

// unknownFields refuses query parameters and form fields that the description
// does not have: validators let those through.
func unknownFields(r *http.Request, route *routers.Route) error {
	known := make(map[string]bool)
	for _, p := range route.Operation.Parameters {
		known[p.Value.Name] = true
	}
	if body := route.Operation.RequestBody; body != nil {
		for name := range body.Value.Content.Get(form).Schema.Value.Properties {
			known[name] = true
		}
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	for name := range r.Form {
		if !known[name] {
			return fmt.Errorf("%q is no field of %s", name, route.Operation.OperationID)
		}
	}
	r.Form, r.PostForm = nil, nil // the handler reads the body itself
	return nil
}

func checkAnswer(ctx context.Context, request *openapi3filter.RequestValidationInput, status int, header http.Header, body []byte) error {
	err := openapi3filter.ValidateResponse(ctx, &openapi3filter.ResponseValidationInput{
		RequestValidationInput: request, Status: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Options: request.Options,
	})
	if err != nil {
		return err
	}
	var answer any
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	described := request.Route.Operation.Responses.Status(status).Value.Content.Get("application/json").Schema
	return otherFields("the answer", described.Value, answer)
}

// otherFields refuses objects that lack a field of the description, or have
// another: Twilio gives all of them, and validators need none.
func otherFields(where string, described *openapi3.Schema, value any) error {
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			if err := otherFields(fmt.Sprintf("%s[%d]", where, i), described.Items.Value, item); err != nil {
				return err
			}
		}
	case map[string]any:
		if len(described.Properties) == 0 {
			return nil // links, say: an object of any fields
		}
		for name := range value {
			if described.Properties[name] == nil {
				return fmt.Errorf("%s has a field %q", where, name)
			}
		}
		for name, property := range described.Properties {
			field, there := value[name]
			if !there {
				return fmt.Errorf("%s has no field %q", where, name)
			}
			if err := otherFields(where+"."+name, property.Value, field); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) violated(w http.ResponseWriter, r *http.Request, err error) {
	s.mu.Lock()
	s.violations = append(s.violations, fmt.Sprintf("%s %s: %v", r.Method, r.URL.RequestURI(), err))
	s.mu.Unlock()
	fail(w, &Error{http.StatusInternalServerError, 20500, "not as the published description says: " + err.Error()})
}

// Violations lists requests and answers that the published description does not
// allow.
func (s *Service) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}
