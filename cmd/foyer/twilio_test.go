package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"foyer/internal/media/mediatest"
	"foyer/internal/media/twilio/twiliotest"
)

// twilioDouble is the double of Twilio, running.
type twilioDouble struct {
	*twiliotest.Service
	rest, sockets string
}

func startTwilio(t *testing.T) *twilioDouble {
	t.Helper()
	account := twiliotest.NewAccount()
	account.Transport = client.Transport
	service := twiliotest.New(account)
	signalling := twiliotest.NewSignalling(service)
	rest, sockets := httptest.NewServer(service.REST()), httptest.NewServer(signalling)
	t.Cleanup(func() {
		signalling.Close()
		service.Close()
		rest.Close()
		sockets.Close()
		for _, violation := range service.Violations() {
			t.Errorf("not as the published description says: %s", violation)
		}
	})
	return &twilioDouble{service, rest.URL, "ws" + strings.TrimPrefix(sockets.URL, "http")}
}

// flags make a Foyer use the double, as the tutorial's three variables do.
func (d *twilioDouble) flags(more ...string) []string {
	return append([]string{
		"--twilio-account-sid", d.SID, "--twilio-api-key-sid", d.KeySID, "--twilio-api-key-secret", d.KeySecret,
		"--twilio-api-url", d.rest, "--twilio-signaling-url", d.sockets,
	}, more...)
}

// visitor is somebody with a browser, but no screen.
type visitor struct {
	*program
	client *http.Client
}

func (p *program) visitor() *visitor {
	p.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.Fatal(err)
	}
	return &visitor{p, &http.Client{Jar: jar, Timeout: client.Timeout, CheckRedirect: client.CheckRedirect, Transport: client.Transport}}
}

func (v *visitor) send(method, path, kind, body string) (*http.Response, string) {
	v.Helper()
	request, err := http.NewRequest(method, v.url+path, strings.NewReader(body))
	if err != nil {
		v.Fatal(err)
	}
	request.Header.Set("Content-Type", kind)
	request.Header.Set("Origin", v.url)
	response, err := v.client.Do(request)
	if err != nil {
		v.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		v.Fatal(err)
	}
	return response, string(raw)
}

// fill sends a form and expects to be led on; it returns where to.
func (v *visitor) fill(path string, fields ...string) string {
	v.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	response, body := v.send("POST", path, "application/x-www-form-urlencoded", form.Encode())
	if response.StatusCode != http.StatusSeeOther {
		v.Fatalf("%s: %d %s", path, response.StatusCode, body)
	}
	return response.Header.Get("Location")
}

func (v *visitor) page(path string) string {
	v.Helper()
	response, body := v.send("GET", path, "", "")
	if response.StatusCode != http.StatusOK {
		v.Fatalf("%s: %d", path, response.StatusCode)
	}
	return body
}

func (v *visitor) logIn(name string) *visitor {
	v.Helper()
	v.fill("/login", "login", name, "password", "correct horse "+name)
	return v
}

func (v *visitor) signUp(name string) *visitor {
	v.Helper()
	v.fill("/signup", "username", name, "email", name+"@example.org", "display_name", "The "+name, "password", "correct horse "+name)
	return v
}

// setUp makes the first administrator, by the link that the program printed.
func (p *program) setUp(name string) *visitor {
	p.Helper()
	link, err := url.Parse(p.setup)
	if err != nil {
		p.Fatal(err)
	}
	v := p.visitor()
	v.fill("/setup", "token", link.Query().Get("token"), "username", name, "email", name+"@example.org", "password", "correct horse "+name)
	return v
}

// ticket is the answer to a join.
type ticket struct {
	Backend, URL, Token, Participant string
	Error                            struct{ Reason, Message string }
}

func (v *visitor) join(room string) (int, ticket) {
	v.Helper()
	response, body := v.send("POST", room+"/join", "application/json", `{"display_name": ""}`)
	var t ticket
	if err := json.Unmarshal([]byte(body), &t); err != nil {
		v.Fatalf("join: %v in %s", err, body)
	}
	return response.StatusCode, t
}

// enter joins and connects.
func (v *visitor) enter(room string) (ticket, *twiliotest.Client) {
	v.Helper()
	status, t := v.join(room)
	if status != http.StatusOK || t.Backend != "twilio" {
		v.Fatalf("join: %d %+v", status, t)
	}
	return t, v.connect(t)
}

func (v *visitor) connect(t ticket) *twiliotest.Client {
	v.Helper()
	c, err := twiliotest.Enter(v.Context(), t.URL, t.Token)
	if err != nil {
		v.Fatal(err)
	}
	v.Cleanup(c.Leave)
	return c
}

// out waits until a connection has ended.
func (v *visitor) out(c *twiliotest.Client) {
	v.Helper()
	select {
	case <-c.Done():
	case <-time.After(time.Minute):
		v.Fatalf("still connected:\n%s", v.said())
	}
}

