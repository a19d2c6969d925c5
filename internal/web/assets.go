package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	esbuild "github.com/evanw/esbuild/pkg/api"
	"github.com/klauspost/compress/gzip"

	"foyer/static"
)

// assets serves the embedded static files under addresses that hold one hash of
// them all, so that browsers keep them for good and modules import each other by
// relative paths.
type assets struct {
	prefix string // "/static/<hash>/"
	files  map[string]*asset
}

type asset struct {
	contentType string
	source      []byte        // as it is in the repository
	sent        func() []byte // made at the first request
	zipped      func() []byte // the same; nil when not worth it
}

func loadAssets() (*assets, error) {
	a := &assets{files: make(map[string]*asset)}
	sum := sha256.New()
	err := fs.WalkDir(static.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(static.FS, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n", name, len(raw))
		sum.Write(raw)
		a.files[name] = newAsset(name, raw)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("static files: %w", err)
	}
	a.prefix = "/static/" + base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:9]) + "/"
	return a, nil
}

func newAsset(name string, raw []byte) *asset {
	file := &asset{
		contentType: mime.TypeByExtension(path.Ext(name)),
		source:      raw,
		sent:        sync.OnceValue(func() []byte { return withoutComments(name, raw) }),
	}
	switch path.Ext(name) {
	case ".mjs", ".js": // the system's table of types may lack or change these
		file.contentType = "text/javascript; charset=utf-8"
	case ".svg":
		file.contentType = "image/svg+xml"
	case ".png", ".woff2":
		return file
	}
	file.zipped = sync.OnceValue(func() []byte {
		var buffer bytes.Buffer
		z, _ := gzip.NewWriterLevel(&buffer, gzip.BestCompression) // the level is valid
		_, _ = z.Write(file.sent())                                // to memory
		_ = z.Close()
		return buffer.Bytes()
	})
	return file
}

// withoutComments is a script or a style sheet of ours without what only people
// read; other files are as they were. What comments and indents take on the way is a
// third of a page's weight.
func withoutComments(name string, source []byte) []byte {
	languages := map[string]esbuild.Loader{".js": esbuild.LoaderJS, ".css": esbuild.LoaderCSS}
	language, ok := languages[path.Ext(name)]
	if !ok {
		return source
	}
	result := esbuild.Transform(string(source), esbuild.TransformOptions{
		Loader: language, Target: esbuild.ESNext, Charset: esbuild.CharsetUTF8, MinifyWhitespace: true,
	})
	if len(result.Errors) > 0 {
		return source // the browser says where the mistake is
	}
	return result.Code
}

// address is where browsers find a static file.
func (a *assets) address(name string) (string, error) {
	if _, ok := a.files[name]; !ok {
		return "", fmt.Errorf("no static file %q", name)
	}
	return a.prefix + name, nil
}

func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, current := strings.CutPrefix(r.URL.Path, a.prefix)
	if !current {
		// A page from before an upgrade: today's file will do, but not for good.
		_, name, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/static/"), "/")
	}
	file, ok := a.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if current {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		w.Header().Set("Cache-Control", "no-cache")
	}
	file.serve(w, r)
}

func (a *assets) favicon(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=86400")
	a.files["icons/favicon.svg"].serve(w, r)
}

func (file *asset) serve(w http.ResponseWriter, r *http.Request) {
	body := file.sent
	w.Header().Set("Content-Type", file.contentType)
	if file.zipped != nil {
		w.Header().Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			w.Header().Set("Content-Encoding", "gzip")
			body = file.zipped
		}
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(body())))
	_, _ = w.Write(body()) // the client is gone: nobody to tell
}

// imports finds what a module of ours imports statically.
var imports = regexp.MustCompile(`(?m)^(?:import|export)\b[^;]*?from "(\.[^"]+)";`)

// modules returns the addresses of all modules that those of entries import,
// directly or through others, and of entries but the first, which has a script
// element of its own. A page that names them lets the browser fetch them at once
// instead of finding one after the other.
func (a *assets) modules(entries ...string) ([]string, error) {
	found := slices.Clone(entries)
	for i := 0; i < len(found); i++ { // found grows
		file, ok := a.files[found[i]]
		if !ok {
			return nil, fmt.Errorf("no module %q", found[i])
		}
		if !strings.HasPrefix(found[i], "js/") {
			continue // what is vendored stands alone
		}
		for _, match := range imports.FindAllSubmatch(file.source, -1) {
			if name := path.Join(path.Dir(found[i]), string(match[1])); !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
	}
	addresses := found[1:]
	slices.Sort(addresses)
	for i, name := range addresses {
		addresses[i] = a.prefix + name
	}
	return addresses, nil
}
