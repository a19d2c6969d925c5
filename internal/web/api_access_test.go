package web_test

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"foyer/internal/account/apitoken"
	"foyer/internal/room"
)

// apiAccess is the expected answer to every operation of the API for a program of
// every kind of person, whose token has the operation's scope and no other: a
// column each, as apiKinds says. Everything that one has to have of one's own for
// an operation, a participant or a message, they have when they may.
const apiAccess = `
operation              scope       banned strang listed open   member moder  owner  service admin
readMe                 any         200    200    200    200    200    200    200    200    200

changeMe               account     204    204    204    204    204    204    204    204    204
confirmAddress         account     204    204    204    204    204    204    204    204    204
endSession             account     204    204    204    204    204    204    204    404    204
endSessions            account     204    204    204    204    204    204    204    204    204
listSessions           account     200    200    200    200    200    200    200    200    200
listTokens             account     200    200    200    200    200    200    200    200    200
revokeToken            account     204    204    204    204    204    204    204    204    204

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
leave                  media       404    404    404    204    204    204    204    204    404
letIn                  media       404    404    403    403    403    201    201    201    404
raiseHand              media       404    404    404    204    204    204    204    204    404
react                  media       404    404    404    204    204    204    204    204    404
reportConnection       media       404    404    404    204    204    204    204    204    404
stopWaiting            media       404    404    204    204    204    204    204    204    404

deleteMessage          chat        404    404    403    403    403    204    204    204    404
discardFile            chat        404    404    403    403    204    204    204    204    404
editMessage            chat        404    404    403    403    200    200    200    200    404
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
listSiteDeliveries     admin       404    404    404    404    404    404    404    404    200
listSiteWebhooks       admin       404    404    404    404    404    404    404    404    200
listUsers              admin       404    404    404    404    404    404    404    404    200
lookAtHealth           admin       404    404    404    404    404    404    404    404    200
moveRoom               admin       404    404    404    404    404    404    404    404    204
readAnyCall            admin       404    404    404    404    404    404    404    404    200
readAnyRoom            admin       404    404    404    404    404    404    404    404    200
readHealth             admin       404    404    404    404    404    404    404    404    200
readMail               admin       404    404    404    404    404    404    404    404    200
readSiteWebhook        admin       404    404    404    404    404    404    404    404    200
readStorage            admin       404    404    404    404    404    404    404    404    200
readUser               admin       404    404    404    404    404    404    404    404    200
redeliverOfSite        admin       404    404    404    404    404    404    404    404    204
removeAnyMember        admin       404    404    404    404    404    404    404    404    204
removeFromAnyCall      admin       404    404    404    404    404    404    404    404    204
removeSiteWebhook      admin       404    404    404    404    404    404    404    404    204
resetUser              admin       404    404    404    404    404    404    404    404    204
revokeServiceToken     admin       404    404    404    404    404    404    404    404    204
sendMail               admin       404    404    404    404    404    404    404    404    204
setAnyRole             admin       404    404    404    404    404    404    404    404    204
signOutUser            admin       404    404    404    404    404    404    404    404    204
transferAnyRoom        admin       404    404    404    404    404    404    404    404    204
trySiteWebhook         admin       404    404    404    404    404    404    404    404    204
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
			token := h.freshToken(kind.who, alone(operations[id]))
			if got := h.asked(token, h.requestFor(kind.who, token, operations[id], r)); strconv.Itoa(got.status) != row[i+1] {
				t.Errorf("%s as %s: got %d %s, want %s", id, kind.name, got.status, got.reason, row[i+1])
			}
			h.sql(`update users set disabled_at = null, administrator = username = 'admin'`)
		}
		if !slices.ContainsFunc(row[1:], func(status string) bool { return status[0] == '2' }) {
			t.Errorf("%s works for nobody: its refusals show nothing", id)
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

// alone is the scope of an operation, or one that opens no other when any will do.
func alone(o apiOperation) apitoken.Scope { return cmp.Or(o.scope, apitoken.Metrics) }

// What is somebody else's is not there for operations on one's own, nor a room's
// webhook for those on the site's: whoever asks.
func TestAPIOnesOwn(t *testing.T) {
	t.Parallel()
	h := newAPIHouse(t)
	defer h.noFailures()
	operations := h.apiOperations()
	for who, all := range map[string][]string{
		"owner": {"endSession", "revokeToken", "raiseHand", "react", "reportConnection", "leave", "editMessage"},
		"admin": {"endSession", "revokeToken", "revokeServiceToken", "readSiteWebhook", "removeSiteWebhook", "trySiteWebhook", "listSiteDeliveries", "redeliverOfSite"},
	} {
		for _, id := range all {
			r, o := h.room("private", map[string]room.Role{"target": room.Member}, "owner"), operations[id]
			token := h.freshToken(who, o.scope)
			path := placePattern.ReplaceAllStringFunc(o.path, func(name string) string {
				switch name {
				case "{token}":
					return h.anotherToken("target", token)
				case "{user}":
					return string(h.people["robot"].ID)
				}
				return placeholders[name](h, r)
			})
			if got := h.program(token, o.method, path, apiBodies[id]); got.status != http.StatusNotFound {
				t.Errorf("%s with somebody else's: got %d %s", id, got.status, got.reason)
			}
		}
	}
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
