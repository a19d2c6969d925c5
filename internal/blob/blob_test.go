package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"foyer/internal/blob"
)

// contract is what every store promises. New makes an empty one.
func contract(t *testing.T, store blob.Store) {
	t.Helper()
	put := func(t *testing.T, name, text string) {
		t.Helper()
		if err := store.Put(t.Context(), name, strings.NewReader(text), int64(len(text))); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("what was put is read, from anywhere", func(t *testing.T) {
		put(t, "a-1", "hello there")
		if got := read(t, store, "a-1"); got != "hello there" {
			t.Errorf("got %q", got)
		}
		blob, err := store.Open(t.Context(), "a-1")
		if err != nil {
			t.Fatal(err)
		}
		defer blob.Close()
		end, err := blob.Seek(0, io.SeekEnd)
		if err != nil || end != 11 {
			t.Errorf("ends at %d, %v", end, err)
		}
		if _, err := blob.Seek(6, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(blob)
		if err != nil || string(rest) != "there" {
			t.Errorf("got %q, %v", rest, err)
		}
	})
	t.Run("put again replaces", func(t *testing.T) {
		put(t, "twice", "first, and longer")
		put(t, "twice", "second")
		if got := read(t, store, "twice"); got != "second" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("large", func(t *testing.T) {
		large := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // 16 MiB
		if err := store.Put(t.Context(), "large", bytes.NewReader(large), int64(len(large))); err != nil {
			t.Fatal(err)
		}
		if got := read(t, store, "large"); got != string(large) {
			t.Errorf("got %d other bytes, want %d", len(got), len(large))
		}
	})
	t.Run("only as many bytes as announced", func(t *testing.T) {
		if err := store.Put(t.Context(), "cut", strings.NewReader("more than that"), 4); err != nil {
			t.Fatal(err)
		}
		if got := read(t, store, "cut"); got != "more" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("fewer bytes than announced change nothing", func(t *testing.T) {
		put(t, "kept", "before")
		err := store.Put(t.Context(), "kept", strings.NewReader("half"), 8)
		if !errors.Is(err, blob.ErrShort) {
			t.Errorf("got %v, want %v", err, blob.ErrShort)
		}
		if got := read(t, store, "kept"); got != "before" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("a reader that fails changes nothing", func(t *testing.T) {
		torn := errors.New("torn")
		err := store.Put(t.Context(), "torn", io.MultiReader(strings.NewReader("half"), failing{torn}), 8)
		if !errors.Is(err, torn) {
			t.Errorf("got %v, want %v", err, torn)
		}
		expectNone(t, store, "torn")
	})
	t.Run("an upload that is called off leaves nothing", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := store.Put(ctx, "off", io.MultiReader(strings.NewReader("half"), calling{cancel}, endless{}), 1<<30)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
		expectNone(t, store, "off")
	})
	t.Run("removed is gone, and removing it again is no error", func(t *testing.T) {
		put(t, "gone", "x")
		for range 2 {
			if err := store.Remove(t.Context(), "gone"); err != nil {
				t.Error(err)
			}
		}
		expectNone(t, store, "gone")
	})
	t.Run("a name is no path", func(t *testing.T) {
		for _, name := range []string{"", "..", "a/b", "../a", "_draft", strings.Repeat("a", 129)} {
			if err := store.Put(t.Context(), name, strings.NewReader("x"), 1); err == nil {
				t.Errorf("put as %q", name)
			}
			if _, err := store.Open(t.Context(), name); err == nil || errors.Is(err, blob.ErrNone) {
				t.Errorf("open %q: %v", name, err)
			}
			if err := store.Remove(t.Context(), name); err == nil {
				t.Errorf("removed %q", name)
			}
		}
	})
	t.Run("many at once", func(t *testing.T) {
		var group sync.WaitGroup
		for i := range 16 {
			text := strings.Repeat(string(rune('a'+i)), 100_000)
			group.Go(func() {
				if err := store.Put(t.Context(), "race", strings.NewReader(text), int64(len(text))); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		got := read(t, store, "race")
		if len(got) != 100_000 || strings.Trim(got, got[:1]) != "" {
			t.Errorf("%d bytes of several", len(got))
		}
	})
}

func read(t *testing.T, store blob.Store, name string) string {
	t.Helper()
	blob, err := store.Open(t.Context(), name)
	if err != nil {
		t.Fatalf("open %q: %v", name, err)
	}
	defer blob.Close()
	all, err := io.ReadAll(blob)
	if err != nil {
		t.Fatalf("read %q: %v", name, err)
	}
	return string(all)
}

func expectNone(t *testing.T, store blob.Store, name string) {
	t.Helper()
	if _, err := store.Open(t.Context(), name); !errors.Is(err, blob.ErrNone) {
		t.Errorf("open %q: got %v, want %v", name, err, blob.ErrNone)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// calling reads nothing, but calls something off.
type calling struct{ cancel func() }

func (c calling) Read([]byte) (int, error) { c.cancel(); return 0, io.EOF }

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
