package web_test

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/room"
	"foyer/internal/web"
)

// A token opens what its scopes say and nothing else, whoever holds it; what is no
// token, or no more, opens nothing.
func TestAPIScopes(t *testing.T) {
	t.Parallel()
	h := newAPIHouse(t)
	h.fromManyAddresses()
	r := h.room("private", map[string]room.Role{"admin": room.Owner, "robot": room.Moderator}, "owner")
	narrow := make(map[apitoken.Scope]account.Token) // without one scope
	for _, without := range apitoken.Scopes {
		narrow[without] = h.apiToken("admin", slices.DeleteFunc(slices.Clone(apitoken.Scopes), func(s apitoken.Scope) bool { return s == without })...)
	}
	revoked, expired, disabled, removed := h.apiToken("admin"), h.apiToken("admin"), h.apiToken("eve"), h.robotToken(apitoken.Scopes...)
	h.sql(`delete from sessions where token_hash = $1`, revoked.Hash())
	h.sql(`update sessions set expires_at = now() where token_hash = $1`, expired.Hash())
	h.sql(`update users set disabled_at = now() where username in ('eve', 'robot')`)
	browser, err := h.accounts.Begin(t.Context(), h.people["admin"].ID, account.ByPassword, "", account.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	dead := map[string]account.Token{
		"none": "", "nonsense": "foyer_pat_nonsense", "revoked": revoked, "run out": expired, "disabled": disabled, "disabled service": removed, "browser's": browser,
	}
	for id, o := range h.apiOperations() {
		path := strings.ReplaceAll(o.path, "{slug}", r.Slug)
		for name, token := range dead {
			if got := h.program(token, o.method, path, apiBodies[id], from(id)); got.status != http.StatusUnauthorized || got.reason != "token" ||
				got.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s with a token that is %s: %d %s", id, name, got.status, got.reason)
			}
		}
		if o.scope == "" {
			continue
		}
		if got := h.program(narrow[o.scope], o.method, path, apiBodies[id]); got.status != http.StatusForbidden || got.reason != "scope" {
			t.Errorf("%s without the scope %s: %d %s", id, o.scope, got.status, got.reason)
		}
	}
}

// To a token that is limited to some rooms, none of what there is to ask about
// another is there: each operation answers as for a room that does not exist, to
// the letter, though the holder owns the room.
func TestAPIScopesOfRooms(t *testing.T) {
	t.Parallel()
	h := newAPIHouse(t)
	defer h.noFailures()
	roles := map[string]room.Role{"member": room.Member, "moder": room.Moderator, "target": room.Member}
	in, whole := h.room("private", nil, "owner"), h.apiToken("owner")
	limited, err := h.tokens.Make(t.Context(), h.sessionOf(h.people["owner"]), h.people["owner"].ID,
		apitoken.Draft{Name: "One", Scopes: apitoken.Scopes, Days: 7, Rooms: in.Slug})
	if err != nil {
		t.Fatal(err)
	}
	for id, o := range h.apiOperations() {
		if !strings.Contains(o.path, "{slug}") {
			continue
		}
		r := h.room("open", roles, "owner")
		q := h.requestFor("owner", whole, o, r)
		got := h.asked(limited, q)
		q.path = strings.Replace(q.path, "/rooms/"+r.Slug, "/rooms/there-is-none", 1)
		none := h.asked(limited, q)
		if got.status != http.StatusNotFound || got.status != none.status || got.body != none.body || len(got.header) != len(none.header) {
			t.Errorf("%s beyond the token's rooms: %d %s, of no room: %d %s", id, got.status, got.body, none.status, none.body)
		}
	}
}

// fromManyAddresses has the service believe where requests say that they come from.
func (h *house) fromManyAddresses() {
	h.Helper()
	config := h.config
	config.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	server, err := web.New(config)
	if err != nil {
		h.Fatal(err)
	}
	behind := httptest.NewServer(server.Handler(h.Context()))
	h.Cleanup(behind.Close)
	h.url = behind.URL
}

// from has a request come from an address of its own.
func from(name string) func(*http.Request) {
	sum := sha256.Sum256([]byte(name))
	return func(r *http.Request) {
		r.Header.Set("X-Forwarded-For", netip.AddrFrom4([4]byte{10, sum[0], sum[1], sum[2]}).String())
	}
}
