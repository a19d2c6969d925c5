package chat_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"foyer/internal/blob"
	"foyer/internal/chat"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

const png = "\x89PNG\r\n\x1a\n and so on"

func TestFiles(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "eve")
	h.enter("ana")
	file := h.upload("ana", `C:\Pictures\cat.png`, png)
	if file.Name != "cat.png" || file.Type != "image/png" || !file.Image || file.Size != int64(len(png)) {
		t.Errorf("got %+v", file)
	}
	if _, err := h.content("ben", file.ID); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("before it is sent: %v", err)
	}
	if _, err := h.chat.Send(t.Context(), h.visit("ben"), chat.Draft{ID: chat.ID(uuid.NewString()), Files: []chat.FileID{file.ID}}); field(err, "files") == "" {
		t.Errorf("sent by somebody else: %v", err)
	}
	other := h.upload("ana", "b.txt", "text")
	m := h.send("ana", "", other.ID, file.ID)
	if len(m.Files) != 2 || m.Files[0] != other || m.Files[1] != file {
		t.Errorf("got %+v", m.Files)
	}
	if got, err := h.content("ben", file.ID); err != nil || got != png {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := h.content("eve", file.ID); !errors.Is(err, room.NotInCall) {
		t.Errorf("a stranger outside: %v", err)
	}
	h.enter("eve")
	if _, err := h.content("eve", file.ID); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("a stranger who came later: %v", err)
	}
	if _, err := h.chat.Send(t.Context(), h.visit("ana"), chat.Draft{ID: chat.ID(uuid.NewString()), Files: []chat.FileID{file.ID}}); field(err, "files") == "" {
		t.Errorf("sent twice: %v", err)
	}
}

func TestUploadRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	tests := []struct{ name, file, content, field string }{
		{"nothing", "a.txt", "", "file"},
		{"too large", "a.txt", strings.Repeat("x", 1<<20+1), "file"},
		{"a program of Windows by its name", "invoice.pdf.EXE", "text", "file"},
		{"with a dot behind it", "invoice.exe. ", "text", "file"},
		{"a program by its bytes", "cat.png", "MZ\x90\x00", "file"},
		{"a script", "cat.txt", "#!/bin/sh\n", "file"},
		{"a name that turns around", "cat\u202egnp.scr", "text", "name"},
		{"a name that is too long", strings.Repeat("a", 201), "text", "name"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := h.chat.Upload(t.Context(), h.visit("ana"), test.file, int64(len(test.content)), strings.NewReader(test.content))
			if field(err, test.field) == "" {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := h.chat.Upload(t.Context(), h.visit("ana"), "a.txt", 9, strings.NewReader("half")); !errors.Is(err, blob.ErrShort) {
		t.Errorf("cut short: %v", err)
	}
	if n := h.count(`select count(*) from files where gone_at is null`); n != 0 {
		t.Errorf("%d files are there", n)
	}
	none := chat.NewStore(h.pool, h.blobs, chat.Limits{})
	if _, err := none.Upload(t.Context(), h.visit("ana"), "a.txt", 1, strings.NewReader("a")); field(err, "file") == "" {
		t.Errorf("where there are no files: %v", err)
	}
}

// What is claimed of a file counts for nothing.
func TestKindsAreSniffed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, test := range []struct {
		name, content, want string
		image               bool
	}{
		{"page.png", "<!doctype html><script>alert(1)</script>", "text/html", false},
		{"drawing.png", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, "text/plain", false},
		{"cat.txt", "GIF89a....", "image/gif", true},
		{"report.pdf", "%PDF-1.7", "application/pdf", false},
		{"data", "\x00\x01\x02", "application/octet-stream", false},
	} {
		if got := h.upload("ana", test.name, test.content); got.Type != test.want || got.Image != test.image {
			t.Errorf("%s: got %q, image %v", test.name, got.Type, got.Image)
		}
	}
}

func TestSpaceIsBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	large := strings.Repeat("x", 1<<20)
	var group sync.WaitGroup
	var mu sync.Mutex
	var kept, refused int
	for range 8 { // at once: the room takes three of them
		group.Go(func() {
			_, err := h.chat.Upload(t.Context(), h.visit("ana"), "a.txt", int64(len(large)), strings.NewReader(large))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				kept++
			case errors.Is(err, chat.ErrNoSpace):
				refused++
			default:
				t.Error(err)
			}
		})
	}
	group.Wait()
	if kept != 3 || refused != 5 {
		t.Errorf("%d kept, %d refused", kept, refused)
	}
}

func TestUnsentFilesAreBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var last chat.File
	for range 2 * chat.MostFiles {
		last = h.upload("ana", "a.txt", "a")
	}
	_, err := h.chat.Upload(t.Context(), h.visit("ana"), "a.txt", 1, strings.NewReader("a"))
	if field(err, "file") == "" {
		t.Errorf("one more: %v", err)
	}
	h.upload("ben", "a.txt", "a")
	if err := h.chat.Discard(t.Context(), h.visit("ben"), last.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.chat.Upload(t.Context(), h.visit("ana"), "a.txt", 1, strings.NewReader("a")); err == nil {
		t.Error("somebody else could discard a file")
	}
	if err := h.chat.Discard(t.Context(), h.visit("ana"), last.ID); err != nil {
		t.Fatal(err)
	}
	h.upload("ana", "a.txt", "a")
}

// Retention, deleted rooms, unsent files: put away by several nodes at once.
func TestPurge(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const old = 1200
	h.sql(`insert into messages (id, room_id, position, revision, sent_at, author, display_name, username, text)
		select gen_random_uuid(), $1, -n, -n, now() - interval '40 days', $2, 'Ana', 'ana', 'old ' || n from generate_series(1, $3) n`,
		h.room.ID, h.people["ana"].ID, old)
	fileOf := func(content string) chat.FileID { return h.upload("ana", "a.txt", content).ID }
	aged, kept, unsent, recent := fileOf("aged"), fileOf("kept"), fileOf("unsent"), fileOf("recent")
	h.send("ana", "aged", aged)
	h.send("ana", "kept", kept)
	h.sql(`update messages set sent_at = now() - interval '31 days' where text = 'aged'`)
	h.sql(`update files set created_at = now() - interval '25 hours' where id = $1`, unsent)

	purge := func() {
		t.Helper()
		var nodes sync.WaitGroup
		for range 4 {
			node := chat.NewStore(h.pool, h.blobs, h.chat.Limits())
			nodes.Go(func() {
				if err := node.Purge(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		nodes.Wait()
	}
	purge()
	if got := h.count(`select count(*) from messages`); got != 1 {
		t.Errorf("%d messages, want the one that is kept", got)
	}
	if got := h.count(`select sum((data->>'count')::int) from ledger where kind = 'purged' and data->>'what' = 'messages'`); got != old+1 {
		t.Errorf("the ledger tells of %d messages deleted, want %d", got, old+1)
	}
	expect := func(want map[chat.FileID]bool) {
		t.Helper()
		for id, there := range want {
			bytes, err := h.blobs.Open(t.Context(), string(id))
			if err == nil {
				_ = bytes.Close()
			}
			rows := h.count(`select count(*) from files where id = $1`, id)
			if there != (err == nil) || there != (rows == 1) {
				t.Errorf("file %s: %v, %d rows", id, err, rows)
			}
		}
	}
	expect(map[chat.FileID]bool{aged: false, kept: true, unsent: false, recent: true})

	if err := h.rooms.Delete(t.Context(), h.room.ID, h.people["ana"].ID); err != nil {
		t.Fatal(err)
	}
	purge()
	if got := h.count(`select count(*) from messages`); got != 0 {
		t.Errorf("%d messages of a deleted room", got)
	}
	expect(map[chat.FileID]bool{kept: false})
}

// Where nothing is kept, messages go when their call has ended.
func TestPurgeWithoutHistory(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.sql(`update rooms set history_days = 0`)
	h.enter("ana")
	h.send("ana", "hello")
	for _, want := range []int{1, 0} {
		if err := h.chat.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := h.count(`select count(*) from messages`); got != want {
			t.Errorf("%d messages, want %d", got, want)
		}
		h.sql(`update calls set ended_at = now()`)
	}
}
