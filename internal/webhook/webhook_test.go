package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/account"
	"foyer/internal/jobs"
	"foyer/internal/ledger"
	"foyer/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// house is a database with somebody who owns a room, and a sender that runs.
type house struct {
	*testing.T
	pool  *pgxpool.Pool
	store *Store
	owner account.UserID
	room  ledger.Room
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

func newHouse(t *testing.T, allowed []netip.Prefix) *house {
	t.Helper()
	pool := postgrestest.New(t)
	h := houseOn(t, pool)
	log := slog.New(slog.DiscardHandler)
	sender := NewSender(h.store, Reach{Allowed: allowed}, "test", log)
	sender.pauses = []time.Duration{time.Millisecond, time.Millisecond, time.Millisecond}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { sender.Run(ctx) })
	running.Go(func() {
		timing := jobs.Timing{Job: 20 * time.Second, Rescue: time.Minute, Stop: time.Second, Poll: 100 * time.Millisecond}
		if err := jobs.Run(ctx, pool, timing, log, sender); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	return h
}

// houseOn is a house on a database, without a sender.
func houseOn(t *testing.T, pool *pgxpool.Pool) *house {
	t.Helper()
	store, err := NewStore(pool, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{T: t, pool: pool, store: store, owner: account.UserID(uuid.NewString()), room: ledger.Room(uuid.NewString())}
	h.exec(`insert into users (id, username, email, display_name, password_hash) values ($1, 'ana', 'ana@example.org', 'Ana', '')`, h.owner)
	h.exec(`insert into rooms (id, slug, name, backend) values ($1, 'team', 'Team', 'memory')`, h.room)
	return h
}

func (h *house) exec(query string, args ...any) {
	h.Helper()
	if _, err := h.pool.Exec(h.Context(), query, args...); err != nil {
		h.Fatal(err)
	}
}

func (h *house) make(in ledger.Room, address string, topics ...string) ID {
	h.Helper()
	id, err := h.store.Make(h.Context(), h.owner, in, Draft{URL: address, Topics: topics})
	if err != nil {
		h.Fatal(err)
	}
	return id
}

func (h *house) append(kind ledger.Kind, in ledger.Room) {
	h.Helper()
	err := ledger.Append(h.Context(), h.pool, ledger.Entry{Room: in, Kind: kind, Actor: string(h.owner), Data: ledger.Data(map[string]string{"quote": `a "b" \ c`})})
	if err != nil {
		h.Fatal(err)
	}
}

// await waits until the newest delivery of a webhook is in a state.
func (h *house) await(of ID, want State) Delivery {
	h.Helper()
	var last Delivery
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		deliveries, err := h.store.Deliveries(h.Context(), of, 0, 1)
		if err != nil {
			h.Fatal(err)
		}
		if len(deliveries) > 0 {
			if last = deliveries[0]; last.State == want {
				return last
			}
		}
	}
	h.Fatalf("still %+v, want %s", last, want)
	return last
}

// receiver is a real one, which answers as it is told to and keeps what it got.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []received
	answer func(n int, w http.ResponseWriter)
}

type received struct {
	header http.Header
	body   []byte
}

func newReceiver(t *testing.T, answer func(n int, w http.ResponseWriter)) *receiver {
	t.Helper()
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		r.mu.Lock()
		r.got = append(r.got, received{request.Header, body})
		n := len(r.got)
		r.mu.Unlock()
		r.answer(n, w)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got
}

func well(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) }

// verify checks a message as the specification tells receivers to.
func verify(t *testing.T, secret string, got received) {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) < 24 {
		t.Fatalf("the secret %q: %v", secret, err)
	}
	id, at := got.header.Get("Webhook-Id"), got.header.Get("Webhook-Timestamp")
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "." + string(got.body)))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); got.header.Get("Webhook-Signature") != want {
		t.Errorf("signature %q, want %q", got.header.Get("Webhook-Signature"), want)
	}
	if !strings.HasPrefix(id, "msg_") || at == "" || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", got.header)
	}
}

func TestDelivered(t *testing.T) {
	t.Parallel()
	h := newHouse(t, loopback)
	to := newReceiver(t, well)
	id := h.make(h.room, to.URL+"/hook", Access)
	site := h.make("", to.URL+"/site", Calls)
	h.append(ledger.Joined, h.room) // not of the room's webhook, but of the site's
	h.append(ledger.MemberAdded, h.room)
	h.await(site, Delivered)
	d := h.await(id, Delivered)
	_, secret, err := h.store.Find(t.Context(), h.room, id)
	if err != nil {
		t.Fatal(err)
	}
	var message struct {
		Type string
		Data struct {
			Room    struct{ Slug string }
			Actor   struct{ Username string }
			Details struct{ Quote string }
		}
	}
	checked := false
	for _, got := range to.all() {
		if err := json.Unmarshal(got.body, &message); err != nil {
			t.Fatalf("%s: %v", got.body, err)
		}
		if message.Type != string(ledger.MemberAdded) {
			continue
		}
		checked = true
		verify(t, secret, got)
		if message.Data.Room.Slug != "team" || message.Data.Actor.Username != "ana" || message.Data.Details.Quote != `a "b" \ c` {
			t.Errorf("the message is %s", got.body)
		}
	}
	if !checked || d.Attempts != 1 || d.Status != http.StatusNoContent {
		t.Errorf("delivered: %v, %+v", checked, d)
	}
	var sealed string
	if err := h.pool.QueryRow(t.Context(), `select encode(secret, 'escape') from webhooks where id = $1`, id).Scan(&sealed); err != nil || strings.Contains(sealed, "whsec_") {
		t.Errorf("the secret lies in the open: %q, %v", sealed, err)
	}
}

