package oidc_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"foyer/internal/account"
	"foyer/internal/account/oidc"
	"foyer/internal/account/oidc/oidctest"
)

// Who comes for the first time gets an account, and the same one ever after,
// whatever their address is by then.
func TestEnter(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	first := h.enters(somebody("ana"))
	if first.User.Username != "ana" || first.User.Email != "ana@example.org" || first.User.DisplayName != "The ana" || first.User.VerifiedAt == nil || first.User.Administrator {
		t.Errorf("made %+v", first.User)
	}
	if again := h.enters(somebody("ana", "email", "moved@example.org")); again.User.ID != first.User.ID {
		t.Errorf("came back as %+v", again.User)
	}
	// Usernames that are taken, or are none, get another.
	for _, claims := range []oidctest.Claims{
		somebody("ana", "sub", "another", "email", "other@example.org"),
		somebody("x", "preferred_username", "!", "email", "ü@example.org", "name", "\u202e", "sub", "odd"),
	} {
		if other := h.enters(claims); other.User.ID == first.User.ID || other.User.Username == "ana" {
			t.Errorf("%v came in as %+v", claims, other.User)
		}
	}
	// Several of one person at once get one account.
	var racing sync.WaitGroup
	for range 8 {
		racing.Go(func() {
			if _, err := h.comes(oidc.Enter, "", somebody("ben")); err != nil {
				t.Error(err)
			}
		})
	}
	racing.Wait()
	if n := h.count(`select count(*) from users where email = 'ben@example.org'`); n != 1 {
		t.Errorf("%d accounts of one person", n)
	}
	if n := h.count(`select count(*) from ledger where kind = 'account_made' and actor::text = subject`); n != 4 {
		t.Errorf("the ledger says that %d accounts were made, want 4", n)
	}
	h.sql(`update users set disabled_at = now() where username = 'ana'`)
	if _, err := h.comes(oidc.Enter, "", somebody("ana")); !errors.Is(err, oidc.NotAllowed) {
		t.Errorf("an account that is off: %v", err)
	}
}

// Every answer that cannot be trusted is refused, once and for all.
func TestAnswersThatCannotBeTrusted(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	forge := func(name string, value any) func(*oidc.Answer) {
		return func(*oidc.Answer) {
			h.provider.Set(func() { h.provider.Forge = func(c oidctest.Claims) { c[name] = value } })
		}
	}
	for name, test := range map[string]struct {
		went func(*url.URL)     // on the way there
		came func(*oidc.Answer) // on the way back
		want error
	}{
		"no state":                     {came: func(a *oidc.Answer) { a.State = "" }},
		"another state":                {came: func(a *oidc.Answer) { a.State = "another" }},
		"a browser without the cookie": {came: func(a *oidc.Answer) { a.Kept = "" }},
		"another browser's cookie":     {came: func(a *oidc.Answer) { a.Kept = account.NewToken() }},
		"a state that we never gave":   {came: func(a *oidc.Answer) { a.State, a.Kept = "made-up", "made-up" }},
		"neither state nor cookie":     {came: func(a *oidc.Answer) { a.State, a.Kept = "", "" }},
		"too late":                     {came: func(*oidc.Answer) { h.sql(`update oidc_flows set expires_at = now()`) }},
		"another code":                 {came: func(a *oidc.Answer) { a.Code = "another" }},
		"no code":                      {came: func(a *oidc.Answer) { a.Code = "" }, want: oidc.Declined},
		"the person said no":           {came: func(a *oidc.Answer) { a.Code, a.Error = "", "access_denied" }, want: oidc.Declined},
		"another challenge of PKCE": {went: func(u *url.URL) {
			q := u.Query()
			q.Set("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
			u.RawQuery = q.Encode()
		}},
		"another nonce on the way":       {went: func(u *url.URL) { q := u.Query(); q.Set("nonce", "x"); u.RawQuery = q.Encode() }},
		"another nonce":                  {came: forge("nonce", "another")},
		"no nonce":                       {came: forge("nonce", nil)},
		"a token for others":             {came: forge("aud", "another-client")},
		"a token of others":              {came: forge("iss", "https://evil.example")},
		"a token that is over":           {came: forge("exp", time.Now().Add(-time.Hour).Unix())},
		"a token about another":          {came: forge("sub", "sub-somebody-else")},
		"a token signed by others":       {came: func(*oidc.Answer) { h.provider.Set(func() { h.provider.SignWith = other }) }},
		"a token signed with our secret": {came: func(*oidc.Answer) { h.provider.Set(func() { h.provider.Alg = "HS256" }) }},
		"a token that nobody signed":     {came: func(*oidc.Answer) { h.provider.Set(func() { h.provider.Alg = "none" }) }},
		"no word about the person":       {came: func(*oidc.Answer) { h.provider.Set(func() { h.provider.WithoutInfo = true }) }, want: oidc.ErrUnavailable},
		"a provider that is down":        {came: func(*oidc.Answer) { h.provider.Set(func() { h.provider.Broken = true }) }, want: oidc.ErrUnavailable},
	} {
		good := h.provider.SignWith
		address, state, err := h.oidc.Begin(t.Context(), oidc.Enter, "")
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if test.went != nil {
			test.went(u)
		}
		back := h.provider.SignIn(u.String(), somebody("eve"))
		answer := oidc.Answer{State: back.Get("state"), Code: back.Get("code"), Kept: state}
		if test.came != nil {
			test.came(&answer)
		}
		want := test.want
		if want == nil {
			want = oidc.Broken
		}
		done, err := h.oidc.Finish(t.Context(), answer, "", account.Origin{})
		if !errors.Is(err, want) || done != (oidc.Done{}) {
			t.Errorf("%s: %+v, %v; want %v", name, done, err, want)
		}
		for _, secret := range append(h.provider.Secrets(), string(state)) {
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error holds a code or a token: %v", name, err)
			}
		}
		h.provider.Set(func() {
			h.provider.Forge, h.provider.SignWith, h.provider.Alg, h.provider.Broken, h.provider.WithoutInfo = nil, good, "RS256", false, false
		})
	}
	// Nor does a good one count twice.
	address, state, err := h.oidc.Begin(t.Context(), oidc.Enter, "")
	if err != nil {
		t.Fatal(err)
	}
	back := h.provider.SignIn(address, somebody("ana"))
	answer := oidc.Answer{State: back.Get("state"), Code: back.Get("code"), Kept: state}
	for i, want := range []error{nil, oidc.Broken} {
		if _, err := h.oidc.Finish(t.Context(), answer, "", account.Origin{}); !errors.Is(err, want) {
			t.Errorf("time %d: %v, want %v", i+1, err, want)
		}
	}
	if n := h.count(`select count(*) from users where email = 'eve@example.org'`); n != 0 {
		t.Error("somebody got an account")
	}
	if n := h.count(`select count(*) from oidc_flows where nonce = '' or verifier = ''`); n != 0 {
		t.Error("somebody was sent without nonce or verifier")
	}
}

