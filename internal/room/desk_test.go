package room

import "testing"

// What administrators may do with a room at their desk, whatever they are in it:
// the last column of the table, a row for each action.
func TestAuthorizeAtDesk(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"see": "yes", "people": "yes", "list": "yes", "end": "yes", "rename": "yes", "configure": "yes", "delete": "yes",
		"attendance": "yes", "audit": "yes", "expel:owner": "yes", "expel:guest": "yes",
		"add>member": "yes", "add>moderator": "yes", "add>owner": "yes",
		"role:member>owner": "yes", "role:owner>member": "yes", "role:lastowner>member": "last", "role:lastowner>owner": "yes",
		"remove:member": "yes", "remove:owner": "yes", "remove:lastowner": "last", "remove:disabledowner": "yes",
		"transfer:member": "yes", "transfer:": "yes", "transfer:owner": "yes", "transfer:disabledowner": "rank",
		// They enter no call that way, hear and read nothing, and decide about nobody who waits.
		"enter": "rank", "stay": "rank", "knock": "rank", "request": "rank", "lock": "rank", "lobby": "rank", "bans": "rank",
		"ban:member": "rank", "invite>member": "rank", "revoke>member": "rank", "webhooks": "rank",
	}
	roles := []Role{None, Member, Moderator, Owner}
	for question, want := range tests {
		for _, role := range roles {
			who := Person{User: "me", Role: role, Administrator: true, AtDesk: true}
			ask, state, _ := parseQuestion(t, question, who)
			if got := answer(t, Authorize(who, ask, state)); got != want {
				t.Errorf("%s as %q: got %s, want %s", question, role, got, want)
			}
			for name, other := range map[string]Person{
				"no administrator":      {User: "me", Role: role, AtDesk: true},
				"switched off":          {User: "me", Role: role, Administrator: true, AtDesk: true, Disabled: true},
				"not at the desk":       {User: "me", Administrator: true},
				"in a room that is not": {User: "me", Role: role, Administrator: true, AtDesk: true},
			} {
				state := state
				state.Deleted = name == "in a room that is not"
				if err := Authorize(other, ask, state); err == nil {
					t.Errorf("%s, %s as %q: may", question, name, role)
				}
			}
		}
	}
}
