package web

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode"

	"foyer/internal/account"
	"foyer/internal/room"
	"foyer/internal/words"
	"foyer/templates"
)

type (
	viewerKey struct{}
	guestKey  struct{}
)

// withViewer remembers who is looking, for the page's header.
func withViewer(r *http.Request, user account.User) *http.Request {
	viewer := &Viewer{Username: user.Username, DisplayName: user.DisplayName, Administrator: user.Administrator}
	return r.WithContext(context.WithValue(r.Context(), viewerKey{}, viewer))
}

// withVisitor is withViewer for somebody who visits a room, a guest perhaps.
func withVisitor(r *http.Request, v room.Visit) *http.Request {
	if v.Person.Guest == "" {
		return withViewer(r, v.Session.User)
	}
	guest := &GuestViewer{Slug: v.Room.Slug, DisplayName: v.DisplayName}
	return r.WithContext(context.WithValue(r.Context(), guestKey{}, guest))
}

// base is what every page has. The viewer is whoever an earlier step found to
// be signed in.
func (s *Server) base(r *http.Request, title string) Page {
	viewer, _ := r.Context().Value(viewerKey{}).(*Viewer)
	guest, _ := r.Context().Value(guestKey{}).(*GuestViewer)
	return Page{Title: title, Viewer: viewer, Guest: guest}
}

// look is how the pages look: what the program has with it, the same for all its
// servers and read once.
type look struct {
	templates map[string]*template.Template
	assets    *assets
}

var readLook = sync.OnceValues(func() (look, error) {
	assets, err := loadAssets()
	if err != nil {
		return look{}, err
	}
	templates, err := parseTemplates(assets)
	return look{templates, assets}, err
})

// parseTemplates returns the pages by name: each the layout, the partials and
// the page's own file.
func parseTemplates(assets *assets) (map[string]*template.Template, error) {
	shared := template.New("").Funcs(template.FuncMap{
		"asset":    assets.address,
		"modules":  assets.modules,
		"t":        words.Text,
		"language": words.Tag.String,
		"initials": initials,
		"hue":      hue,
		"dict":     dict,
		"ago":      func(t time.Time) string { return ago(time.Since(t)) },
		"role":     func(role string) string { return words.Text("role." + role) },
	})
	shared, err := shared.ParseFS(templates.FS, "layout.html", "_*.html")
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	files, err := fs.Glob(templates.FS, "[a-z]*.html")
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	pages := make(map[string]*template.Template)
	for _, file := range files {
		if file == "layout.html" {
			continue
		}
		page, err := template.Must(shared.Clone()).ParseFS(templates.FS, file)
		if err != nil {
			return nil, fmt.Errorf("templates: %w", err)
		}
		pages[strings.TrimSuffix(file, ".html")] = page
	}
	return pages, nil
}

// render writes a page; nothing of it when its template fails.
func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, name string, page any) {
	var buffer bytes.Buffer
	if err := s.templates[name].ExecuteTemplate(&buffer, "layout", page); err != nil {
		s.Log.Error("page not rendered", "page", name, "error", err)
		http.Error(w, words.Text("page.this_page_could_not_be"), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	switch {
	case r.Context().Value(viewerKey{}) != nil || r.Context().Value(guestKey{}) != nil:
		h.Set("Cache-Control", "no-store") // it shows somebody's things, who may be gone the next time
	case h.Get("Cache-Control") == "":
		h.Set("Cache-Control", "no-cache, private")
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(buffer.Bytes()) // the client is gone: nobody to tell
	}
}

// initials of a name: of its first and last word.
func initials(name string) string {
	parts := strings.Fields(name)
	if len(parts) == 0 {
		return "?"
	}
	if len(parts) > 1 {
		parts = []string{parts[0], parts[len(parts)-1]}
	}
	var out []rune
	for _, part := range parts {
		out = append(out, unicode.ToUpper([]rune(part)[0]))
	}
	return string(out)
}

// hue picks one of twelve colours for a name, always the same. The script draws
// it alike: FNV-1a of the UTF-8 bytes, 32 bits.
func hue(name string) int {
	const hues = 12
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(name))
	return int(sum.Sum32() % hues)
}

// ago says in words how long something is past.
func ago(past time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case past < time.Minute:
		return words.Text("unit.just_now")
	case past < time.Hour:
		return words.Text("unit.minutes_ago", "count", int(past/time.Minute))
	case past < day:
		return words.Text("unit.hours_ago", "count", int(past/time.Hour))
	}
	return words.Text("unit.days_ago", "count", int(past/day))
}

// dict makes a map of alternating keys and values, to hand a partial several.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict of %d values", len(pairs))
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict key is %T", pairs[i])
		}
		m[key] = pairs[i+1]
	}
	return m, nil
}
