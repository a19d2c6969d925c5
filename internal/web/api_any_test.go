package web_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"foyer/internal/account"
	"foyer/internal/room"
	"foyer/internal/settings"
)

// askedOfEach is how many requests are made of each operation: more when somebody
// has the time, as FOYER_API_REQUESTS says.
const askedOfEach = 30

// Whatever is asked of an operation, made by its description or against it: the
// answer is never a failure of Foyer's, and always as described.
func TestAPIAnswersAnything(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("many requests")
	}
	many := askedOfEach
	if more, err := strconv.Atoi(os.Getenv("FOYER_API_REQUESTS")); err == nil {
		many = more
	}
	h := newAPIHouse(t)
	operations := h.apiOperations()
	roles := map[string]room.Role{"member": room.Member, "moder": room.Moderator, "target": room.Member}
	g := &generator{rand: rand.New(rand.NewPCG(1, 2)), h: h}
	for _, id := range slices.Sorted(maps.Keys(operations)) {
		o := operations[id]
		who := "owner"
		if o.scope == "admin" {
			who = "admin"
		}
		g.who = who
		answers := make(map[string]int)
		for n := range many {
			if n%25 == 0 { // whatever has become of them
				h.sql(`update users set disabled_at = null, administrator = username = 'admin'`)
				g.room, g.made = h.room("private", roles, "owner"), make(map[string]string)
				h.sql(`update rooms set guests = true where id = $1`, g.room.ID)
				if err := h.settings.Change(t.Context(), h.people["admin"].ID, usual, nil, settings.Names); err != nil {
					t.Fatal(err)
				}
				g.token = h.freshToken(who)
			}
			method, path, body, kind := g.request(o)
			got := h.program(g.token, method, path, body, func(r *http.Request) {
				if body != "" {
					r.Header.Set("Content-Type", kind)
				}
			})
			if got.status >= http.StatusInternalServerError {
				t.Errorf("%s: %s %s answers %d to %s %.200q", id, method, path, got.status, kind, body)
			}
			answers[fmt.Sprintf("%d %s", got.status, got.reason)]++
			if got.status == http.StatusUnauthorized {
				g.token = h.freshToken(who) // it ended itself
			}
		}
		worked := slices.ContainsFunc(slices.Collect(maps.Keys(answers)), func(a string) bool { return a[0] == '2' })
		if !worked && !rarely[id] {
			t.Errorf("%s: nothing that was asked of it worked: %v", id, answers)
		}
	}
	h.noFailures()
}

// rarely are operations that work only with what the generator does not come upon.
// TestAPIAccess sees them work, as it does every one.
var rarely = map[string]bool{
	"acceptInvitation": true, "lookAtInvitation": true, "sendMail": true, "resetUser": true, "requestToJoin": true, "spotlight": true,
}

// generator makes requests.
type generator struct {
	rand  *rand.Rand
	h     *house
	who   string // asks
	token account.Token
	room  room.Room
	made  map[string]string // what a room has only so many of, or a minute
}

func (g *generator) oneIn(n int) bool { return g.rand.IntN(n) == 0 }

func pick[T any](g *generator, from ...T) T { return from[g.rand.IntN(len(from))] }

