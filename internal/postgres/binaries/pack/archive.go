package main

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// programs are the executables that Foyer runs.
var programs = []string{"initdb", "postgres"}

// modules are the loadable modules that are packed: what every database
// needs, and the extensions that an application or its operator may want.
// Left out are other procedural languages, foreign data, replication, and
// conversions between encodings, as both sides always speak UTF-8.
var modules = []string{
	"dict_snowball", "plpgsql",
	"amcheck", "auto_explain", "btree_gin", "btree_gist", "citext", "fuzzystrmatch",
	"hstore", "ltree", "pageinspect", "pg_buffercache", "pg_prewarm",
	"pg_stat_statements", "pg_trgm", "pg_visibility", "pgcrypto", "pgrowlocks",
	"pgstattuple", "tablefunc", "unaccent",
}

// unusedLibraries begin the names of shared libraries that serve only
// programs and modules left out.
var unusedLibraries = []string{"libecpg", "libpgtypes", "libossp-uuid", "libxslt"}

// writeArchive writes those files below native, the folder that the npm
// package ships, that Foyer needs. The same files make the same bytes: names
// are sorted, and owners, times and umasks do not appear.
func writeArchive(w io.Writer, native string) error {
	entries, err := collect(native)
	if err != nil {
		return err
	}
	tw := tar.NewWriter(w)
	for _, e := range entries {
		if err := e.write(tw, native); err != nil {
			return fmt.Errorf("pack %s: %w", e.name, err)
		}
	}
	return tw.Close()
}

// entry is one directory, file or link of the archive.
type entry struct {
	name string // slash-separated, relative to native
	mode fs.FileMode
	link string // target of a symbolic link
}

// collect lists the entries of the archive in order.
func collect(native string) ([]entry, error) {
	var entries []entry
	err := fs.WalkDir(os.DirFS(native), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		case d.IsDir() && !wantedDir(name):
			return fs.SkipDir
		case d.IsDir():
			entries = append(entries, entry{name: name, mode: fs.ModeDir | 0o755})
		case d.Type().IsRegular() && wantedFile(name):
			mode := fs.FileMode(0o644)
			if path.Dir(name) == "bin" {
				mode = 0o755
			}
			entries = append(entries, entry{name: name, mode: mode})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	links, err := collectLinks(native)
	if err != nil {
		return nil, err
	}
	entries = append(entries, links...)
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return entries, nil
}

// wantedDir reports whether anything below the directory may be packed.
func wantedDir(name string) bool {
	switch name {
	case "bin", "lib", "lib/postgresql", "share":
		return true
	}
	return strings.HasPrefix(name, "share/")
}

// wantedFile reports whether the file, or the link of that name, is packed.
func wantedFile(name string) bool {
	base := path.Base(name)
	switch path.Dir(name) {
	case "bin":
		return slices.Contains(programs, base)
	case "lib":
		return isSharedLibrary(base)
	case "lib/postgresql":
		return slices.Contains(modules, stem(base))
	case "share/postgresql/extension":
		// citext.control, citext--1.6.sql, and so on.
		name, _, _ := strings.Cut(stem(base), "--")
		return slices.Contains(modules, name)
	}
	return strings.HasPrefix(name, "share/") && !strings.HasSuffix(name, "psqlrc.sample")
}

// isSharedLibrary reports whether the dynamic linker may ask for this name:
// a library with its version on Linux, any of them on macOS.
func isSharedLibrary(base string) bool {
	for _, prefix := range unusedLibraries {
		if strings.HasPrefix(base, prefix) {
			return false
		}
	}
	return strings.Contains(base, ".so.") || strings.HasSuffix(base, ".dylib")
}

// stem is base without its last extension.
func stem(base string) string {
	return strings.TrimSuffix(base, path.Ext(base))
}

// collectLinks lists the symbolic links of the package. npm packages cannot
// contain links, so this one lists them in a file and makes them in its
// install script, which need not have run: links in the folder are not read.
func collectLinks(native string) ([]entry, error) {
	data, err := os.ReadFile(filepath.Join(native, "pg-symlinks.json"))
	if err != nil {
		return nil, err
	}
	var links []struct {
		Source string `json:"source"` // an existing file, such as native/lib/libpq.so.5.18
		Target string `json:"target"` // the link to it, such as native/lib/libpq.so.5
	}
	if err := json.Unmarshal(data, &links); err != nil {
		return nil, fmt.Errorf("read pg-symlinks.json: %w", err)
	}
	var entries []entry
	for _, l := range links {
		source, target := strings.TrimPrefix(l.Source, "native/"), strings.TrimPrefix(l.Target, "native/")
		if path.Dir(source) != path.Dir(target) {
			return nil, fmt.Errorf("pg-symlinks.json: %s and %s are in different folders", l.Source, l.Target)
		}
		if wantedFile(target) {
			entries = append(entries, entry{name: target, mode: fs.ModeSymlink | 0o777, link: path.Base(source)})
		}
	}
	return entries, nil
}

// write adds the entry to tw, with the content of the file below native.
func (e entry) write(tw *tar.Writer, native string) error {
	h := &tar.Header{Name: e.name, Mode: int64(e.mode.Perm()), Format: tar.FormatPAX}
	switch {
	case e.mode.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, e.name+"/"
		return tw.WriteHeader(h)
	case e.link != "":
		h.Typeflag, h.Linkname = tar.TypeSymlink, e.link
		return tw.WriteHeader(h)
	}
	content, err := os.ReadFile(filepath.Join(native, filepath.FromSlash(e.name)))
	if err != nil {
		return err
	}
	h.Typeflag, h.Size = tar.TypeReg, int64(len(content))
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	_, err = tw.Write(content)
	return err
}
