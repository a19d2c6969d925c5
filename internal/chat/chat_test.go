package chat_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"foyer/internal/chat"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/postgres/postgrestest"
	"foyer/internal/room"
)

// Four people send at once, and each sends everything twice, as a page does that
// heard no answer.
func TestEachMessageOnceInOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "cleo", "dan")
	names := []string{"ana", "ben", "cleo", "dan"}
	const each = 40
	var group sync.WaitGroup
	for _, name := range names {
		h.enter(name)
		group.Go(func() {
			for i := range each {
				draft := chat.Draft{ID: chat.ID(uuid.NewString()), Text: fmt.Sprintf("%s %d", name, i)}
				first, err := h.chat.Send(t.Context(), h.visit(name), draft)
				if err != nil {
					t.Errorf("%s: %v", draft.Text, err)
					return
				}
				again, err := h.chat.Send(t.Context(), h.visit(name), draft)
				if err != nil || again.Position != first.Position {
					t.Errorf("%s again: %+v, %v", draft.Text, again, err)
				}
			}
		})
	}
	group.Wait()
	var all []chat.Message
	for before := ledger.Position(0); ; before = all[0].Position {
		page, err := h.chat.Before(t.Context(), h.visit("ben"), before)
		if err != nil {
			t.Fatal(err)
		}
		all = append(page.Messages, all...)
		if !page.More {
			break
		}
	}
	if len(all) != len(names)*each {
		t.Fatalf("%d messages, want %d", len(all), len(names)*each)
	}
	next := make(map[string]int)
	for i, m := range all {
		if i > 0 && m.Position <= all[i-1].Position {
			t.Errorf("%q at %d after %d", m.Text, m.Position, all[i-1].Position)
		}
		if want := fmt.Sprintf("%s %d", m.Username, next[m.Username]); m.Text != want {
			t.Errorf("got %q, want %q", m.Text, want)
		}
		next[m.Username]++
	}
}

func TestSomebodyElsesIDIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	m := h.send("ana", "mine")
	_, err := h.chat.Send(t.Context(), h.visit("ben"), chat.Draft{ID: m.ID, Text: "not mine"})
	if field(err, "id") == "" {
		t.Errorf("got %v", err)
	}
	if got := h.texts("ben"); got != "mine" {
		t.Errorf("got %q", got)
	}
}

func TestSendRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := chat.ID(uuid.NewString())
	tests := map[string]chat.Draft{
		"id":       {ID: "1", Text: "x"},
		"text":     {ID: id, Text: " \n\u202e "},
		"reply_to": {ID: id, Text: "x", ReplyTo: chat.ID(uuid.NewString())},
		"files":    {ID: id, Text: "x", Files: []chat.FileID{chat.FileID(uuid.NewString())}},
	}
	for name, draft := range tests {
		if _, err := h.chat.Send(t.Context(), h.visit("ana"), draft); field(err, name) == "" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := h.chat.Send(t.Context(), h.visit("ana"), chat.Draft{ID: id, Text: strings.Repeat("ä", chat.MostText+1)}); field(err, "text") == "" {
		t.Errorf("too long: got %v", err)
	}
	if got := h.texts("ana"); got != "" {
		t.Errorf("%q was sent", got)
	}
}

// Members read what was written before they came, others from entering on.
func TestWhoReadsWhat(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "eve")
	h.enter("ana")
	h.send("ana", "before")
	if got := h.texts("eve"); got != room.NotInCall.Error() {
		t.Errorf("a stranger outside reads %q", got)
	}
	grant := h.enter("eve")
	h.send("ana", "during")
	if got := h.texts("eve"); got != "during" {
		t.Errorf("a stranger in the call reads %q", got)
	}
	if got := h.texts("ben"); got != "before during" {
		t.Errorf("a member outside reads %q", got)
	}
	h.leave(grant)
	h.send("ana", "away")
	if got := h.texts("eve"); got != room.NotInCall.Error() {
		t.Errorf("a stranger who has left reads %q", got)
	}
	// Whoever lost the call and comes back misses nothing of it.
	h.enter("eve")
	if got := h.texts("eve"); got != "during away" {
		t.Errorf("a stranger who is back reads %q", got)
	}
	h.sql(`update messages set sent_at = now() - interval '31 days' where text = 'before'`)
	if got := h.texts("ben"); got != "during away" {
		t.Errorf("a month later a member reads %q", got)
	}
	h.sql(`update rooms set history_days = 0`)
	if got := h.texts("ben"); got != "" {
		t.Errorf("without history a member outside reads %q", got)
	}
	h.enter("ben")
	h.send("eve", "now")
	if got := h.texts("ben"); got != "now" {
		t.Errorf("without history a member who comes reads %q", got)
	}
	h.sql(`update calls set ended_at = now()`)
	if got := h.texts("ana"); got != "" {
		t.Errorf("without history, after the call, the owner reads %q", got)
	}
}

