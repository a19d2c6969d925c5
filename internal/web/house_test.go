package web_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/crypto/bcrypt"

	"foyer/internal/account"
	"foyer/internal/account/accounttest"
	"foyer/internal/account/apitoken"
	"foyer/internal/account/archive"
	"foyer/internal/account/factor"
	"foyer/internal/account/recovery"
	"foyer/internal/admin"
	"foyer/internal/blob"
	"foyer/internal/call"
	"foyer/internal/chat"
	"foyer/internal/eventstream"
	"foyer/internal/health"
	"foyer/internal/ledger"
	"foyer/internal/logtest"
	"foyer/internal/mail"
	"foyer/internal/media/mediatest"
	"foyer/internal/metrics"
	"foyer/internal/postgres"
	"foyer/internal/postgres/postgrestest"
	"foyer/internal/room"
	"foyer/internal/settings"
	"foyer/internal/web"
	"foyer/internal/webhook"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// slow is the pace on the busiest machine. Requests are counted by the day, so that no
// minute begins or ends within a test.
var slow = web.Pace{Read: 10 * time.Minute, Write: 10 * time.Minute, Ready: time.Minute, Minute: 24 * time.Hour}

// house is the whole service on a real listener, with a media backend in
// memory.
type house struct {
	*testing.T
	pool     *pgxpool.Pool
	accounts *account.Store
	tokens   *apitoken.Store
	factors  *factor.Store
	rooms    *room.Store
	media    *mediatest.Memory
	mails    *mail.Store // with a mail server, and nobody who sends
	webhooks *webhook.Store
	settings *settings.Store
	health   *health.Monitor
	config   web.Config
	server   *web.Server
	url      string
	log      *logtest.Lines
	people   map[string]account.User
	cookies  map[string]string // by username; "" for nobody
}

func newHouse(t *testing.T, usernames ...string) *house {
	t.Helper()
	return newHouseWith(t, nil, usernames...)
}

// newHouseWith is newHouse with more media services than the one for new rooms.
func newHouseWith(t *testing.T, more call.Backends, usernames ...string) *house {
	t.Helper()
	pool := postgrestest.New(t)
	h := &house{
		T: t, pool: pool, accounts: account.NewStore(pool, bcrypt.MinCost), rooms: room.NewStore(pool), media: mediatest.NewMemory(),
		log: &logtest.Lines{}, people: make(map[string]account.User), cookies: map[string]string{"": ""},
	}
	log := slog.New(slog.NewTextHandler(h.log, nil))
	hub := ledger.NewHub(pool, log)
	backends := call.Backends{"livekit": h.media}
	maps.Copy(backends, more)
	reconciler := call.NewReconciler(pool, backends, log)
	h.mails = newMails(t, pool, true)
	var err error
	if h.factors, err = factor.NewStore(pool, h.accounts, make([]byte, 32), time.Now); err != nil {
		t.Fatal(err)
	}
	h.webhooks = newWebhooks(t, pool)
	h.tokens = apitoken.NewStore(pool)
	h.settings, h.health = newSettings(t, pool), health.NewMonitor([]health.Check{health.Database(pool)}, log)
	h.accounts.UsePolicy(func() account.Policy { return h.settings.Now().Accounts() })
	h.config = web.Config{
		CookieKey: make([]byte, 32), APIKey: make([]byte, 32), Tokens: h.tokens, Pool: pool, Accounts: h.accounts,
		Archives: archive.NewStore(pool, t.TempDir()), Recovery: recovery.NewStore(pool, h.accounts), Factors: h.factors, Rooms: h.rooms, Mails: h.mails,
		Webhooks: h.webhooks, Settings: h.settings, Health: h.health, Metrics: metrics.New("test", pool, h.health, log), Admin: admin.NewStore(pool),
		Calls: call.NewService(pool, h.rooms, backends, hub), Chat: newChat(t, pool), Reconciler: reconciler, Backends: backends, Backend: "livekit", Pace: slow, Log: log,
	}
	if h.server, err = web.New(h.config); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { call.Follow(ctx, pool, hub, reconciler, log) })
	running.Go(func() { h.server.WriteLinks(ctx) })
	server := httptest.NewServer(h.server.Handler(ctx))
	t.Cleanup(func() { cancel(); server.Close(); running.Wait() })
	h.url = server.URL
	for _, name := range usernames {
		h.register(name)
	}
	return h
}

func newChat(t *testing.T, pool *pgxpool.Pool) *chat.Store {
	t.Helper()
	files, err := blob.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	return chat.NewStore(pool, files, chat.Limits{File: 1 << 20, Room: 10 << 20})
}

func newMails(t *testing.T, pool *pgxpool.Pool, sends bool) *mail.Store {
	t.Helper()
	key, err := postgres.Key(t.Context(), pool, "mail")
	if err != nil {
		t.Fatal(err)
	}
	mails, err := mail.NewStore(pool, key, sends)
	if err != nil {
		t.Fatal(err)
	}
	return mails
}

