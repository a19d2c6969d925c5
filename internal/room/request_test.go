package room_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

// nobody is a Tell for tests that do not look at it.
func nobody(context.Context, pgx.Tx, room.JoinRequest, []account.User) error { return nil }

// told is a Tell that notes whom it told.
type told struct {
	mu    sync.Mutex
	names []string
}

func (o *told) tell(_ context.Context, _ pgx.Tx, _ room.JoinRequest, to []account.User) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, user := range to {
		o.names = append(o.names, user.Username+" "+user.Email)
	}
	return nil
}

func (h *house) requests(in room.Room) []room.JoinRequest {
	h.Helper()
	requests, err := h.rooms.Requests(h.Context(), in.ID)
	if err != nil {
		h.Fatal(err)
	}
	return requests[in.ID]
}

func TestRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo", "dan", "off")
	r := h.create("ana", "Team", "listed")
	h.add(r, "ana", "ben", room.Moderator)
	h.add(r, "ana", "cleo", room.Member)
	h.add(r, "ana", "off", room.Owner)
	h.sql(`update users set disabled_at = now() where username = 'off'`)
	ctx := t.Context()
	ask := func(message string) []string {
		t.Helper()
		var o told
		if err := h.rooms.Request(ctx, r.ID, h.id("dan"), message, o.tell); err != nil {
			t.Fatal(err)
		}
		return o.names
	}
	if got := ask("  I am\tDan  "); !slices.Equal(got, []string{"ana ana@example.org", "ben ben@example.org"}) {
		t.Errorf("told %v, want the active owner and the moderator", got)
	}
	if got := h.requests(r); len(got) != 1 || got[0].Username != "dan" || got[0].Message != "I am Dan" {
		t.Fatalf("requests %+v", got)
	}
	if got := ask("Dan again"); got != nil {
		t.Errorf("told %v of a request that was there", got)
	}
	own, yes, err := h.rooms.RequestOf(ctx, r.ID, h.id("dan"))
	if err != nil || !yes || own.Message != "Dan again" {
		t.Errorf("dan's own request: %+v, %v, %v", own, yes, err)
	}
	if err := h.rooms.WithdrawRequest(ctx, r.ID, h.id("dan")); err != nil {
		t.Fatal(err)
	}
	if err := h.rooms.WithdrawRequest(ctx, r.ID, h.id("dan")); err != nil {
		t.Errorf("withdrawn twice: %v", err)
	}
	if _, yes, err := h.rooms.RequestOf(ctx, r.ID, h.id("dan")); err != nil || yes || len(h.requests(r)) != 0 {
		t.Errorf("a withdrawn request is still there: %v", err)
	}
	if got := ask(""); got != nil {
		t.Errorf("told %v twice within a day", got)
	}
	h.sql(`update ledger set at = at - interval '25 hours' where room_id = $1`, r.ID)
	if err := h.rooms.WithdrawRequest(ctx, r.ID, h.id("dan")); err != nil {
		t.Fatal(err)
	}
	if got := ask(""); len(got) != 2 {
		t.Errorf("told %v a day later, want two people", got)
	}
	want := []ledger.Kind{ledger.JoinRequested, ledger.JoinWithdrawn, ledger.JoinRequested, ledger.JoinWithdrawn, ledger.JoinRequested}
	if got := h.kinds(r); !slices.Equal(got[len(got)-5:], want) {
		t.Errorf("ledger %v, want it to end with %v", got, want)
	}
}

func TestRequestRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "cleo", "dan")
	listed, private := h.create("ana", "Listed", "listed"), h.create("ana", "Private", "private")
	h.add(listed, "ana", "cleo", room.Member)
	ctx := t.Context()
	var o told
	for name, test := range map[string]struct {
		in   room.Room
		by   account.UserID
		want error
	}{
		"a private room": {private, h.id("dan"), room.ErrHidden},
		"a member":       {listed, h.id("cleo"), room.Rank},
		"an owner":       {listed, h.id("ana"), room.Rank},
		"a guest":        {listed, "", room.Rank},
	} {
		if err := h.rooms.Request(ctx, test.in.ID, test.by, "", o.tell); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
	for _, message := range []string{strings.Repeat("x", 301), "a\u202eb", "\xff"} {
		var invalid input.Invalid
		if err := h.rooms.Request(ctx, listed.ID, h.id("dan"), message, o.tell); !errors.As(err, &invalid) || invalid["message"] == "" {
			t.Errorf("message %q: got %v", message, err)
		}
	}
	if len(h.requests(listed))+len(h.requests(private))+len(o.names) != 0 {
		t.Errorf("refused requests are there, or were told of: %v", o.names)
	}
	// Mail that cannot be written takes the request back with it.
	failed := errors.New("no")
	err := h.rooms.Request(ctx, listed.ID, h.id("dan"), "", func(context.Context, pgx.Tx, room.JoinRequest, []account.User) error { return failed })
	if !errors.Is(err, failed) || len(h.requests(listed)) != 0 {
		t.Errorf("got %v and %d requests, want none", err, len(h.requests(listed)))
	}
}

func TestDecideRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo", "dan", "eve", "fay")
	r := h.create("ana", "Team", "listed")
	h.add(r, "ana", "ben", room.Moderator)
	h.add(r, "ana", "cleo", room.Member)
	ctx := t.Context()
	for _, name := range []string{"dan", "eve", "fay"} {
		if err := h.rooms.Request(ctx, r.ID, h.id(name), "", nobody); err != nil {
			t.Fatal(err)
		}
	}
	requests := h.requests(r)
	dan, eve := requests[0].ID, requests[1].ID
	for name, test := range map[string]struct {
		by   string
		want error
	}{"member": {"cleo", room.Rank}, "who asks": {"dan", room.Rank}} {
		if _, err := h.rooms.GrantRequest(ctx, r.ID, h.id(test.by), dan, nobody); !errors.Is(err, test.want) {
			t.Errorf("%s grants: got %v, want %v", name, err, test.want)
		}
		if _, err := h.rooms.DeclineRequest(ctx, r.ID, h.id(test.by), dan, nobody); !errors.Is(err, test.want) {
			t.Errorf("%s declines: got %v, want %v", name, err, test.want)
		}
	}
	other := h.create("eve", "Other", "listed")
	if _, err := h.rooms.GrantRequest(ctx, other.ID, h.id("eve"), dan, nobody); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("through another room: got %v, want %v", err, postgres.ErrNotFound)
	}
	var o told
	if name, err := h.rooms.GrantRequest(ctx, r.ID, h.id("ben"), dan, o.tell); err != nil || name != "dan" {
		t.Errorf("got %q, %v", name, err)
	}
	if _, err := h.rooms.DeclineRequest(ctx, r.ID, h.id("ana"), eve, o.tell); err != nil {
		t.Error(err)
	}
	for _, request := range []room.RequestID{dan, eve, "no id"} {
		if _, err := h.rooms.GrantRequest(ctx, r.ID, h.id("ana"), request, o.tell); !errors.Is(err, postgres.ErrNotFound) {
			t.Errorf("answered before: got %v, want %v", err, postgres.ErrNotFound)
		}
	}
	if !slices.Equal(o.names, []string{"dan dan@example.org", "eve eve@example.org"}) {
		t.Errorf("told %v, want each who was answered once", o.names)
	}
	h.add(r, "ana", "fay", room.Moderator) // answers their request too
	if got := h.requests(r); len(got) != 0 {
		t.Errorf("still asking: %+v", got)
	}
	if got := h.roles(r); got["dan"] != room.Member || got["eve"] != room.None || got["fay"] != room.Moderator {
		t.Errorf("roles %v", got)
	}
}