// request is one of an operation: usually as described, with one thing or another
// wrong with it now and then.
func (g *generator) request(o apiOperation) (method, path, body, kind string) {
	method, path = o.method, o.path
	query := make(url.Values)
	for _, p := range o.Parameters {
		switch p.Value.In {
		case openapi3.ParameterInPath:
			path = strings.ReplaceAll(path, "{"+p.Value.Name+"}", g.place(o, p.Value.Name))
		case openapi3.ParameterInQuery:
			if p.Value.Required || g.oneIn(3) {
				query.Set(p.Value.Name, g.asked(p.Value))
			}
		}
	}
	if g.oneIn(20) {
		query.Set(pick(g, "unknown", "after", "q"), g.nonsense())
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	kind = "application/json"
	if o.RequestBody != nil {
		if media := o.RequestBody.Value.Content.Get("application/json"); media != nil {
			body = g.json(media.Schema.Value)
		} else {
			body, kind = strings.Repeat("x", 1+g.rand.IntN(2000)), "application/octet-stream"
		}
	}
	if g.oneIn(20) {
		body = pick(g, "", "{", "[]", "null", "true", `"text"`, "\xff\xfe", `{"a":`+strings.Repeat("[", 2000), strings.Repeat(" ", 70_000), "a=b")
	}
	if g.oneIn(30) {
		kind = pick(g, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-8", "application/problem+json", "nonsense", "")
	}
	return method, path, body, kind
}

// asked is a parameter of a query.
func (g *generator) asked(p *openapi3.Parameter) string {
	if p.Name != "participant" || g.oneIn(6) {
		return g.text(p.Schema.Value)
	}
	return g.participant()
}

// participant is the caller's own.
func (g *generator) participant() string {
	return g.once("participant", func() string { return g.h.joined(g.token, g.room) })
}

// once makes something the first time that it is asked for.
func (g *generator) once(what string, make func() string) string {
	if g.made[what] == "" {
		g.made[what] = make()
	}
	return g.made[what]
}

// place is a part of a path: of something that is there, mostly.
func (g *generator) place(o apiOperation, name string) string {
	if g.oneIn(6) {
		return url.PathEscape(pick(g, uuid.NewString(), "nobody", "0", "-1", "99999999999999999999", "ÄÖ", "a b", "..", "%", "'", strings.Repeat("x", 63), strings.Repeat("x", 300), "\u202e", "\x01"))
	}
	key := "{" + name + "}"
	if table, ok := map[string]string{"{request}": "join_requests", "{ban}": "bans", "{entry}": "lobby"}[key]; ok {
		g.h.sql(`delete from `+table+` where room_id = $1`, g.room.ID) // one of each person
	}
	make := func() string { return g.h.apiPlace(g.who, g.token, o, key, g.room) }
	switch {
	case name == "participant" && ofOwnParticipant[o.OperationID]:
		return g.participant()
	case name == "delivery": // of a webhook that may have been removed
		return g.h.lastDelivery(g.made["{webhook}"])
	case name == "message", name == "file", name == "webhook":
		return g.once(key, make)
	}
	return make()
}

// json is a body for a schema.
func (g *generator) json(s *openapi3.Schema) string {
	value := g.value(s)
	if object, ok := value.(map[string]any); ok && g.oneIn(12) {
		switch g.rand.IntN(3) {
		case 0:
			object["unknown"] = 1
		case 1:
			for name := range object {
				delete(object, name)
				break
			}
		case 2:
			for name := range object {
				object[name] = pick[any](g, nil, 1, -1.5, 1e300, true, "", []any{}, map[string]any{}, g.nonsense())
				break
			}
		}
	}
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// likely are texts that mean something in a field.
var likely = map[string]string{"login": "newcomer", "username": "target", "url": "https://example.org/hook", "backend": "livekit"}

// value is one as a schema describes it, mostly.
func (g *generator) value(s *openapi3.Schema) any {
	if g.oneIn(60) {
		return pick[any](g, nil, 0, -1, true, "x", []any{nil}, map[string]any{"x": nil})
	}
	switch {
	case len(s.Enum) > 0:
		return pick(g, s.Enum...)
	case s.Type.Is(openapi3.TypeObject):
		object := make(map[string]any)
		for name, property := range s.Properties {
			if slices.Contains(s.Required, name) || g.oneIn(2) {
				object[name] = g.value(property.Value)
				if likely := likely[name]; likely != "" && !g.oneIn(3) {
					object[name] = likely
				}
			}
		}
		return object
	case s.Type.Includes(openapi3.TypeArray):
		list := []any{}
		for range g.rand.IntN(4) {
			list = append(list, g.value(s.Items.Value))
		}
		return list
	case s.Type.Includes(openapi3.TypeBoolean):
		return g.oneIn(2)
	case s.Type.Includes(openapi3.TypeInteger), s.Type.Includes(openapi3.TypeNumber):
		return g.number(s)
	}
	return g.text(s)
}

func (g *generator) number(s *openapi3.Schema) any {
	least, most := 0.0, 1000.0
	if s.Min != nil {
		least = *s.Min
	}
	if s.Max != nil {
		most = *s.Max
	}
	if g.oneIn(8) {
		return pick[any](g, least-1, most+1, -1, json.Number("9223372036854775807"), json.Number("9223372036854775808"), 1.5)
	}
	return int64(least) + g.rand.Int64N(int64(most-least)+1)
}

// text is one for a schema, as it stands in a query too.
func (g *generator) text(s *openapi3.Schema) string {
	switch {
	case g.oneIn(10):
		return g.nonsense()
	case len(s.Enum) > 0:
		return fmt.Sprint(pick(g, s.Enum...))
	case s.Type.Includes(openapi3.TypeInteger):
		return fmt.Sprint(g.number(s))
	case s.Type.Includes(openapi3.TypeBoolean):
		return pick(g, "true", "false")
	case s.Format == "uuid":
		return uuid.NewString()
	case s.Format == "date-time":
		return pick(g, "2026-01-02T03:04:05Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
	}
	return pick(g, "target", "newcomer", "owner", "Team", "Ana", "livekit", "https://example.org/hook", "ana@example.org", "a", uuid.NewString()[:12])
}

// nonsense is a text that somebody could send.
func (g *generator) nonsense() string {
	return pick(g, "", " ", "\x00", "a\x00b", "\ufffd", "\u202eevil", "\u200b", "a\nb", "💥", strings.Repeat("ä", 130), strings.Repeat("x", 5000),
		"'; drop table users; --", "%", "%00", "\\", "null", "NaN", "-1", "1e400", "../..", "<script>", "2026-13-45T99:99:99Z")
}
