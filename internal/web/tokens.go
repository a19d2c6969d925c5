package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/words"
)

const tokensPath = "/account/tokens"

func (s *Server) tokensPage(w http.ResponseWriter, r *http.Request, session account.Session) error {
	return s.showTokens(w, r, session, http.StatusOK, newTokenForm())
}

func (s *Server) showTokens(w http.ResponseWriter, r *http.Request, session account.Session, status int, form Form) error {
	tokens, err := s.Tokens.List(r.Context(), session.User.ID)
	if err != nil {
		return err
	}
	page := TokensPage{Page: s.base(r, words.Text("apitoken.title")), TokenForm: tokenForm(tokensPath, form, session.User.Administrator)}
	page.Tokens = tokenRows(tokensPath, tokens)
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, status, "account_tokens", page)
	return nil
}

// newTokenForm is the form before anybody has filled it in.
func newTokenForm() Form {
	return Form{Values: map[string]string{"days": strconv.Itoa(apitoken.Lives[1])}}
}

func tokenForm(path string, form Form, administrator bool) TokenForm {
	out := TokenForm{Path: path, Form: form, Lives: apitoken.Lives}
	for _, scope := range apitoken.Scopes {
		if scope == apitoken.Admin && !administrator {
			continue
		}
		name := "scope_" + scopeKey(scope)
		out.Scopes = append(out.Scopes, ScopeChoice{
			Name: name, On: form.Value(name) != "", Title: words.Text("apitoken.title_" + scopeKey(scope)), Help: words.Text("apitoken.scope_" + scopeKey(scope)),
		})
	}
	return out
}

// scopeKey is a scope as the names of fields and messages have it.
func scopeKey(scope apitoken.Scope) string { return strings.ReplaceAll(string(scope), ":", "_") }

func tokenRows(path string, tokens []apitoken.Token) []TokenRow {
	var rows []TokenRow
	for _, t := range tokens {
		row := TokenRow{
			ID: string(t.ID), Path: path + "/" + string(t.ID), Name: t.Name, Hint: t.Hint, CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, UsedAt: t.UsedAt,
			Rooms: len(t.Rooms),
		}
		for _, scope := range t.Scopes {
			row.Scopes = append(row.Scopes, words.Text("apitoken.title_"+scopeKey(scope)))
		}
		rows = append(rows, row)
	}
	return rows
}

// readToken reads what a form says of a token to be made.
func readToken(r *http.Request) (map[string]string, apitoken.Draft, error) {
	fields := []string{"name", "days", "rooms"}
	for _, scope := range apitoken.Scopes {
		fields = append(fields, "scope_"+scopeKey(scope))
	}
	values, err := readForm(r, fields...)
	if err != nil {
		return nil, apitoken.Draft{}, err
	}
	draft := apitoken.Draft{Name: values["name"], Days: whole(values["days"]), Rooms: values["rooms"]}
	for _, scope := range apitoken.Scopes {
		if values["scope_"+scopeKey(scope)] != "" {
			draft.Scopes = append(draft.Scopes, scope)
		}
	}
	return values, draft, nil
}

// makeToken makes a token and shows it, in this answer only.
func (s *Server) makeToken(w http.ResponseWriter, r *http.Request, session account.Session) error {
	values, draft, err := readToken(r)
	if err != nil {
		return err
	}
	secret, err := s.Tokens.Make(r.Context(), session, session.User.ID, draft)
	if err != nil {
		form, status, err := again(w, values, err)
		if err != nil {
			return err
		}
		return s.showTokens(w, r, session, status, form)
	}
	s.showMadeToken(w, r, MadeTokenPage{Page: s.base(r, words.Text("apitoken.made_title")), Secret: string(secret), Path: tokensPath})
	return nil
}

func (s *Server) showMadeToken(w http.ResponseWriter, r *http.Request, page MadeTokenPage) {
	w.Header().Set("Cache-Control", "no-store")
	s.render(w, r, http.StatusOK, "token_made", page)
}

func (s *Server) revokeToken(w http.ResponseWriter, r *http.Request, session account.Session) error {
	err := s.Tokens.Revoke(r.Context(), session.User.ID, session.User.ID, account.SessionID(chi.URLParam(r, "token")))
	if err != nil {
		return err
	}
	return s.leave(w, r, tokensPath, words.Text("apitoken.revoked"))
}
