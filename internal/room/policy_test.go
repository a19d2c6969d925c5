package room

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"foyer/internal/account"
)

// The kinds of person towards a room, as columns of the table below. Guests are
// towards a room that takes them.
var kinds = []struct {
	name       string
	who        Person
	visibility Visibility
}{
	{"anonymous", Person{}, Open},
	{"disabled owner", Person{User: "me", Role: Owner, Disabled: true}, Open},
	{"banned member", Person{User: "me", Role: Member, Banned: true}, Open},
	{"stranger, private room", Person{User: "me"}, Private},
	{"stranger, listed room", Person{User: "me"}, Listed},
	{"stranger, open room", Person{User: "me"}, Open},
	{"guest, not invited", Person{Guest: "me", Role: Guest}, Open},
	{"guest, invited", Person{Guest: "me", Role: Guest, Invited: true}, Private},
	{"guest whose pass is over", Person{Guest: "me", Role: Guest, Invited: true, Disabled: true}, Open},
	{"banned guest", Person{Guest: "me", Role: Guest, Invited: true, Banned: true}, Open},
	{"member", Person{User: "me", Role: Member}, Private},
	{"host", Person{User: "me", Role: Member, Hosting: true}, Private},
	{"moderator", Person{User: "me", Role: Moderator}, Private},
	{"owner", Person{User: "me", Role: Owner}, Private},
}

