package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"foyer/internal/chat"
	"foyer/internal/room"
)

// sendFile has somebody who logged in send a file into a room.
func (h *house) sendFile(who string, r room.Room, name, content string) (chat.ID, chat.FileID) {
	h.Helper()
	var uploaded chat.File
	h.answered(h.do(who, http.MethodPost, "/r/"+r.Slug+"/files?name="+name, "application/octet-stream", content), &uploaded)
	var sent chat.Message
	h.answered(h.postJSON(who, "/r/"+r.Slug+"/messages", `{"id": "`+uuid.NewString()+`", "files": ["`+string(uploaded.ID)+`"]}`), &sent)
	return sent.ID, uploaded.ID
}

// answered reads an answer that must be 200.
func (h *house) answered(a answer, into any) {
	h.Helper()
	if a.status != http.StatusOK {
		h.Fatalf("got %d: %s", a.status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), into); err != nil {
		h.Fatal(err)
	}
}

// What somebody uploads is never anything that runs here, whatever it is called.
func TestFilesAreNoActiveContent(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "eve")
	r := h.room("private", nil, "owner")
	const png = "\x89PNG\r\n\x1a\n"
	for _, test := range []struct{ name, content, kind, disposition string }{
		{"page.html", "<script>alert(1)</script>", "application/octet-stream", "attachment; filename=page.html"},
		{"drawing.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, "application/octet-stream", "attachment; filename=drawing.svg"},
		{"page.png", "<script>alert(1)</script>", "application/octet-stream", "attachment; filename=page.png"},
		{"script.mjs", "alert(1)", "application/octet-stream", "attachment; filename=script.mjs"},
		{"report.pdf", "%PDF-1.7", "application/octet-stream", "attachment; filename=report.pdf"},
		{"cat.html", png, "image/png", "inline; filename=cat.html"},
		{"%C3%A4%22%0D%0AX.png", png, "image/png", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if strings.Contains(test.name, "%0D") {
				a := h.do("owner", http.MethodPost, "/r/"+r.Slug+"/files?name="+test.name, "application/octet-stream", test.content)
				if a.status == http.StatusOK && strings.ContainsAny(a.body, "\r\n") {
					t.Errorf("a name with a line's end: %d %s", a.status, a.body)
				}
				return
			}
			_, file := h.sendFile("owner", r, test.name, test.content)
			path := "/r/" + r.Slug + "/files/" + string(file)
			got := h.get("owner", path)
			for header, want := range map[string]string{
				"Content-Type": test.kind, "Content-Disposition": test.disposition, "X-Content-Type-Options": "nosniff",
				"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-cache",
				"Cross-Origin-Resource-Policy": "same-origin",
			} {
				if len(got.header.Values(header)) != 1 || got.header.Get(header) != want {
					t.Errorf("%s: got %q, want %q", header, got.header.Values(header), want)
				}
			}
			if got.body != test.content {
				t.Errorf("got %q", got.body)
			}
			// What a browser has kept is asked for again, and refused once it may not.
			etag := func(r *http.Request) { r.Header.Set("If-None-Match", got.header.Get("ETag")) }
			if again := h.do("owner", http.MethodGet, path, "", "", etag); again.status != http.StatusNotModified {
				t.Errorf("again: %d", again.status)
			}
			if hidden := h.do("eve", http.MethodGet, path, "", "", etag); hidden.status != http.StatusNotFound {
				t.Errorf("to a stranger: %d", hidden.status)
			}
			part := h.do("owner", http.MethodGet, path, "", "", func(r *http.Request) { r.Header.Set("Range", "bytes=1-2") })
			if part.status != http.StatusPartialContent || part.body != test.content[1:3] {
				t.Errorf("a part: %d %q", part.status, part.body)
			}
		})
	}
}

func TestUploadsAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner")
	r := h.room("private", nil, "owner")
	path := "/r/" + r.Slug + "/files"
	chunked := func(r *http.Request) { r.ContentLength = -1 }
	for _, test := range []struct {
		name, query, kind, body string
		edit                    func(*http.Request)
		want                    int
	}{
		{"too large", "?name=a.txt", "application/octet-stream", strings.Repeat("x", 1<<20+1), nil, 422},
		{"as a form of another site could", "?name=a.txt", "text/plain", "x", nil, 415},
		{"from another site", "?name=a.txt", "application/octet-stream", "x", func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 403},
		{"of unknown length", "?name=a.txt", "application/octet-stream", "x", chunked, 422},
		{"without a name", "", "application/octet-stream", "x", nil, 422},
		{"a program", "?name=a.exe", "application/octet-stream", "x", nil, 422},
	} {
		t.Run(test.name, func(t *testing.T) {
			edit := test.edit
			if edit == nil {
				edit = func(*http.Request) {}
			}
			if got := h.do("owner", http.MethodPost, path+test.query, test.kind, test.body, edit); got.status != test.want {
				t.Errorf("got %d %s, want %d", got.status, got.body, test.want)
			}
		})
	}
}

func TestMessagesAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner")
	r := h.room("private", nil, "owner")
	for i := range 301 {
		got := h.postJSON("owner", "/r/"+r.Slug+"/messages", `{"id": "`+uuid.NewString()+`", "text": "Hello"}`)
		if want := map[bool]int{false: 200, true: 429}[i == 300]; got.status != want {
			t.Fatalf("message %d: %d, want %d", i, got.status, want)
		}
	}
}
