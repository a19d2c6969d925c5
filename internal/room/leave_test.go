package room_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/postgres"
	"foyer/internal/postgres/postgrestest"
	"foyer/internal/room"
)

func toldNobody(context.Context, pgx.Tx, account.User) error { return nil }

func (h *house) user(username string) account.User {
	h.Helper()
	user, err := account.Find(h.Context(), h.pool, username)
	if err != nil {
		h.Fatal(err)
	}
	return user
}

func TestDeleteAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "eva")
	ana := h.user("ana")
	r, err := h.rooms.Create(t.Context(), ana.ID, room.Draft{Name: "Team", Visibility: room.Private, Backend: "livekit"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.rooms.AddMember(t.Context(), r.ID, ana.ID, "ben", room.Moderator); err != nil {
		t.Fatal(err)
	}
	alone, err := h.rooms.OwnedAlone(t.Context(), ana.ID)
	if err != nil || len(alone) != 1 || alone[0].ID != r.ID {
		t.Errorf("owned alone: %v, %v", alone, err)
	}
	if err := h.rooms.DeleteAccount(t.Context(), ana, toldNobody); !errors.Is(err, room.LastOwner) {
		t.Errorf("the last owner goes: %v", err)
	}
	// An owner whose account is disabled looks after nothing.
	if _, err := h.rooms.SetRole(t.Context(), r.ID, ana.ID, "ben", room.Owner); err != nil {
		t.Fatal(err)
	}
	if _, err := h.pool.Exec(t.Context(), `update users set disabled_at = now() where username = 'ben'`); err != nil {
		t.Fatal(err)
	}
	if err := h.rooms.DeleteAccount(t.Context(), ana, toldNobody); !errors.Is(err, room.LastOwner) {
		t.Errorf("the last active owner goes: %v", err)
	}
	if _, err := h.pool.Exec(t.Context(), `update users set disabled_at = null where username = 'ben'`); err != nil {
		t.Fatal(err)
	}
	told := false
	err = h.rooms.DeleteAccount(t.Context(), ana, func(_ context.Context, _ pgx.Tx, user account.User) error { told = user.ID == ana.ID; return nil })
	if err != nil || !told {
		t.Fatalf("delete: %v, told %v", err, told)
	}
	var left, removed int
	err = h.pool.QueryRow(t.Context(), `
		select (select count(*) from users where id = $1) + (select count(*) from memberships where user_id = $1) + (select count(*) from sessions where user_id = $1),
			(select count(*) from ledger where room_id = $2 and kind = 'member_removed' and actor = $1)`, ana.ID, r.ID).Scan(&left, &removed)
	if err != nil || left != 0 || removed != 1 {
		t.Errorf("%d rows are left, %d entries say that they went, %v", left, removed, err)
	}
}

func TestLastAdministratorStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	if _, err := h.pool.Exec(t.Context(), `update users set administrator = true`); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	gone := 0
	var group sync.WaitGroup
	for _, user := range []account.User{h.user("ana"), h.user("ben")} {
		group.Go(func() {
			err := h.rooms.DeleteAccount(t.Context(), user, toldNobody)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				gone++
			} else if !errors.Is(err, account.ErrLastAdministrator) {
				t.Errorf("unexpected: %v", err)
			}
		})
	}
	group.Wait()
	if gone != 1 {
		t.Errorf("%d of two administrators have gone, want one", gone)
	}
}

// Two owners who go at once: one stays, and the room has an owner. Over and over,
// with the other changes of a room that there are.
func TestOwnersWhoGoAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "keeper")
	for round := range 100 {
		var users [2]account.User
		for i := range users {
			name := fmt.Sprintf("owner-%d-%d", round, i)
			if _, err := h.accounts.Register(t.Context(), account.Registration{Username: name, Email: name + "@example.org", Password: "correct horse battery"}); err != nil {
				t.Fatal(err)
			}
			users[i] = h.user(name)
		}
		r, err := h.rooms.Create(t.Context(), users[0].ID, room.Draft{Name: "Team", Visibility: room.Private, Backend: "livekit"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.rooms.AddMember(t.Context(), r.ID, users[0].ID, users[1].Username, room.Owner); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for i, user := range users {
			group.Go(func() {
				var err error
				if i == 0 {
					err = h.rooms.DeleteAccount(t.Context(), user, toldNobody)
				} else {
					_, err = h.rooms.RemoveMember(t.Context(), r.ID, user.ID, user.Username)
				}
				if err != nil && !errors.Is(err, room.LastOwner) {
					t.Errorf("unexpected: %v", err)
				}
			})
		}
		group.Wait()
		var owners int
		if err := h.pool.QueryRow(t.Context(), `select count(*) from memberships where room_id = $1 and role = 'owner'`, r.ID).Scan(&owners); err != nil || owners != 1 {
			t.Fatalf("%d owners are left, %v; want one", owners, err)
		}
	}
}

// Whoever changes what a room knows of somebody whose account is being deleted waits
// for that and does not make it wait.
func TestChangesAndTheEndOfAnAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo", "eve")
	r := h.create("ana", "Team", "listed")
	for name, act := range map[string]func(row string) error{
		"ben": func(row string) error {
			return h.rooms.DenyAndBan(t.Context(), r.ID, h.id("ana"), room.EntryID(row), false)
		},
		"cleo": func(row string) error {
			_, err := h.rooms.GrantRequest(t.Context(), r.ID, h.id("ana"), room.RequestID(row), (&told{}).tell)
			return err
		},
		"eve": func(string) error {
			_, err := h.rooms.AddMember(t.Context(), r.ID, h.id("ana"), "eve", room.Member)
			return err
		},
	} {
		row := uuid.NewString()
		h.sql(`insert into lobby (id, room_id, user_id, display_name) values ($1, $2, $3, 'Somebody')`, row, r.ID, h.id(name))
		h.sql(`insert into join_requests (id, room_id, user_id, message) values ($1, $2, $3, '')`, row, r.ID, h.id(name))
		end, err := h.pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer end.Rollback(context.Background())
		if _, err := end.Exec(t.Context(), `select from users where id = $1 for update`, h.id(name)); err != nil {
			t.Fatal(err)
		}
		changed := make(chan error, 1)
		go func() { changed <- act(row) }()
		if err := postgrestest.UntilWaiting(t.Context(), h.pool, ""); err != nil {
			t.Fatalf("for the end of %s: %v", name, err)
		}
		if _, err := end.Exec(t.Context(), `delete from users where id = $1`, h.id(name)); err != nil {
			t.Errorf("deleting %s: %v", name, err)
		}
		if err := end.Commit(t.Context()); err != nil {
			t.Error(err)
		}
		var unknown input.Invalid
		if err := <-changed; !errors.Is(err, postgres.ErrNotFound) && !errors.As(err, &unknown) {
			t.Errorf("then, of %s: %v", name, err)
		}
	}
}