// What does not arrive is tried again under the same id, and then given up;
// somebody can send it again.
func TestTriedAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, loopback)
	broken := true
	to := newReceiver(t, func(n int, w http.ResponseWriter) {
		if broken {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	id := h.make(h.room, to.URL, Access)
	h.append(ledger.MemberAdded, h.room)
	d := h.await(id, Failed)
	if d.Attempts != 4 || d.Status != 500 || !strings.Contains(d.Error, "500") {
		t.Errorf("given up: %+v", d)
	}
	ids := make(map[string]bool)
	for _, got := range to.all() {
		ids[got.header.Get("Webhook-Id")] = true
	}
	if len(ids) != 1 || len(to.all()) != 4 {
		t.Errorf("%d messages with %d ids", len(to.all()), len(ids))
	}
	to.mu.Lock()
	broken = false
	to.mu.Unlock()
	if err := h.store.Again(t.Context(), id, d.ID); err != nil {
		t.Fatal(err)
	}
	if d = h.await(id, Delivered); d.Error != "" {
		t.Errorf("sent again: %+v", d)
	}
}

// goneAtFirst answers the first message with 410.
func goneAtFirst(n int, w http.ResponseWriter) {
	if n == 1 {
		w.WriteHeader(http.StatusGone)
	}
}

// A receiver that says it is gone is told of nothing more until somebody resumes.
func TestGone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, loopback)
	to := newReceiver(t, goneAtFirst)
	id := h.make(h.room, to.URL, Access)
	h.append(ledger.MemberAdded, h.room)
	h.await(id, Failed)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if w, _, err := h.store.Find(t.Context(), h.room, id); err == nil && w.PausedAt != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("not paused")
		}
	}
	h.append(ledger.RoleChanged, h.room)
	if err := h.store.Resume(t.Context(), h.room, id); err != nil {
		t.Fatal(err)
	}
	h.append(ledger.MemberRemoved, h.room)
	if d := h.await(id, Delivered); d.Kind != ledger.MemberRemoved || len(to.all()) != 2 {
		t.Errorf("then %+v, %d messages", d, len(to.all()))
	}
}

// What waits for a receiver when it says that it is gone is given up with it, and so
// is what comes about in that moment; sending one of them again resumes.
func TestGoneGivesUpWhatWaits(t *testing.T) {
	t.Parallel()
	h := newHouse(t, loopback)
	to := newReceiver(t, goneAtFirst)
	id := h.make(h.room, to.URL, Access)
	h.exec(`insert into deliveries (webhook_id, kind, body, queued, next_at) values ($1, 'test', '{}', true, now() + interval '1 hour')`, id)
	h.append(ledger.MemberAdded, h.room)
	h.await(id, Failed)
	h.exec(`insert into deliveries (webhook_id, kind, body) values ($1, 'test', '{}')`, id)
	h.exec(`notify deliveries_waiting`)
	h.await(id, Failed)
	deliveries, err := h.store.Deliveries(t.Context(), id, 0, 9)
	if err != nil || len(deliveries) != 3 {
		t.Fatalf("%d deliveries, %v", len(deliveries), err)
	}
	for _, d := range deliveries {
		if d.State != Failed || !strings.Contains(d.Error, "410") {
			t.Errorf("given up: %+v", d)
		}
	}
	if n := len(to.all()); n != 1 {
		t.Errorf("%d messages arrived", n)
	}
	if err := h.store.Again(t.Context(), id, deliveries[0].ID); err != nil {
		t.Fatal(err)
	}
	h.await(id, Delivered)
	if w, _, err := h.store.Find(t.Context(), h.room, id); err != nil || w.PausedAt != nil || len(to.all()) != 2 {
		t.Errorf("resumed: %+v, %v, %d messages", w, err, len(to.all()))
	}
}

