package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/room"
)

// Who may sign up, with which addresses, and when an account opens.
func TestPolicies(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner")
	r := h.room("private", nil, "owner")
	signUp := func(name, email, next string) answer {
		t.Helper()
		return h.post("", "/signup", url.Values{"username": {name}, "email": {email}, "password": {passwordOf(name)}, "next": {next}})
	}
	takesGuests(h, r)
	h.policy(account.Policy{Signup: account.SignupInvitation})
	invited := "/invite/" + string(h.invitation(r, room.Member).Token)
	asGuest := "/invite/" + string(h.invitation(r, room.Guest).Token)
	for next, want := range map[string]int{"": 403, "/": 403, "/invite/": 403, "/invite/nobodys": 404, asGuest: 403, "//evil.example" + invited: 403} {
		if got := signUp("eve", "eve@example.org", next); got.status != want {
			t.Errorf("by %q: %d, want %d", next, got.status, want)
		}
		if got := h.get("", "/signup?next="+url.QueryEscape(next)); got.status != want {
			t.Errorf("the page by %q: %d, want %d", next, got.status, want)
		}
	}
	h.sees(h.get("", invited), "Sign up")
	if got := signUp("eve", "eve@example.org", invited); got.status != http.StatusSeeOther || got.location != invited {
		t.Errorf("by an invitation: %d to %q", got.status, got.location)
	} else {
		h.cookies["eve"] = got.cookie
	}
	if got := h.get("eve", invited); got.location != "/r/"+r.Slug {
		t.Errorf("who signed up by an invitation has not accepted it: %d to %q", got.status, got.location)
	}

	h.policy(account.Policy{Signup: account.SignupOpen, MailDomains: []string{"example.org"}})
	h.server.LinkOrigin = h.url
	for _, email := range []string{"fay@example.com", "fay@sub.example.org", "fay@notexample.org", "fay@example.org@evil.example"} {
		if got := signUp("fay", email, ""); got.status != http.StatusUnprocessableEntity {
			t.Errorf("with %s: %d", email, got.status)
		}
	}
	if got := signUp("fay", "fay@EXAMPLE.org", ""); !strings.HasPrefix(got.location, "/login/confirm-address") {
		t.Fatalf("with an address of the domain: %d to %q", got.status, got.location)
	}
	login := url.Values{"login": {"fay"}, "password": {passwordOf("fay")}}
	if got := h.post("", "/login", login); !strings.HasPrefix(got.location, "/login/confirm-address") {
		t.Errorf("before it is confirmed: %d to %q", got.status, got.location)
	}
	if got := h.post("", h.linkIn(h.waitForMail("verify", "fay@EXAMPLE.org"), h.url), nil); got.status != http.StatusSeeOther {
		t.Errorf("confirm: %d", got.status)
	}
	in := h.post("", "/login", login)
	if in.location != "/" {
		t.Fatalf("after it is confirmed: %d to %q", in.status, in.location)
	}
	h.cookies["fay"] = in.cookie
	if got := h.post("fay", "/account/email", url.Values{"email": {"fay@example.com"}}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("moving to another domain: %d", got.status)
	}
	h.noFailures()
}

