package room_test

import (
	"slices"
	"strings"
	"testing"

	"foyer/internal/room"
)

// crowd makes n more people members of a room, by hand: "Person 001" and so on.
func (h *house) crowd(in room.Room, n int) {
	h.Helper()
	h.sql(`
		with made as (
			insert into users (id, username, email, display_name, password_hash)
			select gen_random_uuid(), 'p' || lpad(i::text, 3, '0'), 'p' || i || '@example.org', 'Person ' || lpad(i::text, 3, '0'), 'x'
			from generate_series(1, $2) i returning id)
		insert into memberships (room_id, user_id, role) select $1, id, 'member' from made`, in.ID, n)
}

func (h *house) sql(query string, args ...any) {
	h.Helper()
	if _, err := h.pool.Exec(h.Context(), query, args...); err != nil {
		h.Fatal(err)
	}
}

func (h *house) roll(in room.Room, sought room.Sought) (room.Roll, []string) {
	h.Helper()
	roll, err := h.rooms.Roll(h.Context(), in.ID, sought)
	if err != nil {
		h.Fatal(err)
	}
	var names []string
	for _, m := range roll.Members {
		names = append(names, m.Username)
	}
	return roll, names
}

// All pages together are the whole list, in its order, also when names are equal
// but for case.
func TestRollPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "zoe", "yan")
	r := h.create("zoe", "Team", "private")
	h.add(r, "zoe", "yan", room.Moderator)
	const more = 2*room.MembersPerPage + 7
	h.crowd(r, more)
	h.sql(`update users set display_name = case when username < 'p050' then 'same' else 'SAME' end where username between 'p030' and 'p070'`)
	all, err := h.rooms.Members(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, m := range all {
		want = append(want, m.Username)
	}
	var sought room.Sought
	for pages := 1; ; pages++ {
		roll, names := h.roll(r, sought)
		if roll.Found != more+2 {
			t.Errorf("page %d: found %d, want %d", pages, roll.Found, more+2)
		}
		got = append(got, names...)
		if roll.Next == (room.Cursor{}) {
			if pages != 3 {
				t.Errorf("%d pages, want 3", pages)
			}
			break
		}
		if len(names) != room.MembersPerPage {
			t.Errorf("page %d has %d members", pages, len(names))
		}
		// As an address carries it.
		sought.After = room.ParseCursor(roll.Next.String())
	}
	if !slices.Equal(got, want) || want[0] != "zoe" || want[1] != "yan" {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestRollSearch(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo")
	r := h.create("ana", "Team", "private")
	h.add(r, "ana", "ben", room.Moderator)
	h.add(r, "ana", "cleo", room.Member)
	h.sql(`update users set display_name = 'Ännchen 100%_' where username = 'cleo'`)
	tests := []struct {
		name   string
		sought room.Sought
		want   []string
	}{
		{"everybody", room.Sought{}, []string{"ana", "ben", "cleo"}},
		{"by username", room.Sought{Name: "LEO"}, []string{"cleo"}},
		{"by display name, any case", room.Sought{Name: "ännCHEN"}, []string{"cleo"}},
		{"white space around it", room.Sought{Name: "  ben "}, []string{"ben"}},
		{"a wildcard is a sign like others", room.Sought{Name: "%_"}, []string{"cleo"}},
		{"by role", room.Sought{Role: room.Moderator}, []string{"ben"}},
		{"by both", room.Sought{Name: "n", Role: room.Owner}, []string{"ana"}},
		{"nobody", room.Sought{Name: "cleo", Role: room.Owner}, nil},
		{"what no name can hold", room.Sought{Name: "a\x00\xff"}, []string{"ana"}},
	}
	for _, test := range tests {
		roll, got := h.roll(r, test.sought)
		if !slices.Equal(got, test.want) || roll.Found != len(got) {
			t.Errorf("%s: got %v, found %d; want %v", test.name, got, roll.Found, test.want)
		}
	}
}

func FuzzParseCursor(f *testing.F) {
	f.Add("")
	f.Add(room.Cursor{Rank: 2, Name: "ä \"", ID: "00000000-0000-7000-8000-000000000000"}.String())
	f.Add("bm90IGpzb24")
	f.Fuzz(func(t *testing.T, text string) {
		c := room.ParseCursor(text)
		if again := room.ParseCursor(c.String()); again != c {
			t.Errorf("%q: %+v comes back as %+v", text, c, again)
		}
		if strings.ContainsRune(c.Name, 0) {
			t.Errorf("%q: a name that is no text: %q", text, c.Name)
		}
	})
}