// TestComingBack: whoever lost the call goes on reading, whoever was put out of it
// or stayed away does not read what was written meanwhile, nor before.
func TestComingBack(t *testing.T) {
	t.Parallel()
	ends := map[string]string{
		"lost":     `left_at = now()`,
		"lapsed":   `left_at = now(), connected_at = null, reason = 'lapsed'`,
		"replaced": `left_at = now(), revoked_at = now(), reason = 'replaced'`,
		"gone":     `left_at = now(), revoked_at = now(), reason = 'gone'`, // a reload
		// Lost for a while, then the page came back.
		"replaced late": `left_at = now() - interval '5 minutes', revoked_at = now(), reason = 'replaced'`,
		"away long":     `left_at = now() - interval '3 minutes'`,
		"gone long":     `left_at = now() - interval '3 minutes', revoked_at = now() - interval '3 minutes', reason = 'gone'`,
		// A moderator put out who had just lost the call.
		"lost, then put out": `left_at = now() - interval '10 seconds', revoked_at = now(), reason = 'expelled'`,
	}
	for _, reason := range []string{"expelled", "lobby", "removed", "pass_over", "locked", "signed_out", "denied"} {
		ends[reason] = `left_at = now(), revoked_at = now(), reason = '` + reason + `'`
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "eve")
			h.enter("ana")
			grant := h.enter("eve")
			h.sql(`update grants set issued_at = now() - interval '10 minutes' where id = $1`, grant)
			h.send("ana", "with")
			h.sql(`update grants set `+end+` where id = $1`, grant)
			h.send("ana", "without")
			again := h.enter("eve")
			h.send("ana", "back")
			want := "back"
			switch name {
			case "lost", "lapsed", "replaced", "gone", "replaced late":
				want = "with without back"
			}
			if got := h.texts("eve"); got != want {
				t.Errorf("reads %q, want %q", got, want)
			}
			// What they lose afterwards takes them back to there, not further.
			h.leave(again)
			h.enter("eve")
			if got := h.texts("eve"); got != want {
				t.Errorf("after a lost connection reads %q, want %q", got, want)
			}
		})
	}
}

// TestComingBackBesideAnother: somebody may be in the call several times.
func TestComingBackBesideAnother(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ other, want string }{
		"one stays":       {``, "with without back"},
		"one was lost":    {`left_at = now() - interval '30 seconds'`, "back"},
		"both go":         {`left_at = now(), revoked_at = now(), reason = 'expelled'`, "back"},
		"one was away":    {`left_at = now() - interval '5 minutes'`, "back"},
		"one was put out": {`left_at = now() - interval '5 minutes', revoked_at = now() - interval '5 minutes', reason = 'lobby'`, "back"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "eve")
			h.enter("ana")
			laptop, phone := h.enter("eve"), h.enter("eve")
			h.sql(`update grants set issued_at = now() - interval '10 minutes' where id = $1`, laptop)
			h.sql(`update grants set issued_at = now() - interval '9 minutes' where id = $1`, phone)
			h.send("ana", "with")
			h.sql(`update grants set left_at = now(), revoked_at = now(), reason = 'expelled' where id = $1`, phone)
			if test.other != "" {
				h.sql(`update grants set `+test.other+` where id = $1`, laptop)
			}
			h.send("ana", "without")
			h.enter("eve")
			h.send("ana", "back")
			if got := h.texts("eve"); got != test.want {
				t.Errorf("reads %q, want %q", got, test.want)
			}
		})
	}
}

func TestSwitchedOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	m := h.send("ben", "before")
	off := room.AllOn
	off.Chat = false
	h.sql(`update rooms set switches = $1`, off)
	if _, err := h.chat.Send(t.Context(), h.visit("ben"), chat.Draft{ID: chat.ID(uuid.NewString()), Text: "x"}); !errors.Is(err, room.SwitchedOff) {
		t.Errorf("a member sends: %v", err)
	}
	if _, err := h.chat.Edit(t.Context(), h.visit("ben"), m.ID, "x"); !errors.Is(err, room.SwitchedOff) {
		t.Errorf("a member edits: %v", err)
	}
	if _, err := h.chat.Upload(t.Context(), h.visit("ben"), "a.txt", 1, strings.NewReader("a")); !errors.Is(err, room.SwitchedOff) {
		t.Errorf("a member uploads: %v", err)
	}
	// What had arrived before, the page only did not hear of.
	again, err := h.chat.Send(t.Context(), h.visit("ben"), chat.Draft{ID: m.ID, Text: "before"})
	if err != nil || again.Position != m.Position {
		t.Errorf("sent again: %v", err)
	}
	h.send("ana", "owners go on")
	if err := h.chat.Delete(t.Context(), h.visit("ben"), m.ID); err != nil {
		t.Errorf("a member deletes their own: %v", err)
	}
}

func TestEditing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	m := h.send("ben", "teh")
	if _, err := h.chat.Edit(t.Context(), h.visit("ana"), m.ID, "mine"); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("somebody else's: %v", err)
	}
	edited, err := h.chat.Edit(t.Context(), h.visit("ben"), m.ID, "the")
	if err != nil || edited.Text != "the" || !edited.Edited || edited.Position != m.Position || edited.Revision <= m.Revision {
		t.Errorf("got %+v, %v", edited, err)
	}
	same, err := h.chat.Edit(t.Context(), h.visit("ben"), m.ID, "the")
	if err != nil || same.Revision != edited.Revision {
		t.Errorf("the same again: %+v, %v", same, err)
	}
	page, err := h.chat.Since(t.Context(), h.visit("ana"), m.Position)
	if err != nil || len(page.Messages) != 1 || page.Messages[0].Text != "the" || page.Position != edited.Revision {
		t.Errorf("changes: %+v, %v", page, err)
	}
}

