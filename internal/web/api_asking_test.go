package web_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/room"
	"foyer/internal/webhook"
)

// apiBodies are what is sent to operations that want something.
var apiBodies = map[string]string{
	"changeMe": `{"display_name": "Other name"}`, "createRoom": `{"name": "New"}`, "changeRoom": `{"name": "Other", "capacity": 9}`,
	"lockRoom": `{"locked": true}`, "setSwitches": `{"chat": false}`, "addMember": `{"login": "newcomer"}`,
	"addMembers": `{"people": [{"login": "newcomer"}]}`, "setRole": `{"role": "member"}`, "transferRoom": `{"username": "target"}`,
	"invite": `{"role": "member"}`, "requestToJoin": `{"message": "Let me join"}`, "letIn": `{"display_name": "Zoe", "identity": "4711"}`,
	"reportConnection": `{"path": "udp", "quality": "good", "round_trip": 0.05, "loss": 0}`, "join": `{}`, "knock": `{}`, "banParticipant": `{}`, "raiseHand": `{"raised": true}`, "react": `{"reaction": "heart"}`, "block": `{}`,
	"sendMessage": `{"text": "Hello"}`, "editMessage": `{"text": "Other"}`,
	"createWebhook":     `{"url": "https://example.org/hook", "topics": ["call"]}`,
	"createSiteWebhook": `{"url": "https://example.org/hook", "topics": ["site"]}`,
	"changeUser":        `{"disabled": false}`, "addAnyMember": `{"login": "newcomer"}`, "setAnyRole": `{"role": "moderator"}`,
	"transferAnyRoom": `{"login": "newcomer"}`, "moveRoom": `{"backend": "livekit"}`, "changeSettings": `{"keep_calls": 100}`,
}

// apiPlaces are parts of paths where the tables of pages have others, or none.
var apiPlaces = map[string]func(h *house, r room.Room) string{
	"{mail}": func(h *house, _ room.Room) string { return string(h.mail(h.mails)) },
	"{call}": func(h *house, r room.Room) (id string) {
		h.row(&id, `insert into calls (id, room_id, ended_at) values (gen_random_uuid(), $1, now()) returning id`, r.ID)
		return id
	},
}

// apiOperation is one of the description's.
type apiOperation struct {
	*openapi3.Operation
	method, path string
	scope        apitoken.Scope // empty: any
}

func (h *house) apiOperations() map[string]apiOperation {
	h.Helper()
	h.described()
	all := make(map[string]apiOperation)
	for path, item := range described.doc.Paths.Map() {
		for method, operation := range item.Operations() {
			o := apiOperation{Operation: operation, method: method, path: path}
			if scopes := (*operation.Security)[0]["token"]; len(scopes) == 1 {
				o.scope = apitoken.Scope(scopes[0])
			}
			all[operation.OperationID] = o
		}
	}
	return all
}

// apiRequest is one for an operation.
type apiRequest struct {
	method, path, body string
	edit               []func(*http.Request)
}

// placePattern is one of the parts of paths that a request fills in.
var placePattern = regexp.MustCompile(`{[a-z]+}`)

// requestFor is a request of somebody's program for an operation in a room where
// everything is that it can be about.
func (h *house) requestFor(who string, token account.Token, o apiOperation, r room.Room) apiRequest {
	h.Helper()
	q := apiRequest{method: o.method, body: apiBodies[o.OperationID]}
	q.path = placePattern.ReplaceAllStringFunc(o.path, func(name string) string { return h.apiPlace(who, token, o, name, r) })
	switch o.OperationID {
	case "letIn":
		h.sql(`update rooms set guests = true where id = $1`, r.ID)
	case "acceptInvitation", "lookAtInvitation":
		q.body = `{"token": "` + string(h.invitation(r, room.Member).Token) + `"}`
	case "createService":
		q.body = `{"username": "r-` + uuid.NewString()[:8] + `", "display_name": "Robot"}`
	case "followCall":
		q.path += "?after=0&participant=" + h.joined(token, r)
	case "uploadFile":
		q.path, q.body = q.path+"?name=a.txt", "hello"
		q.edit = append(q.edit, func(q *http.Request) { q.Header.Set("Content-Type", "application/octet-stream") })
	}
	return q
}

// asked is what comes back to a request.
func (h *house) asked(token account.Token, q apiRequest) programAnswer {
	h.Helper()
	return h.program(token, q.method, q.path, q.body, q.edit...)
}

// ofOwnParticipant are the operations on participants of the caller's own.
var ofOwnParticipant = map[string]bool{"raiseHand": true, "react": true, "reportConnection": true, "leave": true}

