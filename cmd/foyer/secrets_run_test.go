package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/livekit/protocol/livekit"
	"github.com/pquerna/otp/totp"
	"google.golang.org/protobuf/proto"

	"foyer/internal/account/factor/factortest"
	"foyer/internal/account/oidc/oidctest"
	"foyer/internal/media/sfu"
)

// planted is a program with every service that it can be used with, and the secrets
// that came about.
type planted struct {
	*program
	doubles
	dir       string
	flags     []string
	box       *guarded
	received  *httptest.Server // of webhooks
	hooked    atomic.Int64     // messages that it got
	mu        sync.Mutex
	found     secrets
	errors    bytes.Buffer
	statuses  map[int]int // of the answers in errors
	root, ana *visitor
	room      string
	guest     string // the path of a guest's link
	server    sfu.Settings
	collector string // the token of a program of the administrator's
	bearer    string // that of one of ana's
}

// guarded is a mail server that asks for a password.
type guarded struct {
	inbox
	password string
}

func (g *guarded) NewSession(*smtp.Conn) (smtp.Session, error) { return g, nil }
func (g *guarded) AuthMechanisms() []string                    { return []string{sasl.Plain} }

func (g *guarded) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, password string) error {
		if password != g.password {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

// linkTo waits for a mail to somebody with a link to a path that begins so, and
// returns what follows.
func (r *planted) linkTo(to, path string) (token string) {
	r.Helper()
	link := regexp.MustCompile(regexp.QuoteMeta(path) + `([A-Za-z0-9_-]{20,})`)
	r.within("a link to "+path+" is mailed to "+to, func() bool {
		r.box.inbox.mu.Lock()
		defer r.box.inbox.mu.Unlock()
		for _, mail := range r.box.mails {
			mail = strings.ReplaceAll(mail, "=\r\n", "") // quoted-printable
			if match := link.FindStringSubmatch(mail); match != nil && strings.Contains(mail, to) {
				token = match[1]
			}
		}
		return token != ""
	})
	return token
}

func plant(t *testing.T) *planted {
	t.Helper()
	r := &planted{dir: dataDir(t), found: make(secrets), statuses: make(map[int]int), box: &guarded{password: "planted-smtp-password"}}
	r.found.add(t, "the mail server's password", r.box.password)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(r.box)
	server.AllowInsecureAuth = true
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() { server.Close(); serving.Wait() })

	r.received = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		r.hooked.Add(1)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(r.received.Close)

	r.twilio, r.doubles.provider = startTwilio(t), oidctest.Start(t)
	r.found.add(t, "Twilio's auth token", r.twilio.AuthToken)
	r.found.add(t, "the secret of Twilio's key", r.twilio.KeySecret)
	r.found.add(t, "the secret of the provider's client", r.doubles.provider.Secret)
	address, udp := freeAddress(t), freePort(t)
	_, port, _ := net.SplitHostPort(address)
	r.flags = r.twilio.flags("--addr", address, "--public-url", "http://localhost:"+port, "--media", "livekit", "--twilio-auth-token", r.twilio.AuthToken,
		"--smtp-url", "smtp://foyer:"+r.box.password+"@"+listener.Addr().String(), "--mail-from", "foyer@example.org",
		"--oidc-issuer", r.doubles.provider.Issuer, "--oidc-client-id", r.doubles.provider.ID, "--oidc-client-secret", r.doubles.provider.Secret,
		"--webhook-networks", "127.0.0.0/8", "--data-dir", r.dir, "--media-udp-port", udp, "--media-tcp-port", "0")
	r.program = start(t, r.dir, udp, r.flags...)
	return r
}

// visitor is somebody whose cookies and pages about errors are noted.
func (r *planted) visitor() *visitor {
	r.Helper()
	v := r.program.visitor()
	v.client.Transport = recording{v.client.Transport, r}
	return v
}

// insideCookies finds the tokens that a signed cookie holds.
var insideCookies = regexp.MustCompile(`"(?:token|halfway|state|made)":"(?:\S* )?([A-Za-z0-9_-]{40,})"`)

func (r *planted) cookie(cookie *http.Cookie) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(cookie.Value) < shortest {
		return
	}
	r.found[cookie.Value] = "the cookie " + cookie.Name
	outer, _ := base64.URLEncoding.DecodeString(cookie.Value)
	if parts := bytes.Split(outer, []byte("|")); len(parts) == 3 {
		inner, _ := base64.URLEncoding.DecodeString(string(parts[1]))
		for _, token := range insideCookies.FindAllSubmatch(inner, -1) {
			r.found[string(token[1])] = "a session's token, or another in a cookie"
		}
	}
}

