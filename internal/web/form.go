package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"foyer/internal/input"
	"foyer/internal/problem"
	"foyer/internal/words"
)

// readForm returns the fields of a posted form that the handler knows.
func readForm(r *http.Request, fields ...string) (map[string]string, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/x-www-form-urlencoded" {
		return nil, problem.ErrContentType
	}
	if err := r.ParseForm(); err != nil {
		return nil, unreadable(err)
	}
	values := make(map[string]string, len(fields))
	for _, field := range fields {
		values[field] = r.PostForm.Get(field)
	}
	return values, nil
}

// unreadable keeps what says that a body was too large, and calls everything
// else malformed.
func unreadable(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return fmt.Errorf("%w: %w", problem.ErrBody, err)
}

// again makes of a refused form what to show once more, and the status to show
// it with: what was typed, without passwords and what is not text, and what is
// wrong. An error that the form has no place for is returned.
func again(w http.ResponseWriter, values map[string]string, err error) (Form, int, error) {
	form := Form{Values: make(map[string]string), Errors: make(map[string]string)}
	for field, value := range values {
		if !strings.Contains(field, "password") {
			form.Values[field] = strings.ReplaceAll(strings.ToValidUTF8(value, ""), "\x00", "")
		}
	}
	p := problem.Of(err)
	var invalid input.Invalid
	switch {
	case errors.As(err, &invalid):
		form.Errors = invalid
	case p.Status == http.StatusForbidden, p.Retry > 0:
		form.Errors[""] = p.Sentences()
	default:
		return Form{}, 0, err
	}
	p.Hint(w)
	return form, p.Status, nil
}

// readJSON decodes a JSON object strictly into v: unknown fields, wrong types,
// invalid UTF-8 and anything after the object are refused.
func readJSON(r *http.Request, v any) error {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return problem.ErrContentType
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return unreadable(err)
	}
	if !utf8.Valid(raw) {
		return fmt.Errorf("%w: not UTF-8", problem.ErrBody)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return jsonProblem(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: more than one value", problem.ErrBody)
	}
	return nil
}

// jsonProblem puts what is wrong with a JSON body beside the field it concerns.
func jsonProblem(err error) error {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) && wrongType.Field != "" {
		return input.Invalid{wrongType.Field: words.Text("input.wrong_type", "wanted", wrongType.Type.String(), "given", wrongType.Value)}
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return input.Invalid{strings.Trim(field, `"`): words.Text("input.there_is_no_such_field")}
	}
	return fmt.Errorf("%w: %w", problem.ErrBody, err)
}
