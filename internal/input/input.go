// Package input checks what people type before anything is done with it.
package input

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"foyer/internal/words"
)

// Invalid is what is wrong with a form: a sentence for the person beside each
// field's name, under "" for the form as a whole. As an error it is only ever
// returned with at least one entry.
type Invalid map[string]string

func (i Invalid) Error() string {
	var parts []string
	for _, field := range slices.Sorted(maps.Keys(i)) {
		parts = append(parts, field+": "+i[field])
	}
	return "invalid input: " + strings.Join(parts, "; ")
}

// Err is i as an error, or nil when nothing is wrong.
func (i Invalid) Err() error {
	if len(i) == 0 {
		return nil
	}
	return i
}

// Add notes what is wrong with a field; the first complaint about it stays.
func (i Invalid) Add(field, sentence string) {
	if _, ok := i[field]; !ok {
		i[field] = sentence
	}
}

// brailleBlank shows as nothing although Unicode counts it as a symbol.
const brailleBlank = '\u2800'

// Line takes one line of visible text of least to most characters and returns
// it with white space trimmed and runs of it made one space. It refuses what
// could hide or reorder text: control and format characters, among them the
// bidirectional and zero-width ones.
func (i Invalid) Line(field, value string, least, most int) string {
	if !utf8.ValidString(value) {
		i.Add(field, words.Text("input.this_is_not_valid_text"))
		return ""
	}
	line := strings.Join(strings.Fields(value), " ")
	for _, r := range line {
		if unicode.In(r, unicode.C, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point) || r == brailleBlank {
			i.Add(field, words.Text("input.invisible", "code", fmt.Sprintf("U+%04X", r)))
			return ""
		}
	}
	i.length(field, line, least, most)
	return line
}

// Prose takes text of several lines, of least to most characters, and returns it
// with one kind of line's end and without white space around it. It leaves out
// what does nothing but harm: control characters, and those that turn the
// direction of all that follows. Joiners and other marks that scripts and emoji
// need stay.
func (i Invalid) Prose(field, value string, least, most int) string {
	if !utf8.ValidString(value) {
		i.Add(field, words.Text("input.this_is_not_valid_text"))
		return ""
	}
	value = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(value)
	prose := strings.TrimSpace(strings.Map(func(r rune) rune {
		turns := r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
		if turns || unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, value))
	i.length(field, prose, least, most)
	return prose
}

// length notes when a text is too short or too long.
func (i Invalid) length(field, text string, least, most int) {
	switch length := utf8.RuneCountInString(text); {
	case length == 0 && least > 0:
		i.Add(field, words.Text("input.fill_this_in"))
	case length < least:
		i.Add(field, words.Text("input.too_short", "least", least))
	case length > most:
		i.Add(field, words.Text("input.too_long", "most", most, "count", length))
	}
}

// Searchable makes of any value text that can be looked for: trimmed, without
// what the database does not take as text. It refuses nothing, for what is looked
// for need not exist. What it returns it makes nothing else of.
func Searchable(value string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(value, ""), "\x00", ""))
}

// Choice takes one of the allowed values.
func (i Invalid) Choice(field, value string, allowed ...string) string {
	if !slices.Contains(allowed, value) {
		i.Add(field, words.Text("input.choose_one_of_the_options"))
		return ""
	}
	return value
}
