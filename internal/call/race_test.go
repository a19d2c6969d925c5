package call_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"foyer/internal/account"
	"foyer/internal/call"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/media/mediatest"
	"foyer/internal/room"
)

// node adds another node to a house: a service and a reconciler of its own over
// the same database and media service.
func (h *house) node() *call.Service {
	h.Helper()
	log := slog.New(slog.DiscardHandler)
	hub := ledger.NewHub(h.pool, log)
	backends := call.Backends{h.media.Capabilities().Name: h.media}
	reconciler := newReconciler(h.pool, backends)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { call.Follow(ctx, h.pool, hub, reconciler, log) })
	h.Cleanup(func() { cancel(); running.Wait() })
	return call.NewService(h.pool, h.rooms, backends, hub)
}

// somebody is who tries to come into a call, once.
type somebody struct {
	ticket     call.Ticket
	connection *mediatest.Connection // nil: they were not let in
}

// come joins at a node and connects. Refusals are answers.
func (h *house) come(node *call.Service, token account.Token, r room.Room) (s somebody) {
	var err error
	if s.ticket, err = node.Join(h.Context(), token, r.Slug, ""); err == nil {
		s.connection, err = h.media.Connect(h.Context(), s.ticket.Grant.Token)
	}
	var no room.Refusal
	var closed *media.Refusal
	if err != nil && !errors.As(err, &no) && !errors.As(err, &closed) && !errors.Is(err, room.ErrHidden) && !errors.Is(err, room.ErrSignIn) {
		h.Errorf("unexpected: %v", err)
	}
	return s
}

// wrong says what is not as it should be: somebody is in who may not be, or is
// not who may, or there are too many.
func (h *house) wrong(r room.Room, places int, people []somebody) string {
	h.Helper()
	live, err := h.media.Live(h.Context())
	if err != nil {
		h.Fatal(err)
	}
	var in []media.ParticipantID
	for _, connected := range live {
		for _, c := range connected {
			in = append(in, c.ID)
		}
	}
	if taken := h.taken(r); len(in) > places || taken > places {
		h.Fatalf("%d are in and %d places are taken of %d", len(in), taken, places)
	}
	for _, s := range people {
		if s.connection == nil {
			continue
		}
		reason, err := h.calls.Over(h.Context(), s.ticket.Participant)
		if err != nil {
			h.Fatal(err)
		}
		switch is := slices.Contains(in, s.ticket.Participant); {
		case is && reason != "":
			return "somebody is in who may not be: " + string(reason)
		case !is && reason == "":
			return "somebody is not in who may be"
		}
	}
	return ""
}

// Two people and a guest come into a call of two places, each at another of two
// nodes, in the moment in which somebody changes who may. Afterwards the media
// service has those who may be there, and no more than there are places: a
// thousand times each.
func TestRacesForACall(t *testing.T) {
	t.Parallel()
	const places, rounds = 2, 1000
	for name, test := range map[string]struct {
		act  func(h *house, r room.Room, guest string) error
		undo string // what makes the room as it was
	}{
		"nothing else happens": {
			func(*house, room.Room, string) error { return nil }, `select $1::uuid`,
		},
		"a member is banned": {
			func(h *house, r room.Room, _ string) error {
				_, err := h.rooms.BanMember(h.Context(), r.ID, h.id("ana"), "ben")
				return err
			},
			`with lifted as (delete from bans where room_id = $1 returning room_id, user_id)
				insert into memberships (room_id, user_id, role) select room_id, user_id, 'member' from lifted`,
		},
		"the room is locked": {
			func(h *house, r room.Room, _ string) error {
				return h.rooms.SetLocked(h.Context(), r.ID, h.id("ana"), true)
			},
			`update rooms set locked_at = null where id = $1`,
		},
		"the guest's invitation is revoked": {
			func(h *house, _ room.Room, guest string) error {
				_, err := h.pool.Exec(h.Context(), `update invitations set revoked_at = now() where id = $1`, guest)
				return err
			},
			`select $1::uuid`,
		},
		"the call is ended for everyone": {
			func(h *house, r room.Room, _ string) error { return h.calls.End(h.Context(), r.ID, h.id("ana")) },
			`select $1::uuid`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "ana", "ben", "cleo")
			nodes := []*call.Service{h.calls, h.node()}
			r := h.room("private", "ana", "ben", "cleo")
			h.sql(`update rooms set guests = true, capacity = $2 where id = $1`, r.ID, places)
			for round := range rounds {
				invitation := h.invitation(r)
				h.guest("Gus", r, invitation)
				people := make([]somebody, 3)
				var group sync.WaitGroup
				for i, who := range []string{"ben", "cleo", "Gus"} {
					group.Go(func() { people[i] = h.come(nodes[(round+i)%2], h.sessions[who], r) })
				}
				group.Go(func() {
					if err := test.act(h, r, invitation); err != nil {
						t.Errorf("round %d: %v", round, err)
					}
				})
				group.Wait()
				var wrong string
				for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
					if wrong = h.wrong(r, places, people); wrong == "" || time.Now().After(deadline) {
						break
					}
				}
				if wrong != "" {
					t.Fatalf("round %d: %s", round, wrong)
				}
				for _, s := range people {
					if s.connection != nil {
						s.connection.Leave()
					}
				}
				h.vacate(r)
				h.sql(test.undo, r.ID)
			}
		})
	}
}
