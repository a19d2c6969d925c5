package room_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

func TestAddMembers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo", "dan", "eve", "fay", "off")
	r := h.create("ana", "Team", "private")
	h.add(r, "ana", "ben", room.Moderator)
	h.add(r, "ana", "fay", room.Member)
	if _, err := h.rooms.BanMember(t.Context(), r.ID, h.id("ana"), "fay"); err != nil {
		t.Fatal(err)
	}
	h.sql(`update users set disabled_at = now() where username = 'off'`)

	list := "cleo\r\n\n  DAN@example.org\tModerator \nben\ncleo, owner\nfay\nnobody\nnew@example.org\neve boss\na b c\noff"
	additions, err := h.rooms.AddMembers(t.Context(), r.ID, h.id("ana"), list)
	if err != nil {
		t.Fatal(err)
	}
	wants := []struct {
		line, name string
		belongs    bool
		unknown    bool
		field      string // of what is wrong
	}{
		{"cleo", "cleo", false, false, ""},
		{"DAN@example.org\tModerator", "dan", false, false, ""},
		{"ben", "ben", true, false, ""},
		{"cleo, owner", "cleo", true, false, ""},
		{"fay", "", false, false, "login"},
		{"nobody", "", false, true, ""},
		{"new@example.org", "", false, true, ""},
		{"eve boss", "", false, false, "role"},
		{"a b c", "", false, false, "login"},
		{"off", "", false, true, ""},
	}
	if len(additions) != len(wants) {
		t.Fatalf("%d results, want %d: %+v", len(additions), len(wants), additions)
	}
	for i, want := range wants {
		got := additions[i]
		var invalid input.Invalid
		errors.As(got.Err, &invalid)
		if got.Line != want.line || got.Name != want.name || got.Belongs != want.belongs || got.Unknown != want.unknown ||
			(invalid[want.field] == "") != (want.field == "") || got.Done() == (want.unknown || want.field != "") {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if sentence := additions[4].Err.Error(); !strings.Contains(sentence, "fay is banned from this room. Lift the ban first.") {
		t.Errorf("of somebody banned: %s", sentence)
	}
	want := map[string]room.Role{"ana": room.Owner, "ben": room.Moderator, "cleo": room.Member, "dan": room.Moderator}
	if got := h.roles(r); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("roles %v, want %v", got, want)
	}

	// A moderator adds members; what else is in the list stands for itself.
	additions, err = h.rooms.AddMembers(t.Context(), r.ID, h.id("ben"), "eve owner\neve")
	if err != nil || !errors.Is(additions[0].Err, room.Rank) || !additions[1].Done() || additions[1].Belongs {
		t.Errorf("a moderator's list: %+v, %v", additions, err)
	}
}

func TestAddMembersRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "cleo", "eve")
	r := h.create("ana", "Team", "private")
	h.add(r, "ana", "cleo", room.Member)
	before := h.roles(r)
	for name, test := range map[string]struct {
		by, list string
		want     error
	}{
		"member":   {"cleo", "eve", room.Rank},
		"stranger": {"eve", "eve", room.ErrHidden},
	} {
		if _, err := h.rooms.AddMembers(t.Context(), r.ID, h.id(test.by), test.list); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
	for name, list := range map[string]string{"empty": " \n\r\n", "too long": strings.Repeat("eve\n", room.MostLines+1)} {
		var invalid input.Invalid
		if _, err := h.rooms.AddMembers(t.Context(), r.ID, h.id("ana"), list); !errors.As(err, &invalid) || invalid["people"] == "" {
			t.Errorf("%s: got %v, want a complaint about people", name, err)
		}
	}
	if got := h.roles(r); fmt.Sprint(got) != fmt.Sprint(before) {
		t.Errorf("roles %v, want %v", got, before)
	}
	if additions, err := h.rooms.AddMembers(t.Context(), r.ID, h.id("ana"), strings.Repeat("eve\n", room.MostLines)); err != nil || len(additions) != room.MostLines {
		t.Errorf("as long as may be: %d results, %v", len(additions), err)
	}
}

// Whatever is pasted, every line that has something in it gets a result, and
// nothing fails.
func FuzzAddMembers(f *testing.F) {
	f.Add("ana\nben, owner\n")
	f.Add("a\x00b;\xff\t,")
	f.Add("x , y , z\n\u202e")
	f.Fuzz(func(t *testing.T, list string) {
		h := newHouse(t, "ana")
		r := h.create("ana", "Team", "private")
		additions, err := h.rooms.AddMembers(t.Context(), r.ID, h.id("ana"), list)
		var invalid input.Invalid
		if err != nil && !errors.As(err, &invalid) {
			t.Errorf("%q: %v", list, err)
		}
		lines := 0
		for line := range strings.Lines(list) {
			if strings.TrimSpace(line) != "" {
				lines++
			}
		}
		if err == nil && len(additions) != lines {
			t.Errorf("%q: %d results, want %d", list, len(additions), lines)
		}
	})
}

