package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// tokens are those of programs, of accounts and of a service, and the secrets that
// programs are told, in answers that are kept.
func (r *planted) tokens() {
	r.Helper()
	r.collector = r.makeToken(r.root, "/account/tokens", "/account/tokens")
	r.bearer = r.makeToken(r.ana, "/account/tokens", "/account/tokens")
	at := r.root.fill("/admin/services", "username", "helpdesk", "display_name", "Help desk")
	service := r.makeToken(r.root, at, at+"/tokens")
	if !strings.HasPrefix(service, "foyer_svc_") {
		r.Fatalf("no token of a service: %q", service)
	}
	for _, path := range []string{"/api/v1/rooms", "/api/v1/rooms/nothing", "/api/v1/nothing", "/metrics"} {
		for _, bearer := range []string{r.bearer, r.bearer + "0", service, service + "0"} {
			r.ask(bearer, question{path: path})
		}
	}

	// A service has no password: 409.
	r.ask(r.collector, question{method: http.MethodPost, path: strings.Replace(at, "/admin/services", "/api/v1/admin/users", 1) + "/reset"})

	r.ana.fill(r.room+"/members", "login", "helpdesk", "role", "moderator")
	var ticket ticket
	r.twice(service, "tokens", `{"display_name": "Vera"}`, &ticket)
	if !signed[0].MatchString(ticket.Token) {
		r.Fatalf("signed tokens look otherwise: %s", ticket.Token)
	}
	r.found.add(r.T, "a media token for a program's guest", ticket.Token)
	var made struct{ Items []struct{ URL string } }
	r.twice(r.bearer, "invitations", `{"role": "guest"}`, &made)
	if len(made.Items) != 1 {
		r.Fatalf("not one invitation: %+v", made)
	}
	_, link, _ := strings.Cut(made.Items[0].URL, "/invite/")
	r.found.add(r.T, "an invitation of a program's", link)
}

// makeToken makes a token for all that there is, by the form of a page that is sent to
// a path.
func (r *planted) makeToken(v *visitor, page, path string) string {
	r.Helper()
	form := v.page(page)
	fields := url.Values{"name": {"Program"}, "days": {"30"}}
	for _, scope := range regexp.MustCompile(`type="checkbox" name="([^"]+)"`).FindAllStringSubmatch(form, -1) {
		fields.Set(scope[1], "on")
	}
	_, shown := v.send("POST", path, "application/x-www-form-urlencoded", fields.Encode())
	token := regexp.MustCompile(`foyer_(?:pat|svc)_[0-9a-f]{20,}`).FindString(shown)
	r.found.add(r.T, "a token of a program", token)
	return token
}

// question is what a program asks.
type question struct {
	method, path string // a GET, unless it says otherwise
	body         string
	key          string // by which the answer is kept
}

// ask asks as a program does, and returns the answer.
func (r *planted) ask(token string, q question) (status int, answer string) {
	r.Helper()
	request, err := http.NewRequestWithContext(r.Context(), cmp.Or(q.method, http.MethodGet), r.url+q.path, strings.NewReader(q.body))
	if err != nil {
		r.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	if q.key != "" {
		request.Header.Set("Idempotency-Key", q.key)
	}
	response, err := recording{client.Transport, r}.RoundTrip(request)
	if err != nil {
		r.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// metrics is what /metrics says.
func (r *planted) metrics() string {
	r.Helper()
	_, answer := r.ask(r.collector, question{path: "/metrics"})
	return answer
}

// keyOf is the key by which the answer about something of the room is kept.
func keyOf(what string) string { return "planted-key-for-" + what }

// twice has something of the room made with a key, and asks for it once more: what is
// told again was kept.
func (r *planted) twice(token, what, body string, into any) {
	r.Helper()
	q := question{http.MethodPost, "/api/v1" + strings.Replace(r.room, "/r/", "/rooms/", 1) + "/" + what, body, keyOf(what)}
	status, first := r.ask(token, q)
	if _, again := r.ask(token, q); status != http.StatusCreated || first != again {
		r.Fatalf("%s: %d %s, and then %s", what, status, first, again)
	}
	if err := json.Unmarshal([]byte(first), into); err != nil {
		r.Fatal(err)
	}
}

// wrongly has a program send a secret where it is of no use.
func (r *planted) wrongly(secret string) {
	r.Helper()
	for _, q := range []question{
		{path: "/api/v1/accept-invitation", body: fmt.Sprintf(`{"token": %q}`, secret)},
		{path: "/api/v1/rooms", body: fmt.Sprintf(`{"name": "", "visibility": %q, "topic": [%q]}`, secret, secret)},
		{path: "/api/v1/rooms", body: fmt.Sprintf(`{"name": "%s`, secret)},
		{path: "/api/v1/rooms", body: fmt.Sprintf(`{"name": %q}`, secret), key: keyOf("invitations")}, // of another request
		{method: http.MethodGet, path: "/api/v1/rooms?after=" + url.QueryEscape(secret)},
	} {
		q.method = cmp.Or(q.method, http.MethodPost)
		r.ask(r.bearer, q)
	}
}