// comeBack connects with a token from before and returns how long it took until
// that was over, from the first attempt on.
func (v *visitor) comeBack(t ticket) time.Duration {
	v.Helper()
	start := time.Now()
	c, err := twiliotest.Enter(v.Context(), t.URL, t.Token)
	var refused *twiliotest.Error
	if errors.As(err, &refused) {
		v.Fatalf("Twilio itself refuses the token, so this shows nothing: %v", err)
	}
	if err == nil { // else they were put out before the connection was complete
		v.out(c)
	}
	return time.Since(start).Round(time.Millisecond)
}

// room is the live room that a token opens.
func (t ticket) room() string {
	parts := strings.Split(t.Token, ".")
	raw, _ := base64.RawURLEncoding.DecodeString(parts[min(1, len(parts)-1)])
	var claims struct {
		Grants struct{ Video struct{ Room string } }
	}
	_ = json.Unmarshal(raw, &claims)
	return claims.Grants.Video.Room
}

// report sends what would tell that somebody came to a room, as Twilio would but
// for an edit, and returns the status of the answer.
func (d *twilioDouble) report(p *program, room string, at time.Time, edit func(*http.Request)) int {
	p.Helper()
	request := twiliotest.Callback(d.AuthToken, http.MethodPost, p.url+"/hooks/twilio", map[string]string{
		"AccountSid": d.SID, "RoomSid": d.Room(room).SID, "RoomName": room, "RoomStatus": "in-progress", "RoomType": "group",
		"StatusCallbackEvent": "participant-connected", "SequenceNumber": "77", "Timestamp": at.UTC().Format(time.RFC3339),
		"ParticipantSid": "PA00000000000000000000000000000000", "ParticipantIdentity": "nobody", "ParticipantStatus": "connected",
	})
	edit(request)
	response, err := client.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// allReported fails the test unless Twilio reported something and each report was
// taken.
func (d *twilioDouble) allReported(t *testing.T) {
	t.Helper()
	answers := d.CallbackAnswers()
	if len(answers) == 0 || slices.ContainsFunc(answers, func(status int) bool { return status != http.StatusNoContent }) {
		t.Errorf("Twilio's reports were answered %v", answers)
	}
}

// freeAddress is one that a program can listen on and be called back at.
func freeAddress(t *testing.T) string {
	t.Helper()
	return net.JoinHostPort("127.0.0.1", freePort(t))
}

func (p *program) hasMediaServer(dir string) bool {
	p.Helper()
	return len(mediaServers(p.T, dir)) > 0
}

// With the tutorial's three variables Twilio carries everything that LiveKit
// would, without a media server here: joining, sound, the list of who is in,
// removal. Somebody removed who comes back with the old token is put out again:
// as soon as Twilio reports it, or by the next sweep where it does not. The log
// tells how long each took.
func TestTwilio(t *testing.T) {
	t.Parallel()
	for name, reports := range map[string]bool{"with callbacks": true, "without an auth token": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			double, dir, address := startTwilio(t), dataDir(t), freeAddress(t)
			flags := double.flags("--addr", address)
			if reports {
				flags = append(flags, "--twilio-auth-token", double.AuthToken, "--public-url", "http://"+address)
			}
			p := start(t, dir, freePort(t), flags...)
			p.within("Twilio is ready", func() bool {
				status, body := p.get("/readyz")
				return status == http.StatusOK && strings.Contains(body, "media twilio: ok")
			})
			if p.hasMediaServer(dir) {
				t.Error("a media server runs although nobody needs it")
			}
			if said := strings.Contains(p.said(), "TWILIO_AUTH_TOKEN is not set"); said == reports {
				t.Errorf("the log says that Twilio does not report: %v", said)
			}

			ana, ben := p.visitor().signUp("ana"), p.visitor().signUp("ben")
			room := ana.fill("/rooms", "name", "Team", "visibility", "private")
			ana.fill(room+"/members", "login", "ben", "role", "member")
			_, speaker := ana.enter(room)
			old, listener := ben.enter(room)
			if err := speaker.Publish(mediatest.Microphone); err != nil {
				t.Fatal(err)
			}
			p.within("ben hears ana", func() bool {
				others := listener.Others()
				return len(others) == 1 && listener.Received(others[0], mediatest.Microphone) > 5
			})
			p.within("the dashboard shows both", func() bool { return strings.Contains(ana.page("/"), "live · 2") })

			if reports {
				// What Twilio tells is checked, and however often it is told nobody
				// comes or goes by it.
				intact := func(*http.Request) {}
				unsigned := func(r *http.Request) { r.Header.Del("X-Twilio-Signature") }
				now, live := time.Now(), old.room()
				for range 3 {
					if status := double.report(p, live, now, intact); status != http.StatusNoContent {
						t.Errorf("a report, again and again: %d", status)
					}
				}
				for what, status := range map[string]int{
					"an unsigned report":    double.report(p, live, now, unsigned),
					"one of an hour before": double.report(p, live, now.Add(-time.Hour), intact),
				} {
					if status != http.StatusUnauthorized {
						t.Errorf("%s: %d", what, status)
					}
				}
				if page := ana.page("/"); !strings.Contains(page, "live · 2") {
					t.Errorf("who is in has changed: %s", page)
				}
			}

			removed := time.Now()
			ana.fill(room + "/members/ben/remove")
			ben.out(listener)
			t.Logf("removed by the owner: out after %v", time.Since(removed).Round(time.Millisecond))
			p.within("the dashboard shows one", func() bool { return strings.Contains(ana.page("/"), "live · 1") })
			for range 2 {
				t.Logf("back with the old token: out again after %v", ben.comeBack(old))
			}
			double.HoldCallbacks(true)
			t.Logf("and without a callback of it: out again after %v", ben.comeBack(old))
			double.HoldCallbacks(false)
			if status, _ := ben.join(room); status != http.StatusNotFound {
				t.Errorf("ben joins anew: %d", status)
			}
			speaker.Leave()
			p.within("the dashboard shows nobody", func() bool { return !strings.Contains(ana.page("/"), "live · ") })
			if reports {
				double.allReported(t)
			} else if got := double.CallbackAnswers(); len(got) > 0 {
				t.Errorf("reports that nobody can verify were asked for: %v", got)
			}
		})
	}
}