// Two moderators answer at the same moment: one answer counts, and the person is
// told that one.
func TestRequestDecidedOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "dan")
	for round := range rounds() {
		r := h.create("ana", fmt.Sprint("Team ", round), "listed")
		h.add(r, "ana", "ben", room.Moderator)
		if err := h.rooms.Request(t.Context(), r.ID, h.id("dan"), "", nobody); err != nil {
			t.Fatal(err)
		}
		id := h.requests(r)[0].ID
		var granted, declined told
		var errs [3]error
		race(
			func() { _, errs[0] = h.rooms.GrantRequest(t.Context(), r.ID, h.id("ana"), id, granted.tell) },
			func() { _, errs[1] = h.rooms.GrantRequest(t.Context(), r.ID, h.id("ben"), id, granted.tell) },
			func() { _, errs[2] = h.rooms.DeclineRequest(t.Context(), r.ID, h.id("ben"), id, declined.tell) },
		)
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, postgres.ErrNotFound) {
				t.Fatal(err)
			}
		}
		member := h.roles(r)["dan"] == room.Member
		if won != 1 || len(granted.names)+len(declined.names) != 1 || member != (len(granted.names) == 1) {
			t.Fatalf("%d answers counted; granted to %v, declined to %v, a member: %v", won, granted.names, declined.names, member)
		}
	}
}

func TestInSight(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "dan")
	ctx := t.Context()
	h.create("ana", "Hidden", "private")
	listed, open := h.create("ana", "book Club", "listed"), h.create("ana", "Apples 100%", "open")
	banned, gone := h.create("ana", "Closed to dan", "open"), h.create("ana", "Gone", "open")
	own := h.create("dan", "Dan's own", "open")
	h.sql(`insert into bans (id, room_id, user_id, name) values (gen_random_uuid(), $1, $2, 'dan')`, banned.ID, h.id("dan"))
	if err := h.rooms.Delete(ctx, gone.ID, h.id("ana")); err != nil {
		t.Fatal(err)
	}
	if err := h.rooms.Request(ctx, listed.ID, h.id("dan"), "", nobody); err != nil {
		t.Fatal(err)
	}
	h.sql(`insert into grants (id, room_id, generation, user_id, session_id, display_name, permissions, connected_at)
		select rooms.slug, rooms.id, 1, $1, gen_random_uuid(), 'Ana', '{}', now() from rooms where visibility <> 'private'`, h.id("ana"))
	find := func(name string) (slugs []string, cards []room.Card) {
		t.Helper()
		cards, next, err := h.rooms.InSight(ctx, h.id("dan"), nil, name, room.Cursor{})
		if err != nil || next != (room.Cursor{}) {
			t.Fatalf("next %+v, %v", next, err)
		}
		for _, c := range cards {
			slugs = append(slugs, c.Slug)
		}
		return slugs, cards
	}
	slugs, cards := find("")
	if !slices.Equal(slugs, []string{open.Slug, listed.Slug, own.Slug}) {
		t.Fatalf("in sight: %v", slugs)
	}
	if len(cards[0].Live) != 1 || len(cards[1].Live) != 0 {
		t.Errorf("who is in: %v and %v; want it of the open room only", cards[0].Live, cards[1].Live)
	}
	if cards[0].Asked || !cards[1].Asked || cards[2].Person.Role != room.Owner {
		t.Errorf("asked %v, %v; own role %q", cards[0].Asked, cards[1].Asked, cards[2].Person.Role)
	}
	for name, want := range map[string][]string{"BOOK": {listed.Slug}, "%": {open.Slug}, " apples ": {open.Slug}, "hidden": nil, "_": nil} {
		if got, _ := find(name); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

func TestInSightPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "dan")
	const rooms = 2*room.RoomsPerPage + 3
	h.sql(`insert into rooms (id, slug, name, visibility, backend)
		select gen_random_uuid(), 'room-' || i, case when i % 2 = 0 then 'SAME' else 'same' end, 'listed', 'memory' from generate_series(1, $1) i`, rooms)
	seen := make(map[string]bool)
	var after room.Cursor
	for pages := 1; ; pages++ {
		cards, next, err := h.rooms.InSight(t.Context(), h.id("dan"), nil, "", after)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cards {
			seen[c.Slug] = true
		}
		if next == (room.Cursor{}) {
			if pages != 3 || len(cards) != 3 {
				t.Errorf("page %d is the last, with %d rooms", pages, len(cards))
			}
			break
		}
		if len(cards) != room.RoomsPerPage {
			t.Errorf("page %d has %d rooms", pages, len(cards))
		}
		after = room.ParseCursor(next.String())
	}
	if len(seen) != rooms {
		t.Errorf("saw %d rooms, want %d", len(seen), rooms)
	}
}
