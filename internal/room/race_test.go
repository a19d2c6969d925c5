package room_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

// race runs acts at the same moment and waits until all are done.
func race(acts ...func()) {
	start := make(chan struct{})
	var done sync.WaitGroup
	for _, act := range acts {
		done.Go(func() {
			<-start
			act()
		})
	}
	close(start)
	done.Wait()
}

// rounds is how often a race is run.
func rounds() int {
	if testing.Short() {
		return 50
	}
	return 1000
}

// isRefusal says whether an error is an answer, as somebody gets it who came
// too late, and not a fault.
func isRefusal(err error) bool {
	var refusal room.Refusal
	var invalid input.Invalid
	return errors.As(err, &refusal) || errors.As(err, &invalid) || errors.Is(err, room.ErrHidden) || errors.Is(err, room.ErrSignIn) ||
		errors.Is(err, room.ErrInvitation) || errors.Is(err, postgres.ErrNotFound)
}

// contest is one round of a race in a room of ana, where ben is a moderator, cleo
// a member and eve nobody: acts, and what holds once they are done, whoever was
// first; empty when it does.
type contest struct {
	acts  []func() error
	wrong func() string
}

// What decides who belongs to a room happens at once with somebody coming in.
func TestRaces(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(h *house, r room.Room) contest{
		"an invitation is revoked while guests accept it":                       revokedWhileAccepted,
		"an invitation is closed by a ban while another accepts it":             closedWhileAccepted,
		"a member is banned while an invitation raises them":                    bannedWhileRaised,
		"whoever invites is lowered while somebody accepts":                     loweredWhileAccepted,
		"a room is deleted while somebody accepts":                              deletedWhileAccepted,
		"a request is granted, withdrawn and overtaken by an invitation":        grantedWithdrawnInvited,
		"an owner hands over to two people, leaves and steps down":              handedOver,
		"somebody who waits is admitted, denied and gone at the same moment":    admittedDeniedGone,
		"somebody is banned by one moderator while another adds them to a list": bannedWhileAdded,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "ana", "ben", "cleo", "eve")
			for round := range rounds() {
				r := h.arena(round)
				c := prepare(h, r)
				acts := make([]func(), len(c.acts))
				for i, act := range c.acts {
					acts[i] = func() {
						if err := act(); err != nil && !isRefusal(err) {
							t.Errorf("round %d, act %d: %v", round, i, err)
						}
					}
				}
				race(acts...)
				if wrong := c.wrong(); wrong != "" {
					t.Fatalf("round %d: %s; the ledger says %v", round, wrong, h.kinds(r))
				}
			}
		})
	}
}

// arena makes the room of a round, in one statement: there are thousands.
func (h *house) arena(round int) (r room.Room) {
	h.Helper()
	r.Slug = fmt.Sprint("arena-", round)
	err := h.pool.QueryRow(h.Context(), `
		with made as (
			insert into rooms (id, slug, name, visibility, guests, lobby, backend, created_by)
			values (gen_random_uuid(), $1, 'Arena', 'listed', true, 'strangers', 'memory', $2) returning id),
		joined as (
			insert into memberships (room_id, user_id, role)
			select made.id, who.id, who.role from made, (values ($2::uuid, 'owner'), ($3, 'moderator'), ($4, 'member')) who (id, role))
		select id from made`, r.Slug, h.id("ana"), h.id("ben"), h.id("cleo")).Scan(&r.ID)
	if err != nil {
		h.Fatal(err)
	}
	return r
}

func revokedWhileAccepted(h *house, r room.Room) contest {
	made := h.invite(r, "ana", room.Guest, 0)
	var guests [2]room.Accepted
	come := func(i int) func() error {
		return func() (err error) {
			guests[i], err = h.rooms.Accept(h.Context(), made.Token, room.Comer{DisplayName: "Gus"})
			return err
		}
	}
	return contest{
		acts: []func() error{come(0), come(1), func() error { return h.rooms.Revoke(h.Context(), r.ID, h.id("ana"), made.ID) }},
		wrong: func() string {
			landed := 0
			for _, guest := range guests {
				if guest.Guest == "" {
					continue
				}
				landed++
				if _, err := h.rooms.Visit(h.Context(), guest.Guest, r.Slug); !errors.Is(err, room.ErrSignIn) {
					return fmt.Sprintf("a guest of the revoked invitation visits: %v", err)
				}
			}
			if uses := h.uses(made.ID); uses != landed {
				return fmt.Sprintf("%d uses, and %d came in", uses, landed)
			}
			return ""
		},
	}
}