// apiPlace is a part of an operation's path with which it can succeed: what is the
// caller's own, the service's or the site's where it has to be, and else the
// room's.
func (h *house) apiPlace(who string, token account.Token, o apiOperation, name string, r room.Room) string {
	h.Helper()
	ofService, ofSite := strings.HasPrefix(o.path, "/admin/services/"), strings.HasPrefix(o.path, "/admin/webhooks/")
	switch {
	case name == "{participant}" && ofOwnParticipant[o.OperationID]:
		return h.joined(token, r)
	case name == "{message}" && o.OperationID == "editMessage":
		if own := h.written(token, r); own != "" {
			return own
		}
	case name == "{session}" && who != "robot": // which is signed in nowhere
		return string(h.sessionOf(h.people[who]).ID)
	case name == "{user}" && ofService:
		return string(h.people["robot"].ID)
	case name == "{token}" && ofService:
		return h.anotherToken("robot", token)
	case name == "{token}":
		return h.anotherToken(who, token)
	case name == "{webhook}" && ofSite:
		return h.webhookOfSite()
	case name == "{delivery}" && ofSite:
		return h.lastDelivery(h.webhookOfSite())
	case apiPlaces[name] != nil:
		return apiPlaces[name](h, r)
	}
	return placeholders[name](h, r)
}

// joined is a participant whom a token has let in; nobody, when it may not.
func (h *house) joined(token account.Token, r room.Room) string {
	h.Helper()
	var in ticket
	_ = json.Unmarshal([]byte(h.program(token, http.MethodPost, "/rooms/"+r.Slug+"/join", `{}`).body), &in)
	return cmp.Or(string(in.Participant), "nobody")
}

// written is a message that the holder of a token has just written; empty, when
// they may not.
func (h *house) written(token account.Token, r room.Room) string {
	h.Helper()
	var sent struct{ ID string }
	_ = json.Unmarshal([]byte(h.program(token, http.MethodPost, "/rooms/"+r.Slug+"/messages", `{"text": "Hello"}`).body), &sent)
	return sent.ID
}

// anotherToken is one of somebody's besides the one that asks.
func (h *house) anotherToken(who string, asking account.Token) (id string) {
	h.Helper()
	const find = `select coalesce(max(id::text), '') from sessions where api and user_id = $1 and token_hash <> $2`
	if h.row(&id, find, h.people[who].ID, asking.Hash()); id == "" {
		h.tokenOf(who)
		h.row(&id, find, h.people[who].ID, asking.Hash())
	}
	return id
}

// webhookOfSite is one, with something delivered by it.
func (h *house) webhookOfSite() (id string) {
	h.Helper()
	if h.row(&id, `select coalesce(min(id::text), '') from webhooks where room_id is null`); id == "" {
		return string(h.webhookOf("admin", "", webhook.Site))
	}
	if err := h.webhooks.Try(h.Context(), webhook.ID(id)); err != nil {
		h.Fatal(err)
	}
	return id
}

func (h *house) lastDelivery(of string) (id string) {
	h.Helper()
	h.row(&id, `select coalesce(max(id), 1)::text from deliveries where webhook_id::text = $1`, of)
	return id
}

func newAPIHouse(t *testing.T) *house {
	t.Helper()
	h := newHouse(t, "eve", "member", "moder", "owner", "admin", "target", "newcomer")
	h.sql(`update users set administrator = true where username = 'admin'`)
	admin := h.people["admin"]
	robot, err := h.tokens.MakeService(t.Context(), admin.ID, "robot", "Robot")
	if err != nil {
		t.Fatal(err)
	}
	h.people["robot"] = account.User{ID: robot, Username: "robot"}
	return h
}

// robotToken is a token of the service, made by the administrator.
func (h *house) robotToken(scopes ...apitoken.Scope) account.Token {
	h.Helper()
	token, err := h.tokens.Make(h.Context(), h.sessionOf(h.people["admin"]), h.people["robot"].ID,
		apitoken.Draft{Name: "Robot's", Scopes: scopes, Days: 30})
	if err != nil {
		h.Fatal(err)
	}
	return token
}

// tokenOf is a token of one of the columns: for everything, when no scope is named.
func (h *house) tokenOf(who string, scopes ...apitoken.Scope) account.Token {
	h.Helper()
	if who != "robot" {
		return h.apiToken(who, scopes...)
	}
	if len(scopes) == 0 {
		scopes = apitoken.Scopes
	}
	return h.robotToken(scopes...)
}

// freshToken is tokenOf, and their only one.
func (h *house) freshToken(who string, scopes ...apitoken.Scope) account.Token {
	h.Helper()
	h.sql(`delete from sessions where api and user_id = $1`, h.people[who].ID)
	return h.tokenOf(who, scopes...)
}
