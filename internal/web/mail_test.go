package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"foyer/internal/mail"
	"foyer/internal/postgres"
	"foyer/internal/web"
)

// mail writes one, in the store of a node with or without a mail server.
func (h *house) mail(store *mail.Store) (id mail.ID) {
	h.Helper()
	return h.mailOf(store, "Invitation to Team")
}

func (h *house) mailOf(store *mail.Store, subject string) (id mail.ID) {
	h.Helper()
	err := postgres.Tx(h.Context(), h.pool, func(tx pgx.Tx) (err error) {
		id, err = store.Enqueue(h.Context(), tx, mail.Message{
			To: "guest@example.org", Name: "A Guest", Subject: subject, Kind: "invitation",
			Text: "Come in:\n<https://meet.example.org/i/the-token>\n",
		})
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return id
}

// withoutMailServer is the same house as another node serves it.
func (h *house) withoutMailServer() *house {
	h.Helper()
	config := h.config
	config.Mails = newMails(h.T, h.pool, false)
	server, err := web.New(config)
	if err != nil {
		h.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	listener := httptest.NewServer(server.Handler(ctx))
	h.Cleanup(func() { cancel(); listener.Close() })
	other := *h
	other.server, other.url, other.mails = server, listener.URL, config.Mails
	return &other
}

func (h *house) sees(page answer, wants ...string) {
	h.Helper()
	if page.status != http.StatusOK {
		h.Errorf("status %d", page.status)
	}
	for _, want := range wants {
		if !strings.Contains(page.body, want) {
			h.Errorf("no %q in:\n%s", want, page.body)
		}
	}
}

func (h *house) seesNot(page answer, wants ...string) {
	h.Helper()
	for _, want := range wants {
		if strings.Contains(page.body, want) {
			h.Errorf("%q is in:\n%s", want, page.body)
		}
	}
}

// A first try without a mail server: the administrator reads the mail and passes
// its link on. When there is one, it goes when the administrator says so.
func TestOutboxWithoutMailServer(t *testing.T) {
	t.Parallel()
	with := newHouse(t, "admin", "ana")
	with.administrator("admin")
	h := with.withoutMailServer()
	h.seesNot(h.get("ana", "/"), "/admin/mail")
	h.sees(h.get("admin", "/"), `href="/admin"`, "Administration")
	h.sees(h.get("admin", "/admin/mail"), "No mails yet", "No mail server is set up", "SMTP_URL")

	path := "/admin/mail/" + string(h.mail(h.mails))
	h.sees(h.get("admin", "/admin/mail"), path, "Invitation to Team", "guest@example.org", "Not sent")
	page := h.get("admin", path)
	h.sees(page, "A Guest, guest@example.org", "&lt;https://meet.example.org/i/the-token&gt;", "lets in whoever opens it", "There is no mail server", path+"/delete")
	h.seesNot(page, path+"/send")
	if page.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the page may be kept: %s", page.header.Get("Cache-Control"))
	}
	if got := h.post("admin", path+"/send", url.Values{}); got.status != http.StatusConflict {
		t.Errorf("send without a mail server: %d", got.status)
	}

	with.seesNot(with.get("admin", "/admin/mail"), "No mail server is set up")
	with.sees(with.get("admin", path), "Send now", "It goes when you say so")
	if got := with.post("admin", path+"/send", url.Values{}); got.status != http.StatusSeeOther || got.location != path {
		t.Errorf("send: %d to %s", got.status, got.location)
	}
	with.sees(with.get("admin", path), "Waiting", "about to be sent")
	if got := with.post("admin", path+"/delete", url.Values{}); got.status != http.StatusSeeOther || got.location != "/admin/mail" {
		t.Errorf("delete: %d to %s", got.status, got.location)
	}
	for _, gone := range []answer{with.get("admin", path), with.post("admin", path+"/delete", nil), with.post("admin", path+"/send", nil), with.get("admin", "/admin/mail/nonsense")} {
		if gone.status != http.StatusNotFound {
			t.Errorf("deleted, and yet %d", gone.status)
		}
	}
}

// To whoever is signed in and no administrator the outbox looks like a page that
// does not exist.
func TestOutboxLooksLikeNone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "eve")
	path := "/admin/mail/" + string(h.mail(h.mails))
	none := h.get("eve", "/admin/nothing")
	for _, hidden := range []answer{h.get("eve", "/admin/mail"), h.get("eve", path)} {
		if hidden.status != http.StatusNotFound || hidden.status != none.status || hidden.body != none.body {
			t.Errorf("hidden %d, none %d, bodies equal: %v", hidden.status, none.status, hidden.body == none.body)
		}
	}
}