func closedWhileAccepted(h *house, r room.Room) contest {
	made := h.invite(r, "ana", room.Guest, 0)
	gus, err := h.rooms.Accept(h.Context(), made.Token, room.Comer{DisplayName: "Gus"})
	if err != nil {
		h.Fatal(err)
	}
	visit, err := h.rooms.Visit(h.Context(), gus.Guest, r.Slug)
	if err != nil {
		h.Fatal(err)
	}
	if _, err := h.rooms.Knock(h.Context(), visit, ""); err != nil {
		h.Fatal(err)
	}
	waiting, err := h.rooms.Waiting(h.Context(), r.ID)
	if err != nil || len(waiting) != 1 {
		h.Fatal(waiting, err)
	}
	var gil room.Accepted
	return contest{
		acts: []func() error{
			func() error { return h.rooms.DenyAndBan(h.Context(), r.ID, h.id("ben"), waiting[0].ID, true) },
			func() (err error) {
				gil, err = h.rooms.Accept(h.Context(), made.Token, room.Comer{DisplayName: "Gil"})
				return err
			},
		},
		wrong: func() string {
			for _, guest := range []room.Accepted{gus, gil} {
				if _, err := h.rooms.Visit(h.Context(), guest.Guest, r.Slug); err == nil {
					return "a guest of the closed invitation visits"
				}
			}
			return ""
		},
	}
}

func bannedWhileRaised(h *house, r room.Room) contest {
	made := h.invite(r, "ana", room.Moderator, 1)
	return contest{
		acts: []func() error{
			func() error { return second(h.rooms.Accept(h.Context(), made.Token, room.Comer{User: h.id("cleo")})) },
			func() error { return second(h.rooms.BanMember(h.Context(), r.ID, h.id("ana"), "cleo")) },
		},
		wrong: func() string {
			_, err := h.rooms.Visit(h.Context(), h.session("cleo"), r.Slug)
			if role, belongs := h.roles(r)["cleo"]; belongs || !errors.Is(err, room.ErrHidden) {
				return fmt.Sprintf("whoever is banned is %q and visits: %v", role, err)
			}
			return ""
		},
	}
}

func loweredWhileAccepted(h *house, r room.Room) contest {
	made := h.invite(r, "ben", room.Member, 1)
	return contest{
		acts: []func() error{
			func() error { return second(h.rooms.Accept(h.Context(), made.Token, room.Comer{User: h.id("eve")})) },
			func() error { return second(h.rooms.SetRole(h.Context(), r.ID, h.id("ana"), "ben", room.Member)) },
		},
		wrong: func() string {
			kinds := h.kinds(r)
			accepted, lowered := slices.Index(kinds, ledger.InvitationAccepted), slices.Index(kinds, ledger.RoleChanged)
			if _, belongs := h.roles(r)["eve"]; belongs != (accepted >= 0) || accepted > lowered {
				return fmt.Sprintf("eve belongs: %v", belongs)
			}
			return ""
		},
	}
}

func deletedWhileAccepted(h *house, r room.Room) contest {
	made := h.invite(r, "ana", room.Member, 1)
	return contest{
		acts: []func() error{
			func() error { return second(h.rooms.Accept(h.Context(), made.Token, room.Comer{User: h.id("eve")})) },
			func() error { return h.rooms.Delete(h.Context(), r.ID, h.id("ana")) },
		},
		wrong: func() string {
			kinds := h.kinds(r)
			if slices.Index(kinds, ledger.InvitationAccepted) > slices.Index(kinds, ledger.RoomDeleted) {
				return "accepted after the room was deleted"
			}
			return ""
		},
	}
}