// Credentials that Twilio refuses, or that cannot be any, keep nothing from
// starting; what is wrong is said where administrators look.
func TestTwilioRefuses(t *testing.T) {
	t.Parallel()
	double := startTwilio(t)
	flags := double.flags()
	flags[slices.Index(flags, double.KeySecret)] = "planted0000000000000000000000000"
	p := start(t, dataDir(t), freePort(t), flags...)
	const advice = "Twilio does not accept the API key: check TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET."
	// On a busy machine the first answer may only be that there is none in time.
	p.within("readyz says what to set right", func() bool {
		status, body := p.get("/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "media twilio: "+advice) && strings.Contains(body, "database: ok")
	})
	boss := p.setUp("boss")
	p.within("the administrator's page says it", func() bool { return strings.Contains(boss.page("/admin/media"), advice) })
	room := boss.fill("/rooms", "name", "Team", "visibility", "private")
	if status, refused := boss.join(room); status != http.StatusServiceUnavailable || refused.Error.Reason != "media_misconfigured" || refused.Error.Message == "" {
		t.Errorf("join: %d %+v", status, refused)
	}
	p.within("the log says it", func() bool { return strings.Contains(p.said(), advice) })
	if strings.Contains(p.said(), "planted") {
		t.Errorf("the secret is in the log:\n%s", p.said())
	}
}

// Which service carries a room is the room's own affair: another default leaves
// it where it is, and an administrator moves it.
func TestRoomsKeepTheirService(t *testing.T) {
	t.Parallel()
	double, dir := startTwilio(t), dataDir(t)
	restart := func(p *program, flags ...string) *program {
		t.Helper()
		if p != nil {
			p.stop(syscall.SIGTERM)
		}
		return start(t, dir, freePort(t), flags...)
	}
	backendOf := func(v *visitor, room string) string {
		t.Helper()
		for _, name := range []string{"livekit", "twilio"} {
			if strings.Contains(v.page(room), `data-backend="`+name+`"`) {
				return name
			}
		}
		return "none"
	}

	p := restart(nil)
	boss := p.setUp("boss")
	first := boss.fill("/rooms", "name", "First", "visibility", "private")

	// Twilio is set up: new rooms are its, old ones go on.
	p = restart(p, double.flags()...)
	boss = p.visitor().logIn("boss")
	second := boss.fill("/rooms", "name", "Second", "visibility", "private")
	if status, joined := boss.join(first); status != http.StatusOK || joined.Backend != "livekit" {
		t.Errorf("join the first: %d %+v", status, joined)
	}
	if one, two := backendOf(boss, first), backendOf(boss, second); one != "livekit" || two != "twilio" || !p.hasMediaServer(dir) {
		t.Errorf("rooms are carried by %s and %s, media server here: %v", one, two, p.hasMediaServer(dir))
	}

	// Back to LiveKit for new rooms, with Twilio still there.
	p = restart(p, double.flags("--media", "livekit")...)
	boss = p.visitor().logIn("boss")
	third := boss.fill("/rooms", "name", "Third", "visibility", "private")
	if two, three := backendOf(boss, second), backendOf(boss, third); two != "twilio" || three != "livekit" {
		t.Errorf("rooms are carried by %s and %s", two, three)
	}

	// Twilio is gone: its room cannot be entered until it is moved.
	p = restart(p)
	boss = p.visitor().logIn("boss")
	if status, refused := boss.join(second); status != http.StatusServiceUnavailable || refused.Error.Reason != "media_missing" {
		t.Errorf("a room of a service that is gone: %d %+v", status, refused)
	}
	if !strings.Contains(p.said(), "service=twilio rooms=1") {
		t.Errorf("the log does not tell:\n%s", p.said())
	}
	forms := regexp.MustCompile(`action="(/admin/media/[^"]+)"`).FindAllStringSubmatch(boss.page("/admin/media"), -1)
	if len(forms) != 1 {
		t.Fatalf("%d rooms can be moved, want one", len(forms))
	}
	boss.fill(forms[0][1], "backend", "livekit")
	if status, joined := boss.join(second); status != http.StatusOK || joined.Backend != "livekit" {
		t.Errorf("after the move: %d %+v", status, joined)
	}
}