func (r *planted) aboutError(response *http.Response) {
	body, _ := io.ReadAll(response.Body)
	response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors.Write(body)
	r.statuses[response.StatusCode]++
}

// accounts are the first administrator's, and one with mailed links.
func (r *planted) accounts() {
	r.Helper()
	setup, err := url.Parse(r.setup)
	if err != nil {
		r.Fatal(err)
	}
	r.found.add(r.T, "the link to set up", setup.Query().Get("token"))
	r.root, r.ana = r.visitor(), r.visitor()
	r.root.fill("/setup", "token", setup.Query().Get("token"), "username", "root", "email", "root@example.org", "password", "correct horse root")
	r.ana.signUp("ana")
	for _, name := range []string{"root", "ana"} {
		r.found.add(r.T, "a password", "correct horse "+name)
	}
	verify := r.linkTo("ana@example.org", "/verify/")
	r.found.add(r.T, "a link that confirms an address", verify)
	r.ana.page("/verify/" + verify)
	r.ana.fill("/verify/" + verify)
	r.forget("ana")
	reset := r.linkTo("ana@example.org", "/reset/")
	r.found.add(r.T, "a link to set a password", reset)
	r.found.add(r.T, "a new password", "correct horse ana again")
	r.visitor().fill("/reset/"+reset, "password", "correct horse ana again")
	r.ana = r.visitor()
	r.ana.fill("/login", "login", "ana", "password", "correct horse ana again")
}

// forget asks for a link to set a password.
func (r *planted) forget(name string) {
	r.Helper()
	if response, body := r.visitor().send("POST", "/login/forgot", "application/x-www-form-urlencoded", "login="+name); response.StatusCode != http.StatusOK {
		r.Fatalf("forgot: %d %s", response.StatusCode, body)
	}
}

// factors are an app, recovery codes, one of them used, and a passkey.
func (r *planted) factors() {
	r.Helper()
	r.ana.fill("/account/two-step/app")
	page := r.ana.page("/account/two-step/app")
	secret := strings.ReplaceAll(regexp.MustCompile(`(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}`).FindString(page), " ", "")
	r.found.add(r.T, "the secret of an app", secret)
	code, err := totp.GenerateCode(secret, time.Now())
	if err != nil {
		r.Fatal(err)
	}
	r.ana.fill("/account/two-step/app/confirm", "code", code)
	_, page = r.ana.send("POST", "/account/two-step/codes", "application/x-www-form-urlencoded", "")
	codes := regexp.MustCompile(`[a-z2-9]{4}(?:-[a-z2-9]{4}){3}`).FindAllString(page, -1)
	for _, code := range codes {
		r.found.add(r.T, "a recovery code", code)
		r.found.add(r.T, "a recovery code without its strokes", strings.ReplaceAll(code, "-", ""))
	}
	again := r.visitor()
	again.fill("/login", "login", "ana", "password", "correct horse ana again")
	again.fill("/login/second", "code", codes[0])

	key := factortest.New(r.T, r.url)
	var begun struct {
		Ceremony string
		Options  any
	}
	r.json(again, "/account/passkeys/begin", `{}`, &begun)
	r.found.add(r.T, "the token of a ceremony", begun.Ceremony)
	answer, err := json.Marshal(map[string]string{"ceremony": begun.Ceremony, "credential": key.Create(begun.Options), "name": "Laptop"})
	if err != nil {
		r.Fatal(err)
	}
	r.json(again, "/account/passkeys", string(answer), &struct{}{})
}

