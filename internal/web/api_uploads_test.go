package web_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"foyer/internal/account"
	"foyer/internal/room"
)

// keyedUpload is a request that uploads a file with a key.
func keyedUpload(key string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Content-Type", "application/octet-stream")
		r.Header.Set("Idempotency-Key", key)
	}
}

// A file that is sent again with its key is there once.
func TestAPIUploadsOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.room("private", map[string]room.Role{}, "ana")
	token := h.apiToken("ana")
	path := "/rooms/" + r.Slug + "/files?name=note.txt"
	files := func(want int) {
		t.Helper()
		var got int
		h.row(&got, `select count(*) from files where stored_at is not null and gone_at is null`)
		if got != want {
			t.Errorf("%d files, want %d", got, want)
		}
	}
	content := strings.Repeat("Hello. ", 50_000)
	upload := func(path, key, content string) programAnswer {
		t.Helper()
		return h.program(token, "POST", path, content, keyedUpload(key))
	}
	first := upload(path, "a", content)
	again := upload(path, "a", content)
	if first.status != http.StatusCreated || again.status != first.status || again.body != first.body || again.header.Get("Location") != first.header.Get("Location") {
		t.Errorf("again: %d %s, first %d %s", again.status, again.body, first.status, first.body)
	}
	files(1)
	for name, other := range map[string]programAnswer{
		"other bytes":    upload(path, "a", strings.Replace(content, "Hello", "Hallo", 1)),
		"fewer bytes":    upload(path, "a", content[:1000]),
		"another name":   upload("/rooms/"+r.Slug+"/files?name=other.txt", "a", content),
		"no file at all": h.program(token, "POST", "/rooms", `{"name": "Team"}`, func(r *http.Request) { r.Header.Set("Idempotency-Key", "a") }),
	} {
		if other.status != http.StatusUnprocessableEntity || other.reason != "idempotency_key" {
			t.Errorf("%s: %d %s", name, other.status, other.reason)
		}
	}
	if bare := h.program(token, "POST", path, content, keyedUpload("b"), func(r *http.Request) { r.Header.Del("Idempotency-Key") }); bare.status != http.StatusCreated {
		t.Errorf("without a key: %d", bare.status)
	}
	files(2)
	if refused, same := upload(path, "c", "MZ is how programs begin"), upload(path, "c", "MZ is how programs begin"); refused.status != http.StatusUnprocessableEntity || same.body != refused.body {
		t.Errorf("a program: %d %s, then %d %s", refused.status, refused.body, same.status, same.body)
	}
	files(2)

	// While it comes.
	from, to := io.Pipe()
	slow := make(chan *http.Response)
	go func() { slow <- h.uploading(t.Context(), path, "d", len(content), from, token) }()
	_, _ = io.WriteString(to, content[:100_000])
	h.waitFor("the key is taken", func() (yes bool) {
		h.row(&yes, `select exists (select from idempotency where key = 'd')`)
		return yes
	})
	if busy := upload(path, "d", content); busy.status != http.StatusConflict || busy.header.Get("Retry-After") == "" {
		t.Errorf("while it comes: %d %s", busy.status, busy.reason)
	}
	_, _ = io.WriteString(to, content[100_000:])
	_ = to.Close()
	response := <-slow
	raw, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if done := upload(path, "d", content); response.StatusCode != http.StatusCreated || done.body != string(raw) {
		t.Errorf("at last %d %s, again %s", response.StatusCode, raw, done.body)
	}
	files(3)

	// Cut short: not carried out, and can be.
	ctx, cut := context.WithCancel(t.Context())
	from, to = io.Pipe()
	go func() { _ = h.uploading(ctx, path, "e", len(content), from, token) }()
	_, _ = io.WriteString(to, content[:100_000])
	h.waitFor("the key is taken", func() (yes bool) {
		h.row(&yes, `select exists (select from idempotency where key = 'e')`)
		return yes
	})
	cut()
	_ = to.Close()
	h.waitFor("the key is free", func() (yes bool) {
		h.row(&yes, `select not exists (select from idempotency where key = 'e')`)
		return yes
	})
	if late := upload(path, "e", content); late.status != http.StatusCreated {
		t.Errorf("after it was cut short: %d %s", late.status, late.body)
	}
	files(4)

	// Many at once.
	var sending sync.WaitGroup
	for range 6 {
		sending.Go(func() {
			if got := upload(path, "rush", content); got.status != http.StatusCreated && got.status != http.StatusConflict {
				t.Errorf("in a rush: %d %s", got.status, got.reason)
			}
		})
	}
	sending.Wait()
	files(5)
}

// uploading sends a file as it is read; nil when it was cut short.
func (h *house) uploading(ctx context.Context, path, key string, size int, from io.Reader, token account.Token) *http.Response {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+"/api/v1"+path, from)
	if err != nil {
		panic(err) // an address of ours
	}
	request.ContentLength = int64(size)
	carrying(token)(request)
	keyedUpload(key)(request)
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil
	}
	return response
}