func TestTransfer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo", "eve", "robot")
	r := h.create("ana", "Team", "private")
	h.add(r, "ana", "ben", room.Moderator)
	h.add(r, "ana", "cleo", room.Member)
	h.add(r, "ana", "robot", room.Moderator)
	ctx := t.Context()
	h.sql(`update users set disabled_at = now() where username = 'cleo'`)
	h.sql(`update users set service = true where username = 'robot'`)
	refusals := []struct {
		name string
		err  error
		want error
	}{
		{"moderator", second(h.rooms.Transfer(ctx, r.ID, h.id("ben"), "cleo")), room.Rank},
		{"stranger", second(h.rooms.Transfer(ctx, r.ID, h.id("eve"), "eve")), room.ErrHidden},
		{"to a stranger", second(h.rooms.Transfer(ctx, r.ID, h.id("ana"), "eve")), postgres.ErrNotFound},
		{"to herself", second(h.rooms.Transfer(ctx, r.ID, h.id("ana"), "ana")), room.Rank},
		{"to who cannot log in", second(h.rooms.Transfer(ctx, r.ID, h.id("ana"), "cleo")), room.Rank},
		{"to a program", second(h.rooms.Transfer(ctx, r.ID, h.id("ana"), "robot")), room.Rank},
	}
	for _, test := range refusals {
		if !errors.Is(test.err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, test.err, test.want)
		}
	}
	if got := h.roles(r); got["ana"] != room.Owner || got["ben"] != room.Moderator {
		t.Fatalf("after refusals: %v", got)
	}
	if name, err := h.rooms.Transfer(ctx, r.ID, h.id("ana"), "ben"); err != nil || name != "ben" {
		t.Fatalf("got %q, %v", name, err)
	}
	if got := h.roles(r); got["ana"] != room.Moderator || got["ben"] != room.Owner || got["cleo"] != room.Member {
		t.Errorf("roles %v, want ben as owner and ana as moderator", got)
	}
	if got := h.kinds(r); got[len(got)-1] != ledger.Transferred {
		t.Errorf("ledger %v", got)
	}
	if _, err := h.rooms.Transfer(ctx, r.ID, h.id("ana"), "cleo"); !errors.Is(err, room.Rank) {
		t.Errorf("again: got %v, want %v", err, room.Rank)
	}
}

func TestBans(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo", "dan", "eve")
	r := h.create("ana", "Team", "listed")
	h.add(r, "ana", "ben", room.Moderator)
	h.add(r, "ana", "cleo", room.Moderator)
	h.add(r, "ana", "dan", room.Member)
	h.sql(`update users set display_name = 'Dan the man' where username = 'dan'`)
	ctx := t.Context()
	refusals := []struct {
		name string
		err  error
		want error
	}{
		{"member bans moderator", second(h.rooms.BanMember(ctx, r.ID, h.id("dan"), "ben")), room.Rank},
		{"moderator bans moderator", second(h.rooms.BanMember(ctx, r.ID, h.id("ben"), "cleo")), room.Rank},
		{"moderator bans owner", second(h.rooms.BanMember(ctx, r.ID, h.id("ben"), "ana")), room.Rank},
		{"owner bans herself", second(h.rooms.BanMember(ctx, r.ID, h.id("ana"), "ana")), room.Rank},
		{"nobody's name", second(h.rooms.BanMember(ctx, r.ID, h.id("ana"), "eve")), postgres.ErrNotFound},
		{"member lifts", second(h.rooms.LiftBan(ctx, r.ID, h.id("dan"), "x")), room.Rank},
		{"no such ban", second(h.rooms.LiftBan(ctx, r.ID, h.id("ben"), "x")), postgres.ErrNotFound},
	}
	for _, test := range refusals {
		if !errors.Is(test.err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, test.err, test.want)
		}
	}
	if name, err := h.rooms.BanMember(ctx, r.ID, h.id("ben"), "dan"); err != nil || name != "Dan the man" {
		t.Fatalf("got %q, %v", name, err)
	}
	if got := h.roles(r); got["dan"] != room.None || len(got) != 3 {
		t.Errorf("roles %v, want dan in none", got)
	}
	if _, err := h.rooms.Visit(ctx, h.session("dan"), r.Slug); !errors.Is(err, room.ErrHidden) {
		t.Errorf("dan visits: got %v, want %v", err, room.ErrHidden)
	}
	if err := h.rooms.Request(ctx, r.ID, h.id("dan"), "", nobody); !errors.Is(err, room.ErrHidden) {
		t.Errorf("dan asks to join: got %v, want %v", err, room.ErrHidden)
	}
	var invalid input.Invalid
	if _, err := h.rooms.AddMember(ctx, r.ID, h.id("ana"), "dan", room.Member); !errors.As(err, &invalid) || invalid["login"] != "Dan the man is banned from this room. Lift the ban first." {
		t.Errorf("adding dan: got %v", err)
	}
	bans, _, err := h.rooms.Bans(ctx, r.ID, room.Cursor{})
	if err != nil || len(bans) != 1 {
		t.Fatalf("bans %+v, %v", bans, err)
	}
	if b := bans[0]; b.Kind != room.BanUser || b.Name != "Dan the man" || b.Username != "dan" || b.By != "ben" || b.At.IsZero() {
		t.Errorf("ban %+v", b)
	}
	other := h.create("ana", "Other", "private")
	if _, err := h.rooms.LiftBan(ctx, other.ID, h.id("ana"), bans[0].ID); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("lifting it through another room: got %v, want %v", err, postgres.ErrNotFound)
	}
	if name, err := h.rooms.LiftBan(ctx, r.ID, h.id("cleo"), bans[0].ID); err != nil || name != "Dan the man" {
		t.Errorf("lifting: got %q, %v", name, err)
	}
	h.add(r, "ana", "dan", room.Member)
	kinds := h.kinds(r)
	if !slices.Equal(kinds[len(kinds)-3:], []ledger.Kind{ledger.Banned, ledger.BanLifted, ledger.MemberAdded}) {
		t.Errorf("ledger %v", kinds)
	}
}