// Redirects lead nowhere: they could lead inside.
func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, loopback)
	inside := newReceiver(t, well)
	to := newReceiver(t, func(_ int, w http.ResponseWriter) {
		w.Header().Set("Location", inside.URL)
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	id := h.make(h.room, to.URL, Access)
	h.append(ledger.MemberAdded, h.room)
	if d := h.await(id, Failed); !strings.Contains(d.Error, "redirect") || len(inside.all()) != 0 {
		t.Errorf("%+v, %d messages inside", d, len(inside.all()))
	}
}

// Without being named, what is inside is not reached, whatever name leads there.
func TestInsideIsNotReached(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	to := newReceiver(t, well)
	_, port, _ := strings.Cut(strings.TrimPrefix(to.URL, "http://"), ":")
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"} {
		id := h.make(h.room, "http://"+host+":"+port, Access)
		h.append(ledger.MemberAdded, h.room)
		if d := h.await(id, Failed); d.Error == "" {
			t.Errorf("%s: %+v", host, d)
		}
		if err := h.store.Remove(t.Context(), h.owner, h.room, id); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(to.all()); n != 0 {
		t.Errorf("%d messages arrived inside", n)
	}
}

func TestReach(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"93.184.216.34": true, "2606:2800:220:1::1": true, "::ffff:93.184.216.34": true, "64:ff9b::5db8:d822": true,
		"127.0.0.1": false, "127.8.8.8": false, "10.0.0.1": false, "172.16.0.1": false, "192.168.1.1": false,
		"169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false, "255.255.255.255": false, "224.0.0.1": false, "192.0.2.1": false,
		"::1": false, "::": false, "fe80::1": false, "fc00::1": false, "ff02::1": false, "fec0::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, // IPv4 in IPv6
		"64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b:1::1": false, // translated to IPv4
		"2002:7f00:1::": false, "2002:a00:1::1": false, "2002:5db8:d822::1": true, // 6to4
		"2001:0:7f00:1::": false, "::127.0.0.1": false,
	} {
		if got, _ := (Reach{}).allows(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
	named := Reach{Allowed: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}
	for address, want := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false} {
		if got, _ := named.allows(netip.MustParseAddr(address)); got != want {
			t.Errorf("with 10.1.0.0/16, %s: %v, want %v", address, got, want)
		}
	}
}

func TestDraft(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"https://example.org/hook?a=b": true, "http://10.0.0.1:8080/x": true, "ftp://example.org": false, "example.org": false,
		"https://user:password@example.org": false, "https://": false, "javascript:alert(1)": false, "https://example.org/#x": false,
	} {
		if _, err := (Draft{URL: address, Topics: []string{Access}}).check(false); (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := (Draft{URL: "https://example.org", Topics: []string{Site}}).check(false); err == nil {
		t.Error("a room's webhook is told of the site")
	}
}

// A signature of the specification's own example.
func TestSignatureOfTheSpecification(t *testing.T) {
	t.Parallel()
	h := make(http.Header)
	err := sign(h, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || h.Get("webhook-signature") != want {
		t.Errorf("got %q, %v, want %q", h.Get("webhook-signature"), err, want)
	}
}

func TestQueriesHaveIndexes(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	for index, query := range map[string]string{
		"deliveries_of_webhook": strings.NewReplacer("$1", "'00000000-0000-0000-0000-000000000000'", "$2", "9", "$3", "9").Replace(deliveriesQuery),
		"deliveries_unqueued":   strings.ReplaceAll(unqueuedQuery, "$1", "9"),
		"deliveries_overdue":    strings.ReplaceAll(overdueQuery, "$1", "9"),
		"deliveries_in_line":    strings.ReplaceAll(nextInLineQuery, "$1", "'00000000-0000-0000-0000-000000000000'"),
		"deliveries_created_at": `delete from deliveries where created_at < now()`,
		"webhooks_by_room":      `select from webhooks where room_id = '00000000-0000-0000-0000-000000000000' or room_id is null`,
	} {
		if plan := postgrestest.Explain(t, pool, query); !plan.Uses(index) || strings.Contains(string(plan), "Seq Scan") {
			t.Errorf("%s is not used:\n%s", index, plan)
		}
	}
}

// The statements of an attempt, whatever comes of it, and of a removal.
func TestStatementsHaveIndexes(t *testing.T) {
	t.Parallel()
	pool, watch := postgrestest.NewWatched(t)
	h := houseOn(t, pool)
	sender := NewSender(h.store, Reach{Allowed: loopback}, "test", slog.New(slog.DiscardHandler))
	sender.pauses = []time.Duration{time.Nanosecond, time.Nanosecond}
	to := newReceiver(t, func(n int, w http.ResponseWriter) {
		w.WriteHeader([]int{http.StatusInternalServerError, http.StatusNoContent, http.StatusGone, http.StatusNoContent}[n-1])
	})
	id := h.make(h.room, to.URL, Access)
	for _, want := range []State{Delivered, Failed} {
		h.append(ledger.MemberAdded, h.room)
		deliveries, err := h.store.Deliveries(t.Context(), id, 0, 1)
		if err != nil || len(deliveries) != 1 {
			t.Fatalf("%v, %v", deliveries, err)
		}
		for wait := time.Nanosecond; wait > 0; time.Sleep(wait) {
			if wait, err = sender.bring(t.Context(), deliveries[0].ID); err != nil {
				t.Fatal(err)
			}
		}
		h.await(id, want)
	}
	if listed, err := h.store.List(t.Context(), h.room); err != nil || len(listed) != 1 {
		t.Errorf("listed %v, %v", listed, err)
	}
	if err := h.store.Remove(t.Context(), h.owner, h.room, id); err != nil {
		t.Fatal(err)
	}
	watch.Check(t, 12)
}
