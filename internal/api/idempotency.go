package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/problem"
	"foyer/internal/words"
)

const idempotencyHeader = "Idempotency-Key"

// idempotencyKey describes the header on every operation that makes something.
var idempotencyKey = &huma.Param{
	Name: idempotencyHeader, In: "header",
	Description: "A text of your choice, a random one best. The same request that comes again with the same key within 24 hours is not carried out again: it gets the same answer.",
	Schema:      &huma.Schema{Type: huma.TypeString, MinLength: new(1), MaxLength: new(255)},
}

var (
	// errOtherRequest refuses a key that came with another request before.
	errOtherRequest = errors.New("api: the key belongs to another request")
	// errBeingAnswered refuses a request while the same is being answered.
	errBeingAnswered = errors.New("api: the same request is being answered")
)

// mostPatience is how long a request with a key may take.
const mostPatience = time.Minute

// abandonedAfter is when a request whose answer never came counts as not made: no
// request takes so long, unless it says that it does.
const abandonedAfter = 2 * time.Minute

// idempotent carries out a request with a key once, and answers it the same way
// when it comes again. What failed by our fault, or was too much, can be tried
// again.
func (a *API) idempotent(next http.Handler) http.Handler {
	return a.keyed(next, func(w http.ResponseWriter, r *http.Request, key string) error {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return unread(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(raw))
		sum := headOf(r)
		sum.Write(raw)
		request := sum.Sum(nil)
		before, err := a.claim(r.Context(), key, request)
		if err != nil {
			return err
		}
		if before != nil {
			return before.repeat(w, request)
		}
		// Also when nobody waits for the answer any more: they will ask again, and it must
		// not be half done.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), mostPatience)
		defer cancel()
		return a.answerOnce(w, r.WithContext(ctx), next, key, func() []byte { return request })
	})
}

// keyed has requests with a key answered by once, all others by next.
func (a *API) keyed(next http.Handler, once func(w http.ResponseWriter, r *http.Request, key string) error) http.Handler {
	return a.plain(func(w http.ResponseWriter, r *http.Request) error {
		key := r.Header.Get(idempotencyHeader)
		if key == "" || r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return nil
		}
		if len(key) > 255 || input.Searchable(key) != key {
			return input.Invalid{"header." + idempotencyHeader: words.Text("api.bad_key")}
		}
		return once(w, r, key)
	})
}

// unread is the error of a body that could not be read.
func unread(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return problem.ErrBody
}

// headOf begins to sum up what makes two requests the same: all but their bodies.
func headOf(r *http.Request) hash.Hash {
	sum := sha256.New()
	for _, part := range []string{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Get("Content-Type")} {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return sum
}

// kept is an answer that was given.
type kept struct {
	status int
	header map[string]string
	body   string
}

func (k kept) write(w http.ResponseWriter) {
	for name, value := range k.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(k.status)
	_, _ = io.WriteString(w, k.body) // the client is gone: nobody to tell
}

// earlier is a request that came with a key before.
type earlier struct {
	request []byte
	kept    *kept // nil: it is being answered
}

// repeat answers a request that comes with the key of an earlier one.
func (e *earlier) repeat(w http.ResponseWriter, request []byte) error {
	switch {
	case !bytes.Equal(e.request, request):
		return errOtherRequest
	case e.kept == nil:
		return errBeingAnswered
	}
	e.kept.write(w)
	return nil
}

// claim makes a key the caller's to answer, or returns the request that has it.
func (a *API) claim(ctx context.Context, key string, request []byte) (*earlier, error) {
	token := callerOf(ctx).Session.ID
	tag, err := a.Pool.Exec(ctx, `
		insert into idempotency (session_id, key, request) values ($1, $2, $3)
		on conflict (session_id, key) do update set request = excluded.request, created_at = now(), status = null, headers = '{}', body = null
		where idempotency.created_at < now() - $4::interval or idempotency.status is null and idempotency.created_at < now() - $5::interval`,
		token, key, request, keepAnswers, abandonedAfter)
	if err != nil {
		return nil, fmt.Errorf("claim idempotency key: %w", err)
	}
	if tag.RowsAffected() == 1 {
		return nil, nil
	}
	var e earlier
	var status *int
	var k kept
	var sealed []byte
	err = a.Pool.QueryRow(ctx, `select request, status, headers, body from idempotency where session_id = $1 and key = $2`, token, key).
		Scan(&e.request, &status, &k.header, &sealed)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, errBeingAnswered // and just now it failed
	case err != nil:
		return nil, fmt.Errorf("kept answer: %w", err)
	case status == nil:
		return &e, nil
	}
	k.status, e.kept = *status, &k
	k.body, err = a.seal.Open(string(token)+key, sealed)
	return &e, err
}

// answerOnce answers a request and keeps the answer, for requests that are the
// same: request says afterwards what that is, or nil when it cannot be said.
func (a *API) answerOnce(w http.ResponseWriter, r *http.Request, next http.Handler, key string, request func() []byte) error {
	token := callerOf(r.Context()).Session.ID
	answer := &recorder{ResponseWriter: w, status: http.StatusOK}
	finished := false
	defer func() {
		if !finished {
			_ = a.release(context.WithoutCancel(r.Context()), token, key) // else it is, after a while
		}
	}()
	next.ServeHTTP(answer, r)
	same := request()
	if answer.status >= http.StatusInternalServerError || answer.status == http.StatusTooManyRequests || same == nil {
		return nil
	}
	header := make(map[string]string)
	for _, name := range []string{"Content-Type", "Location"} {
		if value := w.Header().Get(name); value != "" {
			header[name] = value
		}
	}
	_, err := a.Pool.Exec(r.Context(), `
		update idempotency set request = $3, status = $4, headers = $5, body = $6 where session_id = $1 and key = $2`,
		token, key, same, answer.status, header, a.seal.Close(string(token)+key, answer.body.String()))
	if err != nil {
		a.Log.Error("answer not kept: the same request would be carried out again", "error", err)
	}
	finished = err == nil
	return nil
}

func (a *API) release(ctx context.Context, token account.SessionID, key string) error {
	_, err := a.Pool.Exec(ctx, `delete from idempotency where session_id = $1 and key = $2 and status is null`, token, key)
	return err
}

// recorder copies what is answered.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.body.Write(p)
	return r.ResponseWriter.Write(p)
}

// Unwrap lets deadlines be set.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// forget deletes answers that are old.
func (a *API) forget(ctx context.Context) error {
	if _, err := a.Pool.Exec(ctx, `delete from idempotency where created_at < now() - $1::interval`, keepAnswers); err != nil {
		return fmt.Errorf("forget answers: %w", err)
	}
	return nil
}