// json sends one document and reads another.
func (r *planted) json(v *visitor, path, body string, into any) {
	r.Helper()
	response, answer := v.send("POST", path, "application/json", body)
	if err := json.Unmarshal([]byte(answer), into); err != nil || response.StatusCode != http.StatusOK {
		r.Fatalf("%s: %d %s", path, response.StatusCode, answer)
	}
}

// provider is somebody who comes in through the provider.
func (r *planted) provider() {
	r.Helper()
	// From an invitation, which they come back to; one is still on the way in the end.
	there := "/login/oidc?next=" + url.QueryEscape(r.guest)
	if response, _ := r.visitor().send("GET", there, "", ""); response.StatusCode != http.StatusSeeOther {
		r.Fatalf("to the provider: %d", response.StatusCode)
	}
	nora := r.visitor()
	response, _ := nora.send("GET", there, "", "")
	back := r.doubles.provider.SignIn(response.Header.Get("Location"), oidctest.Claims{
		"sub": "nora", "email": "nora@example.org", "email_verified": true, "name": "Nora", "preferred_username": "nora",
	})
	r.found.add(r.T, "the state of a way to the provider", back.Get("state"))
	if response, body := nora.send("GET", "/login/oidc/callback?"+back.Encode(), "", ""); response.Header.Get("Location") != r.guest {
		r.Fatalf("back from the provider: %d %s", response.StatusCode, body)
	}
	nora.send("GET", "/login/oidc/callback?"+back.Encode(), "", "") // once more
	for _, secret := range r.doubles.provider.Secrets() {
		r.found.add(r.T, "a code or token of the provider", secret)
	}
}

// rooms are one with links for members and guests, of which one comes.
func (r *planted) rooms() {
	r.Helper()
	r.room = r.ana.fill("/rooms", "name", "Team of the planted secrets", "visibility", "private")
	r.ana.fill(r.room+"/settings", "name", "Team of the planted secrets", "topic", "", "visibility", "private", "guests", "on", "lobby", "off",
		"succession", "host", "capacity", "10", "history_days", "30")
	for _, role := range []string{"member", "guest"} {
		r.ana.fill(r.room+"/invitations", "role", role, "lasts", "week", "way", "link", "uses", "")
		link := regexp.MustCompile(`/invite/([A-Za-z0-9_-]{20,})`).FindStringSubmatch(r.ana.page(r.room + "/invitations"))
		if link == nil {
			r.Fatal("no link is shown")
		}
		r.found.add(r.T, "an invitation", link[1])
		r.guest = link[0]
	}
	guest := r.visitor()
	guest.page(r.guest)
	guest.fill(r.guest, "display_name", "Gus", "attempt", "planted-attempt-of-a-guest")
	r.ana.fill(r.room+"/invitations", "role", "member", "lasts", "week", "way", "mail", "emails", "invited@example.org")
	r.found.add(r.T, "a mailed invitation", r.linkTo("invited@example.org", "/invite/"))
}

// media are tokens of both services, used where they are good and where not.
func (r *planted) media() {
	r.Helper()
	status, ticket := r.ana.join(r.room)
	if status != http.StatusOK || ticket.Backend != "livekit" {
		r.Fatalf("join: %d %+v", status, ticket)
	}
	r.found.add(r.T, "a media token", ticket.Token)
	for _, path := range []string{"/rtc/validate", "/rtc/v1/validate", "/rtc", "/rtc/v1"} {
		for _, token := range []string{ticket.Token, ticket.Token + "x"} {
			r.ana.send("GET", path+"?access_token="+token, "", "")
		}
	}
	r.signal(ticket)
	moved := r.ana.fill("/rooms", "name", "Elsewhere", "visibility", "private")
	id := regexp.MustCompile(`action="/admin/media/([0-9a-f-]{36})"`).FindAllStringSubmatch(r.root.page("/admin/media"), -1)
	for _, match := range id {
		r.root.send("POST", "/admin/media/"+match[1], "application/x-www-form-urlencoded", "backend=twilio")
	}
	status, ticket = r.ana.join(moved)
	if status != http.StatusOK || ticket.Backend != "twilio" {
		r.Fatalf("join where Twilio carries calls: %d %+v", status, ticket)
	}
	r.found.add(r.T, "a media token of Twilio", ticket.Token)
	r.ana.connect(ticket)
	r.within("Twilio has reported", func() bool { return len(r.twilio.CallbackAnswers()) > 0 })
	r.twilio.report(r.program, ticket.room(), time.Now(), func(request *http.Request) { request.Header.Set("X-Twilio-Signature", r.twilio.AuthToken) })
}

