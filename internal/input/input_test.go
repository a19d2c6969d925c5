package input

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func FuzzLine(f *testing.F) {
	for _, seed := range []string{"", "Ana", " a  b ", "a\u202eb", "a\x00", "\xff", "\u200b", "👩‍🚀", "\u3164", "e\u0301", "a\nb"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		const most = 10
		bad := Invalid{}
		line := bad.Line("name", value, 1, most)
		if bad.Err() != nil {
			return
		}
		if n := utf8.RuneCountInString(line); n < 1 || n > most {
			t.Errorf("%q has %d characters", line, n)
		}
		if line != strings.Join(strings.Fields(line), " ") {
			t.Errorf("%q has loose white space", line)
		}
		for _, r := range line {
			if r != ' ' && !unicode.IsGraphic(r) && unicode.In(r, unicode.C) {
				t.Errorf("%q has the invisible %U", line, r)
			}
		}
		again := Invalid{}
		if second := again.Line("name", line, 1, most); second != line || again.Err() != nil {
			t.Errorf("%q became %q, %v the second time", line, second, again.Err())
		}
	})
}

func TestFirstComplaintStays(t *testing.T) {
	bad := Invalid{}
	if bad.Err() != nil {
		t.Error("nothing is wrong yet")
	}
	bad.Add("a", "first")
	bad.Add("a", "second")
	if got := bad.Err().Error(); got != "invalid input: a: first" {
		t.Errorf("got %q", got)
	}
}

func FuzzSearchable(f *testing.F) {
	for _, seed := range []string{"", " ana ", "\x00 ana", "a\x00 \x00", "\xc3\x00\xa9", "\xff \u00a0b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got := Searchable(value)
		if !utf8.ValidString(got) || strings.Contains(got, "\x00") || got != strings.TrimSpace(got) || got != Searchable(got) {
			t.Errorf("of %q it makes %q", value, got)
		}
	})
}