// Every state is said in words, and offers what can be done.
func TestMailStates(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "admin")
	h.administrator("admin")
	const text, send, again = "the-token", "Send now", "Send again"
	for _, test := range []struct {
		set           string // of the row
		shows, lacks  []string
		listed        string
		stillSendable bool
	}{
		{`state = 'waiting'`, []string{"about to be sent", text, send}, nil, "Waiting", true},
		{`state = 'waiting', error = 'Busy: 451.', attempts = 3, next_at = now() + interval '1 hour'`,
			[]string{"Foyer tries again by itself", "Busy: 451.", "Next attempt", text, send}, nil, "Trying again", true},
		{`state = 'handed', handed_at = now(), next_at = null`, []string{"just now", text}, []string{send, again}, "Being sent", false},
		{`state = 'sent', sent_at = now(), next_at = null, body = null`, []string{"has taken it"}, []string{text, send, again}, "Sent", false},
		{`state = 'failed', error = 'No box: 550.', next_at = null`, []string{"will not take it", "No box: 550.", text, again}, nil, "Refused", true},
		{`state = 'uncertain', handed_at = now(), next_at = null`, []string{"ask the recipient first", "gets it twice", text, again}, nil, "Perhaps sent", true},
		{`state = 'lapsed', next_at = null, body = null`, []string{"not sent in time"}, []string{text, send, again}, "Lapsed", false},
	} {
		id := h.mailOf(h.mails, "Listed as "+test.listed)
		if _, err := h.pool.Exec(t.Context(), `update mails set `+test.set+` where id = $1`, id); err != nil {
			t.Fatal(err)
		}
		page := h.get("admin", "/admin/mail/"+string(id))
		h.sees(page, append(test.shows, `<span class="tag`, test.listed)...)
		h.seesNot(page, test.lacks...)
		h.sees(h.get("admin", "/admin/mail"), "Listed as "+test.listed, ">"+test.listed+"</span>")
		got := h.post("admin", "/admin/mail/"+string(id)+"/send", nil)
		if want := map[bool]int{true: http.StatusSeeOther, false: http.StatusConflict}[test.stillSendable]; got.status != want {
			t.Errorf("send what is %s: %d, want %d", test.listed, got.status, want)
		}
	}
}

func TestOutboxPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "admin")
	h.administrator("admin")
	const mails = 120
	for i := range mails {
		h.mailOf(h.mails, fmt.Sprintf("Mail number %03d", i))
	}
	seen, path := 0, "/admin/mail"
	for pages := 1; path != ""; pages++ {
		page := h.get("admin", path)
		h.sees(page)
		for range strings.Count(page.body, "Mail number") {
			if want := fmt.Sprintf("Mail number %03d<", mails-1-seen); !strings.Contains(page.body, want) {
				t.Errorf("page %d lacks %q", pages, want)
			}
			seen++
		}
		_, rest, older := strings.Cut(page.body, `href="/admin/mail?before=`)
		if path = ""; older {
			before, _, _ := strings.Cut(rest, `"`)
			path = "/admin/mail?before=" + before
		}
		if pages > 3 {
			t.Fatal("more pages than mails")
		}
	}
	if seen != mails {
		t.Errorf("saw %d of %d mails", seen, mails)
	}
	h.sees(h.get("admin", "/admin/mail?before=nonsense%00"), "Mail number 119")
	h.sees(h.get("admin", "/admin/mail?before=00000000-0000-0000-0000-000000000000"), "no older mails", `href="/admin"`)
}