// Domains, groups and the address decide who comes in, and who administers.
func TestWhoMayComeIn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*oidc.Config)
		who    oidctest.Claims
		want   error
	}{
		{"anybody", nil, somebody("ana"), nil},
		{"an address that is not confirmed", nil, somebody("ana", "email_verified", false), oidc.Unverified},
		{"an address of which nothing is said", nil, somebody("ana", "email_verified", nil), oidc.Unverified},
		{"one that is said to be in a text", nil, somebody("ana", "email_verified", "true"), nil},
		{"no address", nil, somebody("ana", "email", ""), oidc.Unverified},
		{"no account, and none is made", func(c *oidc.Config) { c.Signup = false }, somebody("ana"), oidc.NoSignup},
		{"a domain", domains("example.org", "example.com"), somebody("ana", "email", "ana@EXAMPLE.com"), nil},
		{"another domain", domains("example.org"), somebody("ana", "email", "ana@evil.example"), oidc.NotAllowed},
		{"a domain below it", domains("example.org"), somebody("ana", "email", "ana@sub.example.org"), oidc.NotAllowed},
		{"a domain that ends alike", domains("example.org"), somebody("ana", "email", "ana@notexample.org"), oidc.NotAllowed},
		{"two signs", domains("example.org"), somebody("ana", "email", "ana@example.org@evil.example"), oidc.NotAllowed},
		{"a domain, not confirmed", domains("example.org"), somebody("ana", "email_verified", false), oidc.Unverified},
		{"a group", groups("staff"), somebody("ana", "groups", []string{"others", "staff"}), nil},
		{"a group in a text", groups("staff"), somebody("ana", "groups", "staff"), nil},
		{"another group", groups("staff"), somebody("ana", "groups", []string{"Staff", "staff2"}), oidc.NotAllowed},
		{"no groups", groups("staff"), somebody("ana"), oidc.NotAllowed},
		{"groups that are no texts", groups("staff"), somebody("ana", "groups", []any{1, nil, map[string]any{}}), oidc.NotAllowed},
		{"groups under another name", func(c *oidc.Config) { c.Groups, c.GroupsClaim = []string{"staff"}, "roles" },
			somebody("ana", "roles", []string{"staff"}), nil},
		{"groups under another name than theirs", func(c *oidc.Config) { c.Groups, c.GroupsClaim = []string{"staff"}, "roles" },
			somebody("ana", "groups", []string{"staff"}), oidc.NotAllowed},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, test.change)
			if _, err := h.comes(oidc.Enter, "", test.who); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			want := 0
			if test.want == nil {
				want = 1
			}
			if n := h.count(`select count(*) from users`); n != want {
				t.Errorf("%d accounts, want %d", n, want)
			}
		})
	}
}

