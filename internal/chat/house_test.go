package chat_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/crypto/bcrypt"

	"foyer/internal/account"
	"foyer/internal/blob"
	"foyer/internal/chat"
	"foyer/internal/input"
	"foyer/internal/postgres/postgrestest"
	"foyer/internal/room"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// house is a database with people, an open room of ana's that ben is a member
// of, and a folder for files.
type house struct {
	*testing.T
	pool   *pgxpool.Pool
	rooms  *room.Store
	blobs  *blob.Dir
	chat   *chat.Store
	room   room.Room
	people map[string]account.User
	tokens map[string]account.Token
}

func newHouse(t *testing.T, strangers ...string) *house {
	t.Helper()
	pool := postgrestest.New(t)
	blobs, err := blob.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	h := &house{
		T: t, pool: pool, rooms: room.NewStore(pool), blobs: blobs, people: make(map[string]account.User), tokens: make(map[string]account.Token),
		chat: chat.NewStore(pool, blobs, chat.Limits{File: 1 << 20, Room: 3 << 20}),
	}
	accounts := account.NewStore(pool, bcrypt.MinCost)
	for _, name := range append([]string{"ana", "ben"}, strangers...) {
		user, err := accounts.Register(t.Context(), account.Registration{
			Username: name, Email: name + "@example.org", DisplayName: "The " + name, Password: "correct horse " + name,
		})
		if err != nil {
			t.Fatal(err)
		}
		token, err := accounts.Begin(t.Context(), user.ID, account.ByPassword, "", account.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		h.people[name], h.tokens[name] = user, token
	}
	h.room, err = h.rooms.Create(t.Context(), h.people["ana"].ID, room.Draft{Name: "Team", Visibility: room.Open, Backend: "memory"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.rooms.AddMember(t.Context(), h.room.ID, h.people["ana"].ID, "ben", room.Member); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) sql(query string, args ...any) {
	h.Helper()
	if _, err := h.pool.Exec(h.Context(), query, args...); err != nil {
		h.Fatal(err)
	}
}

func (h *house) count(query string, args ...any) (n int) {
	h.Helper()
	if err := h.pool.QueryRow(h.Context(), query, args...).Scan(&n); err != nil {
		h.Fatal(err)
	}
	return n
}

// visit is somebody's request to the room, as it is now.
func (h *house) visit(name string) room.Visit {
	h.Helper()
	v, err := h.rooms.Visit(h.Context(), h.tokens[name], h.room.Slug)
	if err != nil {
		h.Fatal(err)
	}
	return v
}

// enter lets somebody into the call, which begins with the first, and returns
// their grant.
func (h *house) enter(name string) (grant string) {
	h.Helper()
	h.sql(`insert into calls (id, room_id) select gen_random_uuid(), $1
		where not exists (select from calls where room_id = $1 and ended_at is null)`, h.room.ID)
	grant = strings.ReplaceAll(uuid.NewString(), "-", "")
	h.sql(`insert into grants (id, room_id, generation, user_id, session_id, display_name, permissions, connected_at, call_id)
		select $1, $2, 1, $3, gen_random_uuid(), $4, '{}', now(), id from calls where room_id = $2 and ended_at is null`,
		grant, h.room.ID, h.people[name].ID, name+" here")
	return grant
}

func (h *house) leave(grant string) {
	h.Helper()
	h.sql(`update grants set left_at = now() where id = $1`, grant)
}

func (h *house) send(name, text string, files ...chat.FileID) chat.Message {
	h.Helper()
	m, err := h.chat.Send(h.Context(), h.visit(name), chat.Draft{ID: chat.ID(uuid.NewString()), Text: text, Files: files})
	if err != nil {
		h.Fatalf("%s sends %q: %v", name, text, err)
	}
	return m
}

// texts are those of the messages that somebody reads.
func (h *house) texts(name string) string {
	h.Helper()
	page, err := h.chat.Before(h.Context(), h.visit(name), 0)
	if err != nil {
		return err.Error()
	}
	var texts []string
	for _, m := range page.Messages {
		texts = append(texts, m.Text)
	}
	return strings.Join(texts, " ")
}

func (h *house) upload(name, file, content string) chat.File {
	h.Helper()
	f, err := h.chat.Upload(h.Context(), h.visit(name), file, int64(len(content)), strings.NewReader(content))
	if err != nil {
		h.Fatalf("%s uploads %q: %v", name, file, err)
	}
	return f
}

// content is what somebody gets of a file.
func (h *house) content(name string, id chat.FileID) (string, error) {
	h.Helper()
	_, bytes, err := h.chat.Open(h.Context(), h.visit(name), id)
	if err != nil {
		return "", err
	}
	defer bytes.Close()
	all, err := io.ReadAll(bytes)
	if err != nil {
		h.Fatal(err)
	}
	return string(all), nil
}

// field is the complaint about a field.
func field(err error, name string) string {
	var invalid input.Invalid
	errors.As(err, &invalid)
	return invalid[name]
}