func grantedWithdrawnInvited(h *house, r room.Room) contest {
	if err := h.rooms.Request(h.Context(), r.ID, h.id("eve"), "", nobody); err != nil {
		h.Fatal(err)
	}
	request := h.requests(r)[0].ID
	made := h.invite(r, "ana", room.Member, 1)
	before := len(h.kinds(r))
	return contest{
		acts: []func() error{
			func() error { return second(h.rooms.GrantRequest(h.Context(), r.ID, h.id("ben"), request, nobody)) },
			func() error { return h.rooms.WithdrawRequest(h.Context(), r.ID, h.id("eve")) },
			func() error { return second(h.rooms.Accept(h.Context(), made.Token, room.Comer{User: h.id("eve")})) },
		},
		wrong: func() string {
			added := 0
			for _, kind := range h.kinds(r)[before:] {
				if kind == ledger.MemberAdded {
					added++
				}
			}
			if left := len(h.requests(r)); h.roles(r)["eve"] != room.Member || added != 1 || left != 0 {
				return fmt.Sprintf("eve is %q, was added %d times, and %d requests are left", h.roles(r)["eve"], added, left)
			}
			return ""
		},
	}
}

func handedOver(h *house, r room.Room) contest {
	handTo := func(name string) func() error {
		return func() error { return second(h.rooms.Transfer(h.Context(), r.ID, h.id("ana"), name)) }
	}
	return contest{
		acts: []func() error{
			handTo("ben"), handTo("cleo"),
			func() error { return second(h.rooms.RemoveMember(h.Context(), r.ID, h.id("ana"), "ana")) },
			func() error { return second(h.rooms.SetRole(h.Context(), r.ID, h.id("ana"), "ana", room.Member)) },
		},
		wrong: func() string {
			owners := 0
			for _, role := range h.roles(r) {
				if role == room.Owner {
					owners++
				}
			}
			if owners != 1 {
				return fmt.Sprintf("the room has %d owners: %v", owners, h.roles(r))
			}
			return ""
		},
	}
}

func admittedDeniedGone(h *house, r room.Room) contest {
	h.sql(`update rooms set visibility = 'open' where id = $1`, r.ID)
	visit := h.visit("eve", r)
	if _, err := h.rooms.Knock(h.Context(), visit, ""); err != nil {
		h.Fatal(err)
	}
	waiting, err := h.rooms.Waiting(h.Context(), r.ID)
	if err != nil || len(waiting) != 1 {
		h.Fatal(waiting, err)
	}
	return contest{
		acts: []func() error{
			func() error { return h.rooms.Admit(h.Context(), r.ID, h.id("ana"), waiting[0].ID) },
			func() error { return h.rooms.Deny(h.Context(), r.ID, h.id("ben"), waiting[0].ID) },
			func() error { return h.rooms.StopWaiting(h.Context(), visit) },
		},
		wrong: func() string {
			kinds := h.kinds(r)
			last := kinds[len(kinds)-1]
			want := map[ledger.Kind]room.Answer{
				ledger.LobbyAdmitted: room.Admitted, ledger.LobbyDenied: room.Denied, ledger.KnockGone: room.NotAsked,
			}[last]
			if got := h.visit("eve", r).Person.Answer; got != want {
				return fmt.Sprintf("the lobby says %q of whom the ledger says %s", got, last)
			}
			return ""
		},
	}
}

func bannedWhileAdded(h *house, r room.Room) contest {
	return contest{
		acts: []func() error{
			func() error { return second(h.rooms.BanMember(h.Context(), r.ID, h.id("ana"), "cleo")) },
			func() error { return second(h.rooms.AddMembers(h.Context(), r.ID, h.id("ben"), "cleo\neve")) },
			func() error { return second(h.rooms.AddMember(h.Context(), r.ID, h.id("ben"), "cleo", room.Member)) },
		},
		wrong: func() string {
			if roles := h.roles(r); roles["cleo"] != room.None || roles["eve"] != room.Member {
				return fmt.Sprintf("the banned and the added are %v", roles)
			}
			return ""
		},
	}
}