func TestDeleting(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.send("ana", "first")
	file := h.upload("ben", "note.txt", "secret plans")
	m := h.send("ben", "second", file.ID)
	if err := h.chat.Delete(t.Context(), h.visit("ben"), first.ID); !errors.Is(err, room.Rank) {
		t.Errorf("a member deletes the owner's: %v", err)
	}
	for range 2 { // twice is once
		if err := h.chat.Delete(t.Context(), h.visit("ana"), m.ID); err != nil {
			t.Errorf("the owner deletes a member's: %v", err)
		}
	}
	if err := h.chat.Delete(t.Context(), h.visit("ana"), first.ID); err != nil {
		t.Errorf("the owner deletes their own: %v", err)
	}
	page, err := h.chat.Before(t.Context(), h.visit("ben"), 0)
	if err != nil || len(page.Messages) != 2 || page.Messages[0].Deleted != chat.ByAuthor || page.Messages[1].Deleted != chat.ByModerator {
		t.Errorf("got %+v, %v", page, err)
	}
	if n := h.count(`select count(*) from messages where text <> ''`); n != 0 {
		t.Errorf("%d texts are still there", n)
	}
	if n := h.count(`select count(*) from ledger where data::text like '%second%' or data::text like '%note%'`); n != 0 {
		t.Errorf("the ledger repeats what is deleted")
	}
	if _, err := h.content("ben", file.ID); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("the file is still there: %v", err)
	}
	if _, err := h.chat.Edit(t.Context(), h.visit("ben"), m.ID, "back"); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("edited afterwards: %v", err)
	}
}

// An answer repeats what it answers to those who may read that, and to nobody
// else.
func TestReplies(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "eve")
	h.enter("ana")
	asked := h.send("ana", strings.Repeat("long ", 100))
	h.enter("eve")
	draft := chat.Draft{ID: chat.ID(uuid.NewString()), Text: "yes", ReplyTo: asked.ID}
	if _, err := h.chat.Send(t.Context(), h.visit("eve"), draft); field(err, "reply_to") == "" {
		t.Errorf("an answer to what one cannot read: %v", err)
	}
	reply, err := h.chat.Send(t.Context(), h.visit("ben"), draft)
	if err != nil || reply.Reply == nil || reply.Reply.ID != asked.ID || reply.Reply.DisplayName != "ana here" ||
		!strings.HasPrefix(reply.Reply.Text, "long ") || len(reply.Reply.Text) > 200 {
		t.Errorf("got %+v, %v", reply.Reply, err)
	}
	page, err := h.chat.Before(t.Context(), h.visit("eve"), 0)
	if err != nil || len(page.Messages) != 1 || page.Messages[0].Reply != nil {
		t.Errorf("a stranger who came in between gets %+v, %v", page.Messages, err)
	}
	if err := h.chat.Delete(t.Context(), h.visit("ana"), asked.ID); err != nil {
		t.Fatal(err)
	}
	page, err = h.chat.Before(t.Context(), h.visit("ben"), 0)
	if err != nil || page.Messages[1].Reply == nil || !page.Messages[1].Reply.Deleted || page.Messages[1].Reply.Text != "" {
		t.Errorf("after the deletion: %+v, %v", page.Messages[1].Reply, err)
	}
}

func TestChatUsesIndexes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	in := string(h.room.ID)
	for name, query := range map[string]string{
		"newest":         `select from messages where room_id = '` + in + `' and sent_at > now() and position < 9 order by position desc limit 51`,
		"changes":        `select from messages where room_id = '` + in + `' and revision > 9 order by revision limit 51`,
		"too old":        `select from messages where room_id = '` + in + `' and sent_at < now() order by sent_at limit 10`,
		"answers":        `select from messages where reply_to = '` + in + `'`,
		"files of one":   `select from files where message_id = '` + in + `'`,
		"files of all":   `select sum(size) from files where room_id = '` + in + `' and gone_at is null`,
		"unsent files":   `select from files where message_id is null and gone_at is null and created_at < now()`,
		"files to go":    `select from files where gone_at is not null order by gone_at limit 10`,
		"one's presence": `select from calls join grants on grants.call_id = calls.id where calls.room_id = '` + in + `' and calls.ended_at is null`,
	} {
		plan := postgrestest.Explain(t, h.pool, query)
		sorted := name != "files of all" && name != "one's presence" && plan.Sorts()
		whole := plan.ReadsWhole()
		if name == "files to go" { // in files_gone are those only
			whole = slices.DeleteFunc(whole, func(name string) bool { return name == "files_gone" })
		}
		if sorted || len(whole) > 0 {
			t.Errorf("%s reads too much:\n%s", name, plan)
		}
	}
}
