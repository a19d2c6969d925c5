package words

import (
	"errors"
	"fmt"
	"testing"
)

func TestText(t *testing.T) {
	english["test.greeting"] = texts{"other": "{name} wrote to {to}"}
	t.Cleanup(func() { delete(english, "test.greeting") })
	for _, test := range []struct {
		name, key string
		values    []any
		want      string
	}{
		{"plain", "unit.just_now", nil, "just now"},
		{"one", "unit.days_ago", []any{"count", 1}, "1 day ago"},
		{"none", "unit.days_ago", []any{"count", 0}, "0 days ago"},
		{"many", "unit.days_ago", []any{"count", 1200}, "1,200 days ago"},
		{"values", "test.greeting", []any{"name", "Ana", "to", "{name}"}, "Ana wrote to {name}"},
		{"an error", "test.greeting", []any{"name", fmt.Errorf("Ana: %w", errors.New("lost")), "to", "us"}, "Ana: lost wrote to us"},
		{"unknown", "unit.nothing", []any{"count", 1}, "unit.nothing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Text(test.key, test.values...); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