func newWebhooks(t *testing.T, pool *pgxpool.Pool) *webhook.Store {
	t.Helper()
	store, err := webhook.NewStore(pool, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// usual are the settings that the environment gives.
var usual = settings.Values{Signup: "open", Capacity: 50, KeepCalls: 365, KeepAudit: 730, KeepSignIns: 90, KeepDeliveries: 30}

func newSettings(t *testing.T, pool *pgxpool.Pool) *settings.Store {
	t.Helper()
	store, err := settings.Open(t.Context(), pool, usual, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// policy makes another policy count than the settings'.
func (h *house) policy(p account.Policy) { h.accounts.UsePolicy(func() account.Policy { return p }) }

func passwordOf(name string) string { return "correct horse " + name }

// sessionOf is another session of somebody.
func (h *house) sessionOf(user account.User) account.Session {
	h.Helper()
	return accounttest.SignInAgain(h.T, h.accounts, user)
}

func (h *house) register(name string) {
	h.Helper()
	user, err := h.accounts.Register(h.Context(), account.Registration{
		Username: name, Email: name + "@example.org", DisplayName: "The " + name, Password: passwordOf(name),
	})
	if err != nil {
		h.Fatal(err)
	}
	h.people[name] = user
	answer := h.post("", "/login", url.Values{"login": {name}, "password": {passwordOf(name)}})
	if answer.status != http.StatusSeeOther {
		h.Fatalf("%s logs in: %d", name, answer.status)
	}
	h.cookies[name] = answer.cookie
}

// answer is what came back to a request.
type answer struct {
	status   int
	location string
	cookie   string
	header   http.Header
	body     string
}

// do sends a request as somebody; edit changes it before that.
func (h *house) do(who, method, path, contentType, body string, edit ...func(*http.Request)) answer {
	h.Helper()
	request, err := http.NewRequestWithContext(h.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.Fatal(err)
	}
	request.Header.Set("Origin", h.url)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if cookie := h.cookies[who]; cookie != "" {
		request.Header.Set("Cookie", cookie)
	}
	for _, e := range edit {
		e(request)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		h.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	raw, err := readAnswer(response)
	if err != nil {
		h.Fatalf("%s %s: %v", method, path, err)
	}
	a := answer{status: response.StatusCode, location: response.Header.Get("Location"), header: response.Header, body: string(raw)}
	for _, c := range response.Cookies() {
		a.cookie = c.Name + "=" + c.Value
	}
	return a
}

// readAnswer reads what was answered: of an event stream, which does not end, how it
// begins.
func readAnswer(response *http.Response) ([]byte, error) {
	if response.Header.Get("Content-Type") != eventstream.ContentType {
		return io.ReadAll(response.Body)
	}
	return bufio.NewReader(response.Body).ReadBytes('\n')
}

func (h *house) get(who, path string) answer {
	h.Helper()
	return h.do(who, http.MethodGet, path, "", "")
}

func (h *house) post(who, path string, form url.Values) answer {
	h.Helper()
	return h.do(who, http.MethodPost, path, "application/x-www-form-urlencoded", form.Encode())
}

func (h *house) postJSON(who, path, body string) answer {
	h.Helper()
	return h.do(who, http.MethodPost, path, "application/json", body)
}

// room makes one with somebody in every role.
func (h *house) room(access string, roles map[string]room.Role, owner string) room.Room {
	h.Helper()
	r, err := h.rooms.Create(h.Context(), h.people[owner].ID, room.Draft{Name: "Team", Visibility: room.Visibility(access), Backend: "livekit"})
	if err != nil {
		h.Fatal(err)
	}
	for name, role := range roles {
		if _, err := h.rooms.AddMember(h.Context(), r.ID, h.people[owner].ID, name, role); err != nil {
			h.Fatal(err)
		}
	}
	return r
}

func (h *house) sql(query string, args ...any) {
	h.Helper()
	if _, err := h.pool.Exec(h.Context(), query, args...); err != nil {
		h.Fatal(err)
	}
}

// invitation makes one that the room's owner sends, for any number of people.
func (h *house) invitation(r room.Room, role room.Role) room.MadeInvitation {
	h.Helper()
	made, err := h.rooms.Invite(h.Context(), r.ID, h.people["owner"].ID, room.InvitationDraft{Role: role, Lasts: room.LastsWeek},
		func(context.Context, pgx.Tx, room.MadeInvitation) error { return nil })
	if err != nil {
		h.Fatal(err)
	}
	return made[0]
}

// guest is the cookie of somebody who came into a room by an invitation,
// without an account.
func (h *house) guest(r room.Room) string {
	h.Helper()
	answer := h.post("", "/invite/"+string(h.invitation(r, room.Guest).Token), url.Values{"display_name": {"Gus"}})
	if answer.status != http.StatusSeeOther || answer.location != "/r/"+r.Slug {
		h.Fatalf("a guest comes in: %d to %q", answer.status, answer.location)
	}
	return answer.cookie
}