// An invitation that may be used once makes one account, however many sign up by it
// at once, and nothing of the others is left.
func TestSigningUpUsesTheInvitation(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner")
	r := h.room("private", nil, "owner")
	h.policy(account.Policy{Signup: account.SignupInvitation})
	const uses, people = 3, 12
	made, err := h.rooms.Invite(t.Context(), r.ID, h.people["owner"].ID, room.InvitationDraft{Role: room.Moderator, Lasts: room.LastsWeek, MostUses: uses},
		func(context.Context, pgx.Tx, room.MadeInvitation) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	invited := "/invite/" + string(made[0].Token)
	statuses := make(chan int, people)
	for i := range people {
		name := fmt.Sprintf("comer%d", i)
		go func() {
			statuses <- h.post("", "/signup", url.Values{"username": {name}, "email": {name + "@example.org"}, "password": {passwordOf(name)}, "next": {invited}}).status
		}()
	}
	got := make(map[int]int)
	for range people {
		got[<-statuses]++
	}
	if got[http.StatusSeeOther] != uses || got[http.StatusNotFound] != people-uses {
		t.Errorf("answers %v, want %d accounts and else a link that is not valid", got, uses)
	}
	for query, want := range map[string]int{
		`select count(*) from users where username like 'comer%'`:                                     uses,
		`select count(*) from memberships where role = 'moderator'`:                                   uses,
		`select sum(uses) from invitations`:                                                           uses,
		`select count(*) from mails`:                                                                  uses,
		`select count(*) from ledger where kind = 'account_made' and data->>'username' like 'comer%'`: uses,
	} {
		var n int
		if h.row(&n, query); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
	// Where everybody may sign up, an invitation is accepted when they say so.
	h.policy(account.Policy{Signup: account.SignupOpen})
	invited = "/invite/" + string(h.invitation(r, room.Member).Token)
	open := h.post("", "/signup", url.Values{"username": {"fay"}, "email": {"fay@example.org"}, "password": {passwordOf("fay")}, "next": {invited}})
	h.cookies["fay"] = open.cookie
	if got := h.get("fay", invited); got.status != http.StatusOK {
		t.Errorf("signed up where everybody may: %d to %q", got.status, got.location)
	}
	h.noFailures()
}

// Where administrators need a second factor, a session without one opens no page of
// theirs.
func TestAdministratorsNeedAFactor(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	h.sql(`update users set administrator = true`)
	h.policy(account.Policy{Signup: account.SignupOpen, FactorForAdministrators: true})
	if got := h.get("ana", "/admin/mail"); got.location != "/account/two-step" {
		t.Errorf("without a factor: %d to %q", got.status, got.location)
	}
	if got := h.post("ana", "/admin/settings", url.Values{"signup": {"closed"}}); got.location != "/account/two-step" {
		t.Errorf("a change without a factor: %d to %q", got.status, got.location)
	}
	secret := h.withApp("ana")
	if got := h.get("ana", "/admin/mail"); got.status != http.StatusOK {
		t.Errorf("after setting one up: %d", got.status)
	}
	h.sql(`update sessions set factor_at = null`)
	if got := h.get("ana", "/admin/mail"); got.location != "/account/confirm?by=factor&next=%2Fadmin%2Fmail" {
		t.Errorf("a session from before: %d to %q", got.status, got.location)
	}
	if page := h.get("ana", "/account/confirm?by=factor&next=%2Fadmin%2Fmail"); strings.Contains(page.body, `name="password"`) {
		t.Error("a password is asked for, which would not do")
	}
	proved := h.post("ana", "/account/confirm", url.Values{"code": {code(h, secret, nextPeriod)}, "next": {"/admin/mail"}})
	h.cookies["ana"] = proved.cookie
	if got := h.get("ana", "/admin/mail"); proved.location != "/admin/mail" || got.status != http.StatusOK {
		t.Errorf("with a code: to %q, %d", proved.location, got.status)
	}
}

// Whoever follows an invitation to an account whose address has to be confirmed
// first gets to the room in the end, and the link is written nowhere on the way.
func TestInvitationThroughConfirmingTheAddress(t *testing.T) {
	t.Parallel()
	for signup, accepted := range map[account.Signup]bool{account.SignupOpen: false, account.SignupInvitation: true} {
		t.Run(string(signup), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "owner")
			h.server.LinkOrigin = h.url
			r := h.room("private", nil, "owner")
			h.policy(account.Policy{Signup: signup, MailDomains: []string{"example.org"}})
			invited := "/invite/" + string(h.invitation(r, room.Member).Token)
			follow := func(method, path string, form url.Values) answer {
				t.Helper()
				got := h.do("new", method, path, "application/x-www-form-urlencoded", form.Encode())
				if got.cookie != "" {
					h.cookies["new"] = got.cookie
				}
				return got
			}
			made := follow(http.MethodPost, "/signup", url.Values{
				"username": {"new"}, "email": {"new@example.org"}, "password": {passwordOf("new")}, "next": {invited},
			})
			if made.location != "/login/confirm-address?login=new" {
				t.Fatalf("signing up leads to %q", made.location)
			}
			follow(http.MethodGet, made.location, nil)
			carries := func(path string) {
				t.Helper()
				if page := follow(http.MethodGet, path, nil); !strings.Contains(page.body, `name="next" value="`+invited+`"`) {
					t.Errorf("%s loses the way to the room: %d", path, page.status)
				}
			}
			carries("/login") // who opened the mail elsewhere
			confirmed := follow(http.MethodPost, h.linkIn(h.waitForMail("verify", "new@example.org"), h.url), nil)
			if want := "/login?next=" + url.QueryEscape(invited); confirmed.location != want {
				t.Fatalf("confirming leads to %q, want %q", confirmed.location, want)
			}
			carries(confirmed.location)
			in := follow(http.MethodPost, "/login", url.Values{"login": {"new"}, "password": {passwordOf("new")}, "next": {invited}})
			if in.location != invited {
				t.Fatalf("logging in leads to %q", in.location)
			}
			if got := follow(http.MethodGet, invited, nil); (got.location == "/r/"+r.Slug) != accepted {
				t.Errorf("the link: %d to %q, accepted already: %v", got.status, got.location, accepted)
			}
			follow(http.MethodPost, "/logout", nil)
			if page := follow(http.MethodGet, "/login", nil); strings.Contains(page.body, invited) {
				t.Error("the next who logs in there is led to the room")
			}
			if strings.Contains(h.log.String(), invited) {
				t.Error("the link is in the log")
			}
			h.noFailures()
		})
	}
}

// What is too long for the cookie is not kept, and nothing fails for it.
func TestWayOnThatIsTooLong(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy(account.Policy{Signup: account.SignupOpen, MailDomains: []string{"example.org"}})
	got := h.post("", "/signup", url.Values{
		"username": {"new"}, "email": {"new@example.org"}, "password": {passwordOf("new")}, "next": {"/" + strings.Repeat("x", 8000)},
	})
	if got.location != "/login/confirm-address?login=new" {
		t.Errorf("%d to %q", got.status, got.location)
	}
	h.noFailures()
}