// signal connects as LiveKit's client does, until it is in and has the token by which
// it would come back.
func (r *planted) signal(t ticket) {
	r.Helper()
	query := url.Values{"access_token": {t.Token}, "protocol": {"16"}, "sdk": {"js"}, "auto_subscribe": {"1"}}
	conn, _, err := websocket.Dial(r.Context(), "ws"+strings.TrimPrefix(r.url, "http")+"/rtc?"+query.Encode(),
		&websocket.DialOptions{HTTPHeader: http.Header{"Origin": {r.url}}})
	if err != nil {
		r.Fatal(err)
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 24)
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Minute)
	defer cancel()
	in, back := false, ""
	for !in || back == "" {
		_, data, err := conn.Read(ctx)
		if err != nil {
			r.Fatalf("in: %v, %v:\n%s", in, err, r.said())
		}
		var message livekit.SignalResponse
		if err := proto.Unmarshal(data, &message); err != nil {
			r.Fatal(err)
		}
		in, back = in || message.GetJoin() != nil, cmp.Or(back, message.GetRefreshToken())
	}
	r.found.add(r.T, "a media token to come back with", back)
	// With this the gate signs what it shows the media server.
	if r.server, err = sfu.ReadSettings(filepath.Join(r.dir, "sfu")); err != nil {
		r.Fatal(err)
	}
	r.found.add(r.T, "the media server's secret", r.server.Secret)
}

// webhooks are one, and what it is sent.
func (r *planted) webhooks() {
	r.Helper()
	path := r.ana.fill(r.room+"/webhooks", "url", r.received.URL+"/hook", "topic_call", "on", "topic_access", "on")
	page := r.ana.page(path)
	secret := regexp.MustCompile(`whsec_([A-Za-z0-9+/=]{20,})`).FindStringSubmatch(html.UnescapeString(page))
	if secret == nil {
		r.Fatalf("no secret of the webhook: %s", page)
	}
	r.found.add(r.T, "the secret of a webhook", secret[0])
	r.found.add(r.T, "the secret of a webhook, bare", secret[1])
	r.ana.fill(path + "/try")
	r.ana.fill(r.room+"/lock", "locked", "true") // which is told too
	r.ana.fill(r.room+"/lock", "locked", "false")
	r.within("messages are delivered", func() bool { return r.hooked.Load() > 1 })
}

// mistakes are what people do wrong with secrets in their hands: they end on pages
// about errors.
func (r *planted) mistakes() {
	r.Helper()
	stranger := r.visitor()
	for secret := range r.found {
		for _, path := range []string{"/invite/", "/reset/", "/verify/", "/setup?token=", "/r/", "/nothing/", "/login/oidc/callback?state=x&code=", "/r/nothing/events?participant="} {
			stranger.send("GET", path+url.QueryEscape(secret), "", "")
		}
		stranger.send("DELETE", "/login?password="+url.QueryEscape(secret), "", "")
		stranger.send("POST", "/login", "application/x-www-form-urlencoded", "login=nobody&password="+url.QueryEscape(secret))
		stranger.send("POST", r.room+"/join", "application/json", `{"display_name": "`+secret)
		r.wrongly(secret)
	}
	r.forget("correct horse ana again") // in the wrong field
	r.ana.send("GET", "/nothing", "", "")
	r.ana.send("GET", "/admin/users", "", "")
	r.found.add(r.T, "a password that was tried", "planted-password-that-is-wrong")
	for range 3 {
		stranger.send("POST", "/login", "application/x-www-form-urlencoded", "login=ana&password=planted-password-that-is-wrong")
	}
}
