package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// present puts somebody into the call as the database knows it, without the
// media service; who looks at the people of the call before the reconciler does
// sees them.
type seat struct {
	Username           string `json:"username"`
	Role               string `json:"role"`
	Participant        string `json:"participant"`
	Remove, Lobby, Ban bool
}

type people struct {
	May struct {
		ManageLobby bool `json:"manage_lobby"`
		Ban         bool `json:"ban"`
		EndCall     bool `json:"end_call"`
	} `json:"may"`
	People []seat `json:"people"`
}

func (h *house) peopleAs(who, path string) (p people) {
	h.Helper()
	got := h.get(who, path+"/participants")
	if got.status != http.StatusOK {
		h.Fatalf("the people as %s: %d %s", who, got.status, got.body)
	}
	if err := json.Unmarshal([]byte(got.body), &p); err != nil {
		h.Fatal(err)
	}
	return p
}

func (h *house) enter(who, path string) (participant string) {
	h.Helper()
	var ticket struct{ Participant, Token string }
	if err := json.Unmarshal([]byte(h.mustJSON(who, path+"/join", `{}`, 200)), &ticket); err != nil {
		h.Fatal(err)
	}
	if _, err := h.media.Connect(h.Context(), ticket.Token); err != nil {
		h.Fatalf("%s connects: %v", who, err)
	}
	h.waitFor(who+" is in", func() bool {
		var in bool
		h.row(&in, `select connected_at is not null from grants where id = $1`, ticket.Participant)
		return in
	})
	return ticket.Participant
}

// Whoever came into a call as a guest goes on as one there, when their account may
// enter meanwhile; the next time they come by the account.
func TestGuestWithAnAccountGoesOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "eve")
	r := h.room("listed", nil, "owner")
	takesGuests(h, r)
	path := "/r/" + r.Slug
	h.cookies["gus"] = h.cookies["eve"] + "; " + h.guest(r)
	asGuest := h.enter("gus", path)
	for _, change := range []string{
		`insert into memberships (room_id, user_id, role) select $1, id, 'member' from users where username = 'eve'`,
		`update rooms set visibility = 'open' where id = $1`,
	} {
		h.sql(change, r.ID)
		if answer := h.postJSON("gus", path+"/participants/"+asGuest+"/hand", `{"raised": "on"}`); answer.status != http.StatusOK {
			t.Errorf("after %s: the hand is answered %d %s", change, answer.status, answer.body)
		}
	}
	if answer := h.postJSON("gus", path+"/participants/"+asGuest+"/leave", `{}`); answer.status != http.StatusOK {
		t.Errorf("leaving: %d %s", answer.status, answer.body)
	}
	if body := h.get("gus", path).body; !strings.Contains(body, `data-username="eve"`) {
		t.Error("having left, they are a guest still")
	}
	h.noFailures()
}

func (h *house) waitFor(what string, condition func() bool) {
	h.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.Fatalf("not within two minutes: %s", what)
		}
	}
}

func TestParticipantsSayWhatOneMayDo(t *testing.T) {
	t.Parallel()
	h, _, path := lobbyHouse(t)
	for _, name := range []string{"owner", "moder", "member"} {
		h.enter(name, path)
	}
	h.mustJSON("eve", path+"/lobby", `{}`, 200)
	h.mustJSON("owner", path+"/lobby/admit-all", `{}`, 200)
	h.enter("eve", path)
	want := map[string]string{ // remove, lobby, ban: owner, moderator, member, eve
		"owner":  "--- r-b r-b rlb admit ban end",
		"moder":  "--- --- r-b rlb admit ban end",
		"member": "--- --- --- ---",
		"eve":    "--- --- --- ---",
	}
	for who, want := range want {
		p := h.peopleAs(who, path)
		var got []string
		for _, seat := range p.People {
			got = append(got, flags(seat.Remove, "r", seat.Lobby, "l", seat.Ban, "b"))
		}
		for _, f := range []struct {
			may  bool
			name string
		}{{p.May.ManageLobby, "admit"}, {p.May.Ban, "ban"}, {p.May.EndCall, "end"}} {
			if f.may {
				got = append(got, f.name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %s, want %s", who, strings.Join(got, " "), want)
		}
	}
}

func flags(pairs ...any) (text string) {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i].(bool) {
			text += pairs[i+1].(string)
		} else {
			text += "-"
		}
	}
	return text
}

func TestParticipantsAreModerated(t *testing.T) {
	t.Parallel()
	h, _, path := lobbyHouse(t)
	h.enter("owner", path)
	member := h.enter("member", path)
	h.mustJSON("eve", path+"/lobby", `{}`, 200)
	h.mustJSON("owner", path+"/lobby/admit-all", `{}`, 200)
	eve := h.enter("eve", path)

	h.mustJSON("member", path+"/participants/"+eve+"/remove", `{}`, 403)
	h.mustJSON("eve", path+"/participants/"+member+"/ban", `{}`, 403)
	h.mustJSON("owner", path+"/participants/nobody/remove", `{}`, 404)
	h.mustJSON("owner", path+"/participants/"+member+"/lobby", `{}`, 403) // it concerns strangers only
	h.mustJSON("owner", path+"/participants/"+eve+"/lobby", `{}`, 200)
	h.mustJSON("eve", path+"/join", `{}`, 403)
	h.mustJSON("owner", path+"/participants/"+member+"/remove", `{}`, 200)
	member = h.enter("member", path) // may come back
	h.mustJSON("owner", path+"/participants/"+member+"/ban", `{}`, 200)
	h.mustJSON("member", path+"/join", `{}`, 404)

	h.mustJSON("eve", path+"/end", `{}`, 403)
	h.mustJSON("owner", path+"/end", `{}`, 200)
	h.waitFor("the owner is out", func() bool { return len(h.peopleAs("owner", path).People) == 0 })
	h.mustJSON("owner", path+"/end", `{}`, 200) // nothing goes on: nothing to do
	h.noFailures()
}

func TestLeaving(t *testing.T) {
	t.Parallel()
	h, _, path := lobbyHouse(t)
	owner, member := h.enter("owner", path), h.enter("member", path)

	h.mustJSON("owner", path+"/participants/"+member+"/leave", `{}`, 404)
	for range 2 { // a page may say it twice
		h.mustJSON("member", path+"/participants/"+member+"/leave", `{}`, 200)
	}
	seats := h.peopleAs("owner", path).People
	if len(seats) != 1 || seats[0].Participant != owner {
		t.Errorf("in the call after a member left: %+v", seats)
	}
}