func domains(names ...string) func(*oidc.Config) {
	return func(c *oidc.Config) { c.Domains = names }
}

func groups(names ...string) func(*oidc.Config) { return func(c *oidc.Config) { c.Groups = names } }

// The policy about addresses holds here too.
func TestPolicyOfDomains(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.accounts.UsePolicy(func() account.Policy {
		return account.Policy{Signup: account.SignupClosed, MailDomains: []string{"example.com"}}
	})
	if _, err := h.comes(oidc.Enter, "", somebody("ana")); !errors.Is(err, oidc.NotAllowed) {
		t.Errorf("an address of another domain: %v", err)
	}
	h.enters(somebody("ben", "email", "ben@example.com"))
}

// Groups make administrators, and end that, but for the last one; the ledger says
// so.
func TestGroupsOfAdministrators(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *oidc.Config) { c.Administrators = []string{"operators"} })
	in := func(name string, groups ...string) bool {
		t.Helper()
		return h.enters(somebody(name, "groups", groups)).User.Administrator
	}
	if in("ana", "staff") {
		t.Error("staff administer")
	}
	if !in("ana", "operators") || !in("ben", "operators") {
		t.Error("operators do not administer")
	}
	if in("ana", "staff") {
		t.Error("who is no operator any more still administers")
	}
	if !in("ben", "staff") {
		t.Error("the last administrator is gone")
	}
	var told []string
	rows, err := h.pool.Query(t.Context(), `
		select kind || ' ' || (data->>'username') || ' ' || (data->>'provider') || ' ' || (actor is null) from ledger where kind like 'administrator_%' order by id`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		told = append(told, line)
	}
	want := "administrator_made ana Example true,administrator_made ben Example true,administrator_unmade ana Example true"
	if got := strings.Join(told, ","); got != want {
		t.Errorf("the ledger says %s, want %s", got, want)
	}
}

// An address opens no account that is here already; connecting it from inside does.
func TestConnecting(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	ana, ben := h.registers("ana"), h.registers("ben")
	if _, err := h.comes(oidc.Enter, "", somebody("ana")); !errors.Is(err, oidc.Taken) {
		t.Errorf("by the address of an account: %v", err)
	}
	h.anew(oidc.Connect, ana.ID, somebody("elsewhere"))
	done, err := h.comes(oidc.Connect, ana.ID, somebody("elsewhere"))
	if err != nil || done.Purpose != oidc.Connect {
		t.Fatalf("connect: %+v, %v", done, err)
	}
	if got := h.enters(somebody("elsewhere")); got.User.ID != ana.User.ID {
		t.Errorf("came in as %s", got.User.Username)
	}
	if _, err := h.comes(oidc.Connect, ben.ID, somebody("elsewhere")); !errors.Is(err, oidc.Another) {
		t.Errorf("one of the provider's for two: %v", err)
	}
	if _, err := h.comes(oidc.Connect, ana.ID, somebody("third")); !errors.Is(err, oidc.Another) {
		t.Errorf("two of the provider's for one: %v", err)
	}
	if yes, err := h.oidc.Connected(t.Context(), ana.User.ID); err != nil || !yes {
		t.Errorf("connected: %t, %v", yes, err)
	}
	// In another session than the one that asked, or one that is over.
	for _, came := range []account.SessionID{"", ben.ID} {
		address, state, err := h.oidc.Begin(t.Context(), oidc.Connect, ana.ID)
		if err != nil {
			t.Fatal(err)
		}
		back := h.provider.SignIn(address, somebody("fourth"))
		answer := oidc.Answer{State: back.Get("state"), Code: back.Get("code"), Kept: state, Session: came}
		if _, err := h.oidc.Finish(t.Context(), answer, "", account.Origin{}); !errors.Is(err, oidc.Broken) {
			t.Errorf("in session %q: %v", came, err)
		}
	}
	if err := h.oidc.Disconnect(t.Context(), ana.User.ID); err != nil {
		t.Fatal(err)
	}
	if yes, _ := h.oidc.Connected(t.Context(), ana.User.ID); yes {
		t.Error("still connected")
	}
	only := h.enters(somebody("only"))
	if err := h.oidc.Disconnect(t.Context(), only.User.ID); !errors.Is(err, oidc.Declined) {
		t.Errorf("the only way in was taken away: %v", err)
	}
	if n := h.count(`select count(*) from ledger where kind in ('provider_connected', 'provider_disconnected') and actor = $1`, ana.User.ID); n != 2 {
		t.Errorf("the ledger tells %d of two", n)
	}
}

