package api

import (
	"context"
	"hash"
	"io"
	"net/http"
	"time"
)

// idempotentUpload is idempotent for requests whose body is too large to hold. What
// makes two of them the same is known only once they are read: until then the key
// stands for the rest of the request, and bytes are summed up as they pass.
func (a *API) idempotentUpload(next http.Handler) http.Handler {
	return a.keyed(next, func(w http.ResponseWriter, r *http.Request, key string) error {
		sum := headOf(r)
		request := sum.Sum(nil)
		before, err := a.claim(r.Context(), key, request)
		if err != nil {
			return err
		}
		if before != nil {
			if before.kept != nil {
				if _, err := io.Copy(sum, r.Body); err != nil {
					return unread(err)
				}
				request = sum.Sum(nil)
			}
			return before.repeat(w, request)
		}
		ctx, cancel := outliving(r.Context(), mostPatience)
		defer cancel()
		passing := &summed{ReadCloser: r.Body, sum: sum, said: time.Now(), say: func() { a.stillAnswering(ctx, key) }}
		r = r.WithContext(ctx)
		r.Body = passing
		return a.answerOnce(w, r, next, key, func() []byte {
			if passing.read != r.ContentLength {
				return nil // refused before all of it came, or cut short: it can be tried again
			}
			return sum.Sum(nil)
		})
	})
}

// outliving is a context that ends some time after another. A file that has come as
// a whole is kept, though nobody waits for the answer any more: they will ask again.
func outliving(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		late := time.AfterFunc(by, cancel)
		context.AfterFunc(longer, func() { late.Stop() })
	})
	return longer, func() { stop(); cancel() }
}

// summed is a body that is summed up as it is read. Now and then it says that it
// still comes.
type summed struct {
	io.ReadCloser
	sum  hash.Hash
	read int64
	said time.Time
	say  func()
}

func (s *summed) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.sum.Write(p[:n])
	s.read += int64(n)
	if time.Since(s.said) > abandonedAfter/4 {
		s.say()
		s.said = time.Now()
	}
	return n, err
}

// stillAnswering keeps a request from counting as abandoned.
func (a *API) stillAnswering(ctx context.Context, key string) {
	// Best effort: nothing is lost but that the request may be carried out twice.
	_, _ = a.Pool.Exec(ctx, `update idempotency set created_at = now() where session_id = $1 and key = $2 and status is null`,
		callerOf(ctx).Session.ID, key)
}