// truth is the policy: a row for each question, a column for each kind of
// person in the order of kinds. A question is action:target>role/conditions.
// Conditions ending in -lobby say for whom the room has one, and waiting,
// admitted and denied what it says of who asks. In is for somebody in the call;
// nochat and noreact for what the room's switches keep to moderators.
const truth = `
                             anon  disab ban st/pri st/list st/open gst/door gst/inv gst/over gst/ban member host   moder  owner
see                          login login 404 404    yes     yes     yes      yes     login    404     yes    yes    yes    yes
see/noguests                 login login 404 404    yes     yes     404      404     login    404     yes    yes    yes    yes
people                       login login 404 404    members yes     lobby    yes     login    404     yes    yes    yes    yes
people/strangers-lobby       login login 404 404    members lobby   lobby    lobby   login    404     yes    yes    yes    yes
people/strangers-lobby+adm   login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
people/strangers-lobby+wait  login login 404 404    members lobby   lobby    lobby   login    404     yes    yes    yes    yes
stay                         login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
stay/noguests                login login 404 404    members yes     404      404     login    404     yes    yes    yes    yes
stay/locked+full             login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
stay/strangers-lobby         login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
stay/strangers-lobby+wait    login login 404 404    members lobby   lobby    lobby   login    404     yes    yes    yes    yes
stay/strangers-lobby+den     login login 404 404    members denied  denied   denied  login    404     yes    yes    yes    yes
stay/everyone-lobby+wait     login login 404 404    members lobby   lobby    lobby   login    404     lobby  yes    yes    yes
stay/everyone-lobby+appr     login login 404 404    members lobby   lobby    lobby   login    404     lobby  yes    yes    yes
stay/everyone-lobby+appr+adm login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
stay/appr                    login login 404 404    members yes     lobby    yes     login    404     yes    yes    yes    yes
enter                        login login 404 404    members yes     lobby    yes     login    404     yes    yes    yes    yes
enter/noguests               login login 404 404    members yes     404      404     login    404     yes    yes    yes    yes
enter/locked                 login login 404 404    members locked  locked   locked  login    404     locked locked yes    yes
enter/full                   login login 404 404    members full    lobby    full    login    404     full   full   full   full
enter/locked+full            login login 404 404    members locked  locked   locked  login    404     locked locked full   full
enter/strangers-lobby        login login 404 404    members lobby   lobby    lobby   login    404     yes    yes    yes    yes
enter/everyone-lobby         login login 404 404    members lobby   lobby    lobby   login    404     lobby  yes    yes    yes
enter/everyone-lobby+wait    login login 404 404    members lobby   lobby    lobby   login    404     lobby  yes    yes    yes
enter/everyone-lobby+den     login login 404 404    members denied  denied   denied  login    404     denied yes    yes    yes
enter/everyone-lobby+adm     login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
enter/everyone-lobby+wait+locked login login 404 404 members lobby  lobby    lobby   login    404     lobby  locked yes   yes
enter/everyone-lobby+den+locked login login 404 404 members locked  locked   locked  login    404     locked locked yes    yes
enter/everyone-lobby+adm+locked login login 404 404 members locked  locked   locked  login    404     locked locked yes    yes
enter/everyone-lobby+adm+full   login login 404 404 members full    full     full    login    404     full   full   full   full
enter/everyone-lobby+full    login login 404 404    members lobby   lobby    lobby   login    404     lobby  full   full   full
enter/adm                    login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
enter/den                    login login 404 404    members yes     denied   yes     login    404     yes    yes    yes    yes
knock                        login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
knock/everyone-lobby         login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
knock/everyone-lobby+den     login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
knock/everyone-lobby+locked  login login 404 404    members locked  locked   locked  login    404     locked locked yes    yes
knock/everyone-lobby+locked+wait login login 404 404 members yes    yes      yes     login    404     yes    locked yes    yes
try                          login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
try/everyone-lobby+den+locked+full login login 404 404 members yes  yes      yes     login    404     yes    yes    yes    yes
request                      login login 404 404    yes     yes     rank     rank    login    404     rank   rank   rank   rank
list                         login login 404 404    rank    rank    rank     rank    login    404     yes    yes    yes    yes
rename                       login login 404 404    rank    rank    rank     rank    login    404     rank   rank   yes    yes
lock                         login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
bans                         login login 404 404    rank    rank    rank     rank    login    404     rank   rank   yes    yes
lobby                        login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
letin                        login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
letin/locked                 login login 404 404    rank    rank    rank     rank    login    404     rank   unlock unlock unlock
end                          login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
attendance                   login login 404 404    rank    rank    rank     rank    login    404     rank   rank   yes    yes
audit                        login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
webhooks                     login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
configure                    login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
delete                       login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
expel:                       login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
expel:guest                  login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
expel:member                 login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
expel:moderator              login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
expel:owner                  login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   rank
ban:                         login login 404 404    rank    rank    rank     rank    login    404     rank   rank   yes    yes
ban:guest                    login login 404 404    rank    rank    rank     rank    login    404     rank   rank   yes    yes
ban:member                   login login 404 404    rank    rank    rank     rank    login    404     rank   rank   yes    yes
ban:moderator                login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
ban:owner                    login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   rank
readchat                     login login 404 404    members outside outside  outside login    404     yes    yes    yes    yes
readchat/in                  login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
readchat/noguests            login login 404 404    members outside 404      404     login    404     yes    yes    yes    yes
readchat/noreact+nochat+in   login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
readchat/everyone-lobby+wait login login 404 404    members lobby   lobby    lobby   login    404     lobby  yes    yes    yes
readchat/everyone-lobby+den  login login 404 404    members denied  denied   denied  login    404     denied yes    yes    yes
history                      login login 404 404    members outside outside  outside login    404     yes    yes    yes    yes
history/in                   login login 404 404    members outside outside  outside login    404     yes    yes    yes    yes
history/nohistory+in         login login 404 404    members outside outside  outside login    404     outside outside outside outside
chat                         login login 404 404    members outside outside  outside login    404     yes    yes    yes    yes
chat/in                      login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
chat/noreact+in              login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
chat/nochat                  login login 404 404    members outside outside  outside login    404     off    yes    yes    yes
chat/nochat+in               login login 404 404    members off     off      off     login    404     off    yes    yes    yes
chat/everyone-lobby+wait+in  login login 404 404    members lobby   lobby    lobby   login    404     lobby  yes    yes    yes
react                        login login 404 404    members outside outside  outside login    404     outside outside outside outside
react/in                     login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
react/nochat+in              login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
react/noreact                login login 404 404    members outside outside  outside login    404     off    outside outside outside
react/noreact+in             login login 404 404    members off     off      off     login    404     off    yes    yes    yes
react/everyone-lobby+wait+in login login 404 404    members lobby   lobby    lobby   login    404     lobby  yes    yes    yes
hand                         login login 404 404    members outside outside  outside login    404     outside outside outside outside
hand/in                      login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
hand/nochat+in               login login 404 404    members yes     yes      yes     login    404     yes    yes    yes    yes
hand/noreact                 login login 404 404    members outside outside  outside login    404     off    outside outside outside
hand/noreact+in              login login 404 404    members off     off      off     login    404     off    yes    yes    yes
hand/everyone-lobby+wait+in  login login 404 404    members lobby   lobby    lobby   login    404     lobby  yes    yes    yes
mute:                        login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
mute:guest                   login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
mute:member                  login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
mute:moderator               login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
mute:owner                   login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
mute:self                    login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   rank
stopshare:                   login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
stopshare:guest              login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
stopshare:member             login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
stopshare:moderator          login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
stopshare:owner              login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
stopshare:self               login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   rank
lowerhand:                   login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
lowerhand:guest              login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
lowerhand:member             login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
lowerhand:moderator          login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
lowerhand:owner              login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
lowerhand:self               login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   rank
spotlight:                   login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
spotlight:guest              login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
spotlight:member             login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
spotlight:moderator          login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
spotlight:owner              login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
spotlight:self               login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
switches                     login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
delmessage                   login login 404 404    rank    rank    rank     rank    login    404     rank   yes    yes    yes
invite>guest                 login login 404 404    rank    rank    rank     rank    login    404     rank   rank   yes    yes
invite>guest/noguests        login login 404 404    rank    rank    404      404     login    404     rank   rank   rank   rank
invite>member                login login 404 404    rank    rank    rank     rank    login    404     rank   rank   yes    yes
invite>moderator             login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
invite>owner                 login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   rank
revoke>guest/noguests        login login 404 404    rank    rank    404      404     login    404     rank   rank   yes    yes
revoke>member                login login 404 404    rank    rank    rank     rank    login    404     rank   rank   yes    yes
revoke>moderator             login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
add>member                   login login 404 404    rank    rank    rank     rank    login    404     rank   rank   yes    yes
add>moderator                login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
add>owner                    login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
role:member>member           login login 404 404    rank    rank    rank     rank    login    404     rank   rank   yes    yes
role:member>moderator        login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
role:member>owner            login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
role:moderator>member        login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
role:moderator>moderator     login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
role:moderator>owner         login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
role:owner>member            login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
role:owner>moderator         login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
role:owner>owner             login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
role:lastowner>member        login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   last
role:lastowner>moderator     login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   last
role:lastowner>owner         login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
role:disabledowner>member    login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
role:self>member             login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
role:self>moderator          login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
role:self>owner              login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
transfer:member              login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
transfer:moderator           login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
transfer:owner               login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   rank
transfer:guest               login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   rank
transfer:disabledowner       login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   rank
remove:member                login login 404 404    rank    rank    rank     rank    login    404     rank   rank   yes    yes
remove:moderator             login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
remove:owner                 login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
remove:lastowner             login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   last
remove:disabledowner         login login 404 404    rank    rank    rank     rank    login    404     rank   rank   rank   yes
remove:self                  login login 404 404    rank    rank    rank     rank    login    404     yes    yes    yes    yes
`