// anew checks that a purpose takes signing in at the provider anew.
func (h *house) anew(purpose oidc.Purpose, session account.SessionID, as oidctest.Claims) {
	h.Helper()
	address, _, err := h.oidc.Begin(h.Context(), purpose, session)
	if err != nil {
		h.Fatal(err)
	}
	if u, err := url.Parse(address); err != nil || u.Query().Get("prompt") != "login" || u.Query().Get("max_age") != "0" {
		h.Errorf("%s: the provider is not asked to have them sign in anew: %s", purpose, address)
	}
	for _, at := range []any{nil, time.Now().Add(-2 * time.Hour).Unix(), "now"} {
		h.provider.Set(func() { h.provider.Forge = func(c oidctest.Claims) { c["auth_time"] = at } })
		if _, err := h.comes(purpose, session, as); !errors.Is(err, oidc.Broken) {
			h.Errorf("%s, signed in at %v: %v", purpose, at, err)
		}
	}
	h.provider.Set(func() { h.provider.Forge = nil })
}

// Showing that it is they takes signing in anew, as the same person.
func TestProving(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	ana := h.enters(somebody("ana"))
	h.sql(`update sessions set proved_at = now() - interval '1 hour'`)
	if _, err := h.comes(oidc.Prove, ana.ID, somebody("ben")); !errors.Is(err, oidc.Another) {
		t.Errorf("somebody else: %v", err)
	}
	h.anew(oidc.Prove, ana.ID, somebody("ana"))
	done, err := h.comes(oidc.Prove, ana.ID, somebody("ana"))
	if err != nil {
		t.Fatal(err)
	}
	if session, err := h.accounts.Resume(t.Context(), done.Session); err != nil || !session.Proved() || session.ID != ana.ID {
		t.Errorf("proved: %+v, %v", session, err)
	}
}

func TestProviderThatIsNotThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	h.provider.Set(func() { h.provider.Broken = true })
	if _, _, err := h.oidc.Begin(t.Context(), oidc.Enter, ""); !errors.Is(err, oidc.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	h.provider.Set(func() { h.provider.Broken = false }) // it may start later than we
	h.enters(somebody("ana"))
	wrong := newHouse(t, func(c *oidc.Config) { c.ClientSecret = "planted" })
	if _, err := wrong.comes(oidc.Enter, "", somebody("ana")); !errors.Is(err, oidc.Broken) || strings.Contains(fmt.Sprint(err), "planted") {
		t.Errorf("with a wrong secret: %v", err)
	}
}

// Who wants to sign in while the provider is silent waits with the others for one
// answer, and no longer than they care to.
func TestProviderThatIsSilent(t *testing.T) {
	t.Parallel()
	asked, release := make(chan struct{}, 100), make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(silent.Close)
	t.Cleanup(func() { close(release) })
	h := newHouse(t, func(c *oidc.Config) { c.Issuer = silent.URL })
	begin := func(ctx context.Context) <-chan error {
		done := make(chan error, 1)
		go func() {
			_, _, err := h.oidc.Begin(ctx, oidc.Enter, "")
			done <- err
		}()
		return done
	}
	first := begin(t.Context())
	<-asked
	impatient, leave := context.WithCancel(t.Context())
	leaving := begin(impatient)
	leave()
	select {
	case err := <-leaving:
		if !errors.Is(err, oidc.ErrUnavailable) {
			t.Errorf("who left: %v", err)
		}
	case err := <-first:
		t.Errorf("who left waits for the others, who are told %v", err)
	}
	var others []<-chan error
	for range 5 {
		others = append(others, begin(t.Context()))
	}
	for _, other := range others {
		if err := <-other; !errors.Is(err, oidc.ErrUnavailable) {
			t.Errorf("who waits: %v", err)
		}
	}
	// The first question, and that of whoever came when it had just been given up.
	if n := 1 + len(asked); n > 3 {
		t.Errorf("asked %d times", n)
	}
}
