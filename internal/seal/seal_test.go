package seal_test

import (
	"bytes"
	"testing"

	"foyer/internal/seal"
)

func TestSeal(t *testing.T) {
	t.Parallel()
	s, err := seal.New(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	sealed := s.Close("a", "secret")
	if plain, err := s.Open("a", sealed); err != nil || plain != "secret" {
		t.Errorf("got %q, %v", plain, err)
	}
	if bytes.Contains(sealed, []byte("secret")) || bytes.Equal(sealed, s.Close("a", "secret")) {
		t.Error("what is sealed can be read, or told to be the same")
	}
	other, err := seal.New(bytes.Repeat([]byte{2}, 32))
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for name, open := range map[string]func() (string, error){
		"of another row": func() (string, error) { return s.Open("b", sealed) },
		"by another key": func() (string, error) { return other.Open("a", sealed) },
		"changed":        func() (string, error) { return s.Open("a", changed) },
		"cut":            func() (string, error) { return s.Open("a", sealed[:5]) },
		"nothing":        func() (string, error) { return s.Open("a", nil) },
	} {
		if plain, err := open(); err == nil {
			t.Errorf("%s opens: %q", name, plain)
		}
	}
	if _, err := seal.New([]byte("short")); err == nil {
		t.Error("a short key is taken")
	}
}
