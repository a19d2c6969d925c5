package web_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/room"
)

// apiAccess is the expected answer to every operation of the API for a program of
// every kind of person, whose token has every scope: a column each, as apiKinds
// says.
const apiAccess = `
operation              scope       banned strang listed open   member moder  owner  service admin
readMe                 any         200    200    200    200    200    200    200    200    200

changeMe               account     204    204    204    204    204    204    204    204    204
confirmAddress         account     204    204    204    204    204    204    204    204    204
endSession             account     404    404    404    404    404    404    404    404    404
endSessions            account     204    204    204    204    204    204    204    204    204
listSessions           account     200    200    200    200    200    200    200    200    200
listTokens             account     200    200    200    200    200    200    200    200    200
revokeToken            account     404    404    404    404    404    404    404    404    404

exportAttendance       rooms:read  404    404    403    403    403    200    200    200    404
exportAudit            rooms:read  404    404    403    403    403    403    200    403    404
exportMembers          rooms:read  404    404    403    403    200    200    200    200    404
findRooms              rooms:read  200    200    200    200    200    200    200    200    200
listAudit              rooms:read  404    404    403    403    403    403    200    403    404
listBans               rooms:read  404    404    403    403    403    200    200    200    404
listCalls              rooms:read  404    404    403    403    403    200    200    200    404
listDeliveries         rooms:read  404    404    403    403    403    403    200    403    404
listInvitations        rooms:read  404    404    403    403    403    200    200    200    404
listLobby              rooms:read  404    404    403    403    403    200    200    200    404
listMembers            rooms:read  404    404    403    403    200    200    200    200    404
listParticipants       rooms:read  404    404    403    200    200    200    200    200    404
listRequests           rooms:read  404    404    403    403    403    200    200    200    404
listRooms              rooms:read  200    200    200    200    200    200    200    200    200
listWebhooks           rooms:read  404    404    403    403    403    403    200    403    404
lookAtInvitation       rooms:read  404    200    200    200    200    200    200    200    200
readCall               rooms:read  404    404    403    403    403    200    200    200    404
readRequest            rooms:read  404    404    200    200    200    200    200    200    404
readRoom               rooms:read  404    404    200    200    200    200    200    200    404

acceptInvitation       rooms:write 404    200    200    200    200    200    200    200    200
acceptRequest          rooms:write 404    404    403    403    403    204    204    204    404
addMember              rooms:write 404    404    403    403    403    201    201    201    404
addMembers             rooms:write 404    404    403    403    403    200    200    200    404
banMember              rooms:write 404    404    403    403    403    204    204    204    404
changeRoom             rooms:write 404    404    403    403    403    403    200    403    404
createRoom             rooms:write 201    201    201    201    201    201    201    201    201
createWebhook          rooms:write 404    404    403    403    403    403    201    403    404
declineRequest         rooms:write 404    404    403    403    403    204    204    204    404
deleteRoom             rooms:write 404    404    403    403    403    403    204    403    404
invite                 rooms:write 404    404    403    403    403    201    201    201    404
liftBan                rooms:write 404    404    403    403    403    204    204    204    404
readWebhook            rooms:write 404    404    403    403    403    403    200    403    404
redeliver              rooms:write 404    404    403    403    403    403    204    403    404
removeMember           rooms:write 404    404    403    403    403    204    204    204    404
removeWebhook          rooms:write 404    404    403    403    403    403    204    403    404
requestToJoin          rooms:write 404    404    204    204    403    403    403    403    404
revokeInvitation       rooms:write 404    404    403    403    403    204    204    204    404
setRole                rooms:write 404    404    403    403    403    204    204    204    404
transferRoom           rooms:write 404    404    403    403    403    403    204    403    404
tryWebhook             rooms:write 404    404    403    403    403    403    204    403    404
withdrawRequest        rooms:write 404    404    204    204    204    204    204    204    404

admit                  moderate    404    404    403    403    403    204    204    204    404
admitAll               moderate    404    404    403    403    403    200    200    200    404
askToUnmute            moderate    404    404    403    403    403    204    204    204    404
banParticipant         moderate    404    404    403    403    403    204    204    204    404
block                  moderate    404    404    403    403    403    204    204    204    404
deny                   moderate    404    404    403    403    403    204    204    204    404
endCall                moderate    404    404    403    403    403    204    204    204    404
endSpotlight           moderate    404    404    403    403    403    204    204    204    404
lockRoom               moderate    404    404    403    403    403    204    204    204    404
lowerHand              moderate    404    404    403    403    403    204    204    204    404
lowerHands             moderate    404    404    403    403    403    204    204    204    404
muteAll                moderate    404    404    403    403    403    204    204    204    404
muteParticipant        moderate    404    404    403    403    403    204    204    204    404
removeParticipant      moderate    404    404    403    403    403    204    204    204    404
sendToLobby            moderate    404    404    403    403    403    204    204    204    404
setSwitches            moderate    404    404    403    403    403    200    200    200    404
spotlight              moderate    404    404    403    403    403    204    204    204    404
stopShare              moderate    404    404    403    403    403    204    204    204    404

check                  media       404    404    403    200    200    200    200    200    404
followCall             media       404    404    404    200    200    200    200    200    404
followLobby            media       404    404    200    200    200    200    200    200    404
join                   media       404    404    403    201    201    201    201    201    404
knock                  media       404    404    403    200    200    200    200    200    404
leave                  media       404    404    404    404    404    404    404    404    404
letIn                  media       404    404    403    403    403    201    201    201    404
raiseHand              media       404    404    404    404    404    404    404    404    404
react                  media       404    404    404    404    404    404    404    404    404
reportConnection       media       404    404    404    204    204    204    204    204    404
stopWaiting            media       404    404    204    204    204    204    204    204    404

deleteMessage          chat        404    404    403    403    403    204    204    204    404
discardFile            chat        404    404    403    403    204    204    204    204    404
editMessage            chat        404    404    403    403    404    404    404    404    404
listMessages           chat        404    404    403    403    200    200    200    200    404
readFile               chat        404    404    403    403    200    200    200    200    404
sendMessage            chat        404    404    403    403    201    201    201    201    404
uploadFile             chat        404    404    403    403    201    201    201    201    404

addAnyMember           admin       404    404    404    404    404    404    404    404    201
changeSettings         admin       404    404    404    404    404    404    404    404    200
changeUser             admin       404    404    404    404    404    404    404    404    200
createService          admin       404    404    404    404    404    404    404    404    201
createSiteWebhook      admin       404    404    404    404    404    404    404    404    201
deleteAnyRoom          admin       404    404    404    404    404    404    404    404    204
deleteMail             admin       404    404    404    404    404    404    404    404    204
endAnyCall             admin       404    404    404    404    404    404    404    404    204
exportAnyAttendance    admin       404    404    404    404    404    404    404    404    200
exportSiteAudit        admin       404    404    404    404    404    404    404    404    200
listAllRooms           admin       404    404    404    404    404    404    404    404    200
listAnyCalls           admin       404    404    404    404    404    404    404    404    200
listAnyMembers         admin       404    404    404    404    404    404    404    404    200
listLiveCalls          admin       404    404    404    404    404    404    404    404    200
listMails              admin       404    404    404    404    404    404    404    404    200
listMedia              admin       404    404    404    404    404    404    404    404    200
listServiceTokens      admin       404    404    404    404    404    404    404    404    200
listServices           admin       404    404    404    404    404    404    404    404    200
listSettings           admin       404    404    404    404    404    404    404    404    200
listSiteAudit          admin       404    404    404    404    404    404    404    404    200
listSiteDeliveries     admin       404    404    404    404    404    404    404    404    404
listSiteWebhooks       admin       404    404    404    404    404    404    404    404    200
listUsers              admin       404    404    404    404    404    404    404    404    200
lookAtHealth           admin       404    404    404    404    404    404    404    404    200
moveRoom               admin       404    404    404    404    404    404    404    404    204
readAnyCall            admin       404    404    404    404    404    404    404    404    200
readAnyRoom            admin       404    404    404    404    404    404    404    404    200
readHealth             admin       404    404    404    404    404    404    404    404    200
readMail               admin       404    404    404    404    404    404    404    404    200
readSiteWebhook        admin       404    404    404    404    404    404    404    404    404
readStorage            admin       404    404    404    404    404    404    404    404    200
readUser               admin       404    404    404    404    404    404    404    404    200
redeliverOfSite        admin       404    404    404    404    404    404    404    404    404
removeAnyMember        admin       404    404    404    404    404    404    404    404    204
removeFromAnyCall      admin       404    404    404    404    404    404    404    404    204
removeSiteWebhook      admin       404    404    404    404    404    404    404    404    404
resetUser              admin       404    404    404    404    404    404    404    404    204
revokeServiceToken     admin       404    404    404    404    404    404    404    404    404
sendMail               admin       404    404    404    404    404    404    404    404    204
setAnyRole             admin       404    404    404    404    404    404    404    404    204
signOutUser            admin       404    404    404    404    404    404    404    404    204
transferAnyRoom        admin       404    404    404    404    404    404    404    404    204
trySiteWebhook         admin       404    404    404    404    404    404    404    404    404
`

