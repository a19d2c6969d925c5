package mail

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/input"
	"foyer/internal/postgres"
	"foyer/internal/postgres/postgrestest"
)

func TestRolledBackIsNotSent(t *testing.T) {
	t.Parallel()
	h, p := newHouse(t), newPost(t, manners{encryption: Clear})
	h.send(p.server(Clear), hurried)
	changedMind := errors.New("changed my mind")
	err := postgres.Tx(t.Context(), h.pool, func(tx pgx.Tx) error {
		if _, err := h.store.Enqueue(t.Context(), tx, invitation); err != nil {
			return err
		}
		return changedMind
	})
	if !errors.Is(err, changedMind) {
		t.Fatal(err)
	}
	after := invitation
	after.Subject = "After"
	h.await(h.enqueue(after), Sent)
	h.settled()
	if taken := p.taken(); len(taken) != 1 || !strings.Contains(taken[0], "Subject: After") {
		t.Errorf("got %q", taken)
	}
	if n := h.count(`select count(*) from mails`); n != 1 {
		t.Errorf("%d mails are kept", n)
	}
}

// Whoever sees the tables sees no token.
func TestTablesHoldNoSecret(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.enqueue(invitation)
	for _, table := range []string{"mails", "river_job", "river_notification"} {
		if n := h.count(`select count(*) from ` + table + ` as row where row::text ilike '%s3cr3t%' or encode(convert_to(row::text, 'utf8'), 'hex') like '%' || encode('s3cr3t', 'hex') || '%'`); n > 0 {
			t.Errorf("the token is in %s", table)
		}
	}
	if n := h.count(`select count(*) from mails where position('s3cr3t'::bytea in body) > 0`); n > 0 {
		t.Error("the token is in the sealed text")
	}
	if n := h.count(`select count(*) from river_job where args = jsonb_build_object('mail', $1::text)`, id); n != 1 {
		t.Error("the job holds other than the mail's id")
	}
	// A sealed text opens for its own mail only.
	other := h.enqueue(invitation)
	h.exec(`update mails set body = (select body from mails where id = $1) where id = $2`, id, other)
	if _, _, err := h.store.Read(t.Context(), other); err == nil {
		t.Error("another mail's text was opened")
	}
}

func TestEnqueueRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, test := range map[string]struct {
		field string
		edit  func(*Message)
	}{
		"another header in the subject":   {"subject", func(m *Message) { m.Subject = "Hello\u0000Bcc: eve@example.org" }},
		"hidden characters":               {"subject", func(m *Message) { m.Subject = "Hello \u202eolleh" }},
		"no subject":                      {"subject", func(m *Message) { m.Subject = " " }},
		"long subject":                    {"subject", func(m *Message) { m.Subject = strings.Repeat("x", 201) }},
		"no address":                      {"to", func(m *Message) { m.To = "ana" }},
		"two addresses":                   {"to", func(m *Message) { m.To = "ana@example.org,eve@example.org" }},
		"an end of the address":           {"to", func(m *Message) { m.To = "ana@example.org>" }},
		"another command in the address":  {"to", func(m *Message) { m.To = "ana@example.org>\r\nRCPT TO:<eve@example.org" }},
		"another header in the name":      {"name", func(m *Message) { m.Name = "Ana\u0001Bcc: eve@example.org" }},
		"no text":                         {"text", func(m *Message) { m.Text = "\n" }},
		"a text that is none":             {"text", func(m *Message) { m.Text = "\xff" }},
		"too much text":                   {"text", func(m *Message) { m.Text = strings.Repeat("x", mostText+1) }},
		"a kind that is none":             {"kind", func(m *Message) { m.Kind = "An invitation" }},
		"an address of too many bytes":    {"to", func(m *Message) { m.To = strings.Repeat("ü", 125) + "@example.org" }},
		"an address of too many letters":  {"to", func(m *Message) { m.To = strings.Repeat("u", 250) + "@example.org" }},
		"a name of too many letters":      {"name", func(m *Message) { m.Name = strings.Repeat("u", 65) }},
		"a subject that is no valid text": {"subject", func(m *Message) { m.Subject = "\xff" }},
	} {
		m := invitation
		test.edit(&m)
		err := postgres.Tx(t.Context(), h.pool, func(tx pgx.Tx) error {
			_, err := h.store.Enqueue(t.Context(), tx, m)
			return err
		})
		var invalid input.Invalid
		if !errors.As(err, &invalid) || invalid[test.field] == "" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Lines in what becomes a header are joined, never passed on.
func TestNoHeaderCanBeInjected(t *testing.T) {
	t.Parallel()
	h, p := newHouse(t), newPost(t, manners{encryption: Clear})
	h.send(p.server(Clear), hurried)
	m := invitation
	m.To, m.Name, m.Subject = `a>,"b\c@example.org`, "Ana\r\nBcc: eve@example.org", "Hello\r\nBcc: eve@example.org\r\n\r\nBody"
	h.await(h.enqueue(m), Sent)
	header, _ := headerOf(t, p.taken()[0])
	to, err := header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != m.To || header.Get("Bcc") != "" || header.Get("Subject") != "Hello Bcc: eve@example.org Body" {
		t.Errorf("to %v, %v; header %v", to, err, header)
	}
}

func TestHeldWithoutServer(t *testing.T) {
	t.Parallel()
	h, p := newHouse(t), newPost(t, manners{encryption: Clear})
	without := newStore(t, h.pool, false)
	id := enqueueIn(t, h.pool, without, invitation)
	m, text, err := without.Read(t.Context(), id)
	if err != nil || m.State != Held || text != invitation.Text || m.Kind != "invitation" || time.Until(m.LapsesAt) < Life-time.Hour {
		t.Errorf("got %+v, %q, %v", m, text, err)
	}
	if err := without.Send(t.Context(), id); !errors.Is(err, ErrNotNow) {
		t.Errorf("got %v, want %v", err, ErrNotNow)
	}
	// With a server set up later it does not go by surprise.
	h.send(p.server(Clear), hurried)
	h.await(h.enqueue(invitation), Sent)
	if m, _ := h.read(id); m.State != Held || len(p.taken()) != 1 {
		t.Errorf("the held mail is %s, %d mails were taken", m.State, len(p.taken()))
	}
	if err := h.store.Send(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	h.await(id, Sent)
	if err := h.store.Send(t.Context(), id); !errors.Is(err, ErrNotNow) {
		t.Errorf("send what is sent: got %v, want %v", err, ErrNotNow)
	}
}

func TestListAndDelete(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	store := newStore(t, h.pool, false)
	var ids []ID
	for i := range 7 {
		m := invitation
		m.Subject = fmt.Sprint(i)
		ids = append(ids, enqueueIn(t, h.pool, store, m))
	}
	var got []ID
	var before ID
	for range 4 {
		page, err := store.List(t.Context(), before, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page {
			got = append(got, m.ID)
			before = m.ID
		}
	}
	for i, id := range got {
		if id != ids[len(ids)-1-i] {
			t.Fatalf("got %v, want the reverse of %v", got, ids)
		}
	}
	if len(got) != len(ids) {
		t.Errorf("listed %d of %d", len(got), len(ids))
	}
	if err := store.Delete(t.Context(), ids[3]); err != nil {
		t.Fatal(err)
	}
	for _, id := range []ID{ids[3], "00000000-0000-7000-8000-000000000000", "nonsense"} {
		_, _, err := store.Read(t.Context(), id)
		if !errors.Is(err, postgres.ErrNotFound) || !errors.Is(store.Delete(t.Context(), id), postgres.ErrNotFound) || !errors.Is(store.Send(t.Context(), id), postgres.ErrNotFound) {
			t.Errorf("%s: got %v", id, err)
		}
	}
}

// A deleted mail is not sent, though its job is still there.
func TestDeletedIsNotSent(t *testing.T) {
	t.Parallel()
	h, p := newHouse(t), newPost(t, manners{encryption: Clear})
	id := h.enqueue(invitation)
	if err := h.store.Delete(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	h.send(p.server(Clear), hurried)
	h.settled()
	if len(p.taken()) != 0 {
		t.Errorf("%d mails were taken", len(p.taken()))
	}
}

func TestPurge(t *testing.T) {
	t.Parallel()
	h, p := newHouse(t), newPost(t, manners{encryption: Clear})
	held := enqueueIn(t, h.pool, newStore(t, h.pool, false), invitation)
	waiting, handed, fresh, old := h.enqueue(invitation), h.enqueue(invitation), h.enqueue(invitation), h.enqueue(invitation)
	h.exec(`update mails set lapses_at = now() - interval '1 minute' where id = any($1)`, []ID{held, waiting})
	h.exec(`update mails set state = 'handed', next_at = null, handed_at = now() - interval '1 hour' where id = $1`, handed)
	h.exec(`update mails set lapses_at = now() - $2::interval where id = $1`, old, trace+time.Hour)
	// What has lapsed is not sent, purged or not.
	h.send(p.server(Clear), hurried)
	h.await(fresh, Sent)
	h.settled()
	if err := h.store.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[ID]State{held: Lapsed, waiting: Lapsed, handed: Uncertain, fresh: Sent} {
		if m, text := h.read(id); m.State != want || (text != "") != (want == Uncertain) {
			t.Errorf("got %s with text %q, want %s", m.State, text, want)
		}
	}
	if _, _, err := h.store.Read(t.Context(), old); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("an old mail: %v", err)
	}
	if len(p.taken()) != 1 {
		t.Errorf("%d mails were taken", len(p.taken()))
	}
	h.exec(`update mails set lapses_at = now() - interval '1 minute' where id = $1`, handed)
	if err := h.store.Send(t.Context(), handed); !errors.Is(err, ErrNotNow) {
		t.Errorf("send what has lapsed: %v", err)
	}
}

// Whoever was overtaken changes nothing any more.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.enqueue(invitation)
	slow, err := h.store.claim(t.Context(), id, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var later notYet
	if _, err := h.store.claim(t.Context(), id, time.Hour); !errors.As(err, &later) || later.wait < 50*time.Minute {
		t.Errorf("claimed twice: %v", err)
	}
	if err := h.store.Send(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	quick, err := h.store.claim(t.Context(), id, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.store.handOver(t.Context(), slow); !errors.Is(err, errOvertaken) {
		t.Errorf("got %v, want %v", err, errOvertaken)
	}
	if err := h.store.handOver(t.Context(), quick); err != nil {
		t.Fatal(err)
	}
	for _, outcome := range []outcome{forNow, forGood, unknown} {
		_ = h.store.unsent(t.Context(), slow, &failure{outcome: outcome, words: "late", err: errDrop}, time.Hour)
	}
	if err := h.store.sent(t.Context(), slow); err != nil {
		t.Fatal(err)
	}
	if m, _ := h.read(id); m.State != Handed || m.Error != "" {
		t.Errorf("got %+v", m)
	}
	if err := h.store.Send(t.Context(), id); !errors.Is(err, ErrNotNow) {
		t.Errorf("sent again while handed over: %v", err)
	}
	if err := h.store.sent(t.Context(), quick); err != nil {
		t.Fatal(err)
	}
	h.await(id, Sent)
}

func TestQueriesHaveIndexes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := ID("00000000-0000-7000-8000-000000000000")
	for query, args := range map[string][]any{
		listQuery:                           {lastID, 50},
		strandedQuery:                       {time.Hour, ""},
		lapsedQuery:                         nil,
		oldQuery:                            {time.Hour},
		`select 1 from mails where id = $1`: {id},
	} {
		if plan := postgrestest.Explain(t, h.pool, query, args...); len(plan.ReadsWhole()) > 0 {
			t.Errorf("%s reads the whole table:\n%s", query, plan)
		}
	}
}

func TestBackoffGrows(t *testing.T) {
	var before time.Duration
	for attempts := range 12 {
		wait := backoff(attempts)
		if wait < before || wait > 3*time.Hour || wait <= 0 {
			t.Errorf("after %d attempts: %v", attempts, wait)
		}
		before = wait
	}
}