func TestAuthorize(t *testing.T) {
	t.Parallel()
	covered := make(map[Action]bool)
	for line := range strings.Lines(truth) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "anon" {
			continue
		}
		question, wants := fields[0], fields[1:]
		if len(wants) != len(kinds) {
			t.Fatalf("row %q has %d columns, want %d", question, len(wants), len(kinds))
		}
		for i, kind := range kinds {
			t.Run(question+"/"+kind.name, func(t *testing.T) {
				ask, state, standing := parseQuestion(t, question, kind.who)
				covered[ask.Action] = true
				state.Open, state.Listed = kind.visibility == Open, kind.visibility == Listed
				who := kind.who
				who.Answer = standing
				if got := answer(t, Authorize(who, ask, state)); got != wants[i] {
					t.Errorf("got %s, want %s", got, wants[i])
				}
				state.Deleted = true
				want := "404"
				if wants[i] == "login" {
					want = "login"
				}
				if got := answer(t, Authorize(who, ask, state)); got != want {
					t.Errorf("deleted room: got %s, want %s", got, want)
				}
			})
		}
	}
	for action := See; action <= Delete; action++ {
		if !covered[action] {
			t.Errorf("no row asks for action %d", action)
		}
	}
}

// parseQuestion reads "action:target>role/conditions".
func parseQuestion(t *testing.T, question string, who Person) (ask Ask, state State, standing Answer) {
	t.Helper()
	actions := map[string]Action{
		"see": See, "people": SeePeople, "stay": Stay, "enter": Enter, "knock": Knock, "try": TryConnection, "request": RequestToJoin,
		"list": ListMembers, "rename": Rename, "lock": Lock, "bans": ManageBans, "lobby": ManageLobby, "letin": LetIn, "end": EndCall,
		"configure": Configure, "delete": Delete, "expel": Expel, "ban": Ban, "invite": Invite, "revoke": Revoke,
		"readchat": ReadChat, "history": ReadHistory, "chat": Chat, "react": React, "hand": RaiseHand, "mute": Mute, "stopshare": StopShare,
		"lowerhand": LowerHand, "spotlight": Spotlight, "switches": SetSwitches, "delmessage": DeleteMessage,
		"add": AddMember, "role": SetRole, "transfer": Transfer, "remove": Remove,
		"attendance": SeeAttendance, "audit": SeeAudit, "webhooks": ManageWebhooks,
	}
	question, condition, _ := strings.Cut(question, "/")
	question, role, _ := strings.Cut(question, ">")
	question, target, _ := strings.Cut(question, ":")
	action, ok := actions[question]
	if !ok {
		t.Fatalf("no action %q", question)
	}
	has := func(word string) bool { return slices.Contains(strings.Split(condition, "+"), word) }
	ask = Ask{Action: action, NewRole: Role(role), Target: Person{User: "other"}, ByApproval: has("appr"), InCall: has("in")}
	state = State{Owners: 2, Guests: !has("noguests"), Lobby: LobbyOff, Locked: has("locked"), Full: has("full")}
	state.History = !has("nohistory")
	state.Switches = Switches{Chat: !has("nochat"), Reactions: !has("noreact")}
	for _, lobby := range []Lobby{LobbyStrangers, LobbyEveryone} {
		if has(string(lobby) + "-lobby") {
			state.Lobby = lobby
		}
	}
	for word, answer := range map[string]Answer{"wait": Waiting, "adm": Admitted, "den": Denied} {
		if has(word) {
			standing = answer
		}
	}
	switch target {
	case "self":
		ask.Target = who
	case "lastowner":
		ask.Target.Role, state.Owners = Owner, 1
	case "disabledowner":
		// The one active owner is whoever asks.
		ask.Target.Role, ask.Target.Disabled, state.Owners = Owner, true, 1
	default:
		ask.Target.Role = Role(target)
	}
	return ask, state, standing
}