// apiKinds are the people of the columns: whose program asks, and about what room.
var apiKinds = []struct {
	name, who, access string
	prepare           func(h *house, r room.Room) (who string)
}{
	{"banned", "eve", "open", banned},
	{"strang", "eve", "private", nil},
	{"listed", "eve", "listed", nil},
	{"open", "eve", "open", nil},
	{"member", "member", "private", nil},
	{"moder", "moder", "private", nil},
	{"owner", "owner", "private", nil},
	{"service", "robot", "private", nil}, // moderates the room
	{"admin", "admin", "private", nil},   // of the site; belongs to no room
}

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
	"{token}": func(*house, room.Room) string { return uuid.NewString() },
	"{mail}":  func(h *house, _ room.Room) string { return string(h.mail(h.mails)) },
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

// askOperation sends a request that asks for an operation in a room where
// everything is that it can be about.
func (h *house) askOperation(token account.Token, o apiOperation, r room.Room) programAnswer {
	h.Helper()
	path := o.path
	own := func() string { // nobody, when they may not
		var joined ticket
		_ = json.Unmarshal([]byte(h.program(token, http.MethodPost, "/rooms/"+r.Slug+"/join", `{}`).body), &joined)
		return cmp.Or(string(joined.Participant), "nobody")
	}
	if o.OperationID == "reportConnection" {
		path = strings.ReplaceAll(path, "{participant}", own())
	}
	all := maps.Clone(placeholders)
	maps.Copy(all, apiPlaces)
	if strings.Contains(o.path, "/services/") {
		all["{user}"] = all["{service}"]
	}
	for _, place := range slices.Sorted(maps.Keys(all)) {
		if place != "{delivery}" && strings.Contains(path, place) {
			path = strings.ReplaceAll(path, place, all[place](h, r))
		}
	}
	if strings.Contains(path, "{delivery}") {
		path = strings.ReplaceAll(path, "{delivery}", all["{delivery}"](h, r))
	}
	body := apiBodies[o.OperationID]
	switch o.OperationID {
	case "letIn":
		h.sql(`update rooms set guests = true where id = $1`, r.ID)
	case "acceptInvitation", "lookAtInvitation":
		body = `{"token": "` + string(h.invitation(r, room.Member).Token) + `"}`
	case "createService":
		body = `{"username": "r-` + uuid.NewString()[:8] + `", "display_name": "Robot"}`
	case "followCall":
		path += "?after=0&participant=" + own()
	case "uploadFile":
		return h.program(token, o.method, path+"?name=a.txt", "hello", func(q *http.Request) { q.Header.Set("Content-Type", "application/octet-stream") })
	}
	return h.program(token, o.method, path, body)
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

func TestAPIAccess(t *testing.T) {
	t.Parallel()
	h := newAPIHouse(t)
	defer h.noFailures()
	operations := h.apiOperations()
	roles := map[string]room.Role{"member": room.Member, "moder": room.Moderator, "target": room.Member, "robot": room.Moderator}
	rows := apiAccessRows(t)
	for _, id := range slices.Sorted(maps.Keys(operations)) {
		row, ok := rows[id]
		if !ok {
			t.Errorf("no row for %s", id)
			continue
		}
		for i, kind := range apiKinds {
			r := h.room(kind.access, roles, "owner")
			if kind.prepare != nil {
				kind.prepare(h, r)
			}
			token := h.freshToken(kind.who)
			if got := h.askOperation(token, operations[id], r); strconv.Itoa(got.status) != row[i+1] {
				t.Errorf("%s as %s: got %d %s, want %s", id, kind.name, got.status, got.reason, row[i+1])
			}
			h.sql(`update users set disabled_at = null, administrator = username = 'admin'`)
		}
		if scope := string(operations[id].scope); row[0] != scope && (row[0] != "any" || scope != "") {
			t.Errorf("%s: scope %q, want %s", id, scope, row[0])
		}
	}
	for id := range rows {
		if _, ok := operations[id]; !ok {
			t.Errorf("a row for %s, which there is not", id)
		}
	}
}

// freshToken is a token of one of the columns, with every scope.
func (h *house) freshToken(who string) account.Token {
	h.Helper()
	h.sql(`delete from sessions where api and user_id = $1`, h.people[who].ID)
	if who == "robot" {
		return h.robotToken(apitoken.Scopes...)
	}
	return h.apiToken(who)
}

// apiAccessRows are the scope and the statuses of each operation.
func apiAccessRows(t *testing.T) map[string][]string {
	t.Helper()
	rows := make(map[string][]string)
	for line := range strings.Lines(apiAccess) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "operation" {
			continue
		}
		if len(fields) != 2+len(apiKinds) {
			t.Fatalf("a row for %d kinds of person, want %d: %s", len(fields)-2, len(apiKinds), line)
		}
		rows[fields[0]] = fields[1:]
	}
	return rows
}
