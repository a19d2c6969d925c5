package room

import (
	"errors"
	"strings"
	"testing"

	"foyer/internal/account"
)

// The kinds of person towards a room, as columns of the table below.
var kinds = []struct {
	name string
	who  Person
	open bool // the room's visibility
}{
	{"anonymous", Person{}, true},
	{"disabled owner", Person{User: "me", Role: Owner, Disabled: true}, true},
	{"stranger, private room", Person{User: "me"}, false},
	{"stranger, open room", Person{User: "me"}, true},
	{"member", Person{User: "me", Role: Member}, false},
	{"moderator", Person{User: "me", Role: Moderator}, false},
	{"owner", Person{User: "me", Role: Owner}, false},
}

// truth is the policy: a row for each question, a column for each kind of
// person in the order of kinds.
const truth = `
                                  anon  disab stran/p stran/o member  moder   owner
see                               login login 404     yes     yes     yes     yes
stay                              login login 404     yes     yes     yes     yes
enter                             login login 404     yes     yes     yes     yes
enter/locked                      login login 404     locked  locked  yes     yes
enter/full                        login login 404     full    full    full    full
enter/locked+full                 login login 404     locked  locked  full    full
stay/locked+full                  login login 404     yes     yes     yes     yes
list                              login login 404     rank    yes     yes     yes
rename                            login login 404     rank    rank    yes     yes
lock                              login login 404     rank    rank    yes     yes
configure                         login login 404     rank    rank    rank    yes
delete                            login login 404     rank    rank    rank    yes
add>member                        login login 404     rank    rank    yes     yes
add>moderator                     login login 404     rank    rank    rank    yes
add>owner                         login login 404     rank    rank    rank    yes
role:member>member                login login 404     rank    rank    yes     yes
role:member>moderator             login login 404     rank    rank    rank    yes
role:member>owner                 login login 404     rank    rank    rank    yes
role:moderator>member             login login 404     rank    rank    rank    yes
role:moderator>moderator          login login 404     rank    rank    rank    yes
role:moderator>owner              login login 404     rank    rank    rank    yes
role:owner>member                 login login 404     rank    rank    rank    yes
role:owner>moderator              login login 404     rank    rank    rank    yes
role:owner>owner                  login login 404     rank    rank    rank    yes
role:lastowner>member             login login 404     rank    rank    rank    last
role:lastowner>moderator          login login 404     rank    rank    rank    last
role:lastowner>owner              login login 404     rank    rank    rank    yes
role:disabledowner>member         login login 404     rank    rank    rank    yes
role:self>member                  login login 404     rank    rank    rank    yes
role:self>moderator               login login 404     rank    rank    rank    yes
role:self>owner                   login login 404     rank    rank    rank    yes
remove:member                     login login 404     rank    rank    yes     yes
remove:moderator                  login login 404     rank    rank    rank    yes
remove:owner                      login login 404     rank    rank    rank    yes
remove:lastowner                  login login 404     rank    rank    rank    last
remove:disabledowner              login login 404     rank    rank    rank    yes
remove:self                       login login 404     rank    yes     yes     yes
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
				ask, state := parseQuestion(t, question, kind.who)
				covered[ask.Action] = true
				state.Open = kind.open
				if got := answer(t, Authorize(kind.who, ask, state)); got != wants[i] {
					t.Errorf("got %s, want %s", got, wants[i])
				}
				state.Deleted = true
				want := "404"
				if wants[i] == "login" {
					want = "login"
				}
				if got := answer(t, Authorize(kind.who, ask, state)); got != want {
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

// parseQuestion reads "action:target>role/state".
func parseQuestion(t *testing.T, question string, who Person) (Ask, State) {
	t.Helper()
	actions := map[string]Action{
		"see": See, "stay": Stay, "enter": Enter, "list": ListMembers, "rename": Rename, "lock": Lock,
		"configure": Configure, "delete": Delete, "add": AddMember, "role": SetRole, "remove": Remove,
	}
	question, condition, _ := strings.Cut(question, "/")
	question, role, _ := strings.Cut(question, ">")
	question, target, _ := strings.Cut(question, ":")
	action, ok := actions[question]
	if !ok {
		t.Fatalf("no action %q", question)
	}
	ask := Ask{Action: action, NewRole: Role(role), Target: Person{User: "other"}}
	state := State{Owners: 2, Locked: strings.Contains(condition, "locked"), Full: strings.Contains(condition, "full")}
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
	return ask, state
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
		return strings.TrimSuffix(string(refusal), "_owner")
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

func TestPublishing(t *testing.T) {
	t.Parallel()
	all := Switches{Microphone: true, Camera: true, Share: true}
	quiet := Switches{Camera: true}
	tests := []struct {
		role Role
		want Switches
	}{{None, quiet}, {Member, quiet}, {Moderator, all}, {Owner, all}}
	for _, test := range tests {
		got := Publishing(Person{User: "me", Role: test.role}, State{Open: true, Switches: quiet})
		if got != test.want {
			t.Errorf("%q may publish %+v, want %+v", test.role, got, test.want)
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
			for _, role := range Allowed(Person{User: "me", Role: test.who}, test.ask, State{Owners: 2}) {
				got = append(got, string(role))
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %v, want %s", got, test.want)
			}
		})
	}
}
