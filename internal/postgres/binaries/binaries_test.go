package binaries

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"path"
	"strings"
	"testing"
)

// TestPacked reads the whole archive, as it is embedded in this test.
func TestPacked(t *testing.T) {
	t.Parallel()
	m, err := Describe()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.Major(), "18"; got != want {
		t.Errorf("got major version %q, want %q", got, want)
	}
	archive, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	sum := sha256.New()
	content := io.TeeReader(archive, sum)
	seen := checkEntries(t, tar.NewReader(content))
	if _, err := io.Copy(io.Discard, content); err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != m.SHA256 {
		t.Errorf("got hash %s, want %s", got, m.SHA256)
	}
	for _, name := range []string{"bin/initdb", "bin/postgres", "share/postgresql/postgres.bki"} {
		if !seen[name] {
			t.Errorf("%s is not packed", name)
		}
	}
}

// checkEntries makes sure that each entry comes after its folder, and that
// links stay in theirs. It returns the names.
func checkEntries(t *testing.T, tr *tar.Reader) map[string]bool {
	t.Helper()
	seen := map[string]bool{".": true}
	var links []string
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(h.Name, "/")
		if !seen[path.Dir(name)] {
			t.Errorf("%s comes before its folder", name)
		}
		seen[name] = true
		if h.Typeflag == tar.TypeSymlink {
			if strings.Contains(h.Linkname, "/") {
				t.Errorf("%s leads to %s", name, h.Linkname)
			}
			links = append(links, path.Join(path.Dir(name), h.Linkname))
		}
	}
	for _, target := range links {
		if !seen[target] {
			t.Errorf("a link leads to %s, which is not packed", target)
		}
	}
	return seen
}