func answer(t *testing.T, err error) string {
	t.Helper()
	var refusal Refusal
	switch {
	case err == nil:
		return "yes"
	case errors.Is(err, ErrSignIn):
		return "login"
	case errors.Is(err, ErrHidden):
		return "404"
	case errors.As(err, &refusal):
		switch refusal {
		case NotInCall:
			return "outside"
		case SwitchedOff:
			return "off"
		case UnlockFirst:
			return "unlock"
		}
		return strings.TrimSuffix(strings.TrimSuffix(string(refusal), "_owner"), "_only")
	}
	t.Fatalf("unexpected error %v", err)
	return ""
}

func TestLastOwnerCannotLeave(t *testing.T) {
	t.Parallel()
	me := Person{User: account.UserID("me"), Role: Owner}
	err := Authorize(me, Ask{Action: Remove, Target: me}, State{Owners: 1})
	if !errors.Is(err, LastOwner) {
		t.Errorf("got %v, want %v", err, LastOwner)
	}
}

func TestPermitted(t *testing.T) {
	t.Parallel()
	quiet := Switches{Camera: true, Chat: true}
	tests := []struct {
		name string
		who  Person
		want Switches
	}{
		{"stranger", Person{User: "me"}, quiet},
		{"guest", Person{Guest: "me", Role: Guest}, quiet},
		{"member", Person{User: "me", Role: Member}, quiet},
		{"host", Person{User: "me", Role: Member, Hosting: true}, AllOn},
		{"moderator", Person{User: "me", Role: Moderator}, AllOn},
		{"owner", Person{User: "me", Role: Owner}, AllOn},
	}
	for _, test := range tests {
		got := Permitted(test.who, State{Open: true, Switches: quiet})
		if got != test.want {
			t.Errorf("%s may %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		who  Role
		ask  Ask
		want string
	}{
		{"owner adds", Owner, Ask{Action: AddMember}, "member moderator owner"},
		{"moderator adds", Moderator, Ask{Action: AddMember}, "member"},
		{"member adds", Member, Ask{Action: AddMember}, ""},
		{"moderator changes member", Moderator, Ask{Action: SetRole, Target: Person{User: "b", Role: Member}}, "member"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, role := range Allowed(Person{User: "me", Role: test.who}, test.ask, State{Owners: 2}, Roles) {
				got = append(got, string(role))
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %v, want %s", got, test.want)
			}
		})
	}
}

// A call is hosted by the first member in it, else by the first with an account:
// never by a guest, nor by a program.
func TestSuccessor(t *testing.T) {
	t.Parallel()
	guest, stranger := Person{Guest: "g", Role: Guest}, Person{User: "s"}
	member, robot := Person{User: "m", Role: Member}, Person{User: "r", Role: Member, Service: true}
	for _, test := range []struct {
		people []Person
		want   int
	}{
		{nil, -1},
		{[]Person{guest}, -1},
		{[]Person{guest, stranger}, 1},
		{[]Person{guest, stranger, member}, 2},
		{[]Person{robot, member}, 1},
		{[]Person{robot, guest, stranger}, 2},
		{[]Person{robot, guest}, -1},
	} {
		if got := Successor(test.people); got != test.want {
			t.Errorf("%+v: got %d, want %d", test.people, got, test.want)
		}
	}
}
