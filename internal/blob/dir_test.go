package blob_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"foyer/internal/blob"
)

func openDir(t *testing.T, path string) *blob.Dir {
	t.Helper()
	dir, err := blob.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	return dir
}

func TestDir(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "files")
	contract(t, openDir(t, path))
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "_") {
			t.Errorf("%s was left unfinished", entry.Name())
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others may look into it: %v, %v", info.Mode(), err)
	}
}

// What a killed program left half written goes once nobody can be writing it.
func TestUnfinishedFilesAreTidied(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	for _, name := range []string{"_old-draft", "_new-draft", "whole"} {
		if err := os.WriteFile(filepath.Join(path, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := time.Now().Add(-25 * time.Hour)
	for _, name := range []string{"_old-draft", "whole"} {
		if err := os.Chtimes(filepath.Join(path, name), before, before); err != nil {
			t.Fatal(err)
		}
	}
	openDir(t, path)
	for name, want := range map[string]bool{"_old-draft": false, "_new-draft": true, "whole": true} {
		if _, err := os.Stat(filepath.Join(path, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
