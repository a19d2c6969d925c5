package api

import (
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/go-chi/httprate"

	"foyer/internal/problem"
)

const (
	// mostRequests is how many requests a token makes in a minute.
	mostRequests = 600
	// mostWrong is how many tokens that open nothing an address tries in one.
	mostWrong = 100
)

// limits bound how much programs ask, on each node.
type limits struct {
	requestsByToken, wrongByAddress *httprate.RateLimiter
}

func newLimits(minute time.Duration) limits {
	quiet := httprate.WithResponseHeaders(httprate.ResponseHeaders{}) // ours are another kind
	return limits{
		requestsByToken: httprate.NewRateLimiter(mostRequests, minute, quiet),
		wrongByAddress:  httprate.NewRateLimiter(mostWrong, minute, quiet),
	}
}

// limited bounds the requests of each token, and says how many it has left, as the
// draft of RateLimit header fields describes
// (draft-ietf-httpapi-ratelimit-headers-10).
func (a *API) limited(next http.Handler) http.Handler {
	return a.plain(func(w http.ResponseWriter, r *http.Request) error {
		key := string(callerOf(r.Context()).Session.ID)
		over := a.limits.requestsByToken.OnLimit(w, r, key)
		_, rate, err := a.limits.requestsByToken.Status(key)
		if err != nil {
			return err
		}
		left := max(0, mostRequests-int(math.Round(rate)))
		seconds := int(a.Minute / time.Second)
		w.Header().Set("RateLimit-Policy", fmt.Sprintf(`"token";q=%d;w=%d`, mostRequests, seconds))
		w.Header().Set("RateLimit", fmt.Sprintf(`"token";r=%d;t=%d`, left, seconds))
		if over {
			return problem.ErrTooMany
		}
		next.ServeHTTP(w, r)
		return nil
	})
}

func (l limits) wrong(r *http.Request, address string) { l.wrongByAddress.OnLimit(nil, r, address) }

func (l limits) tooManyWrong(address string) bool {
	_, rate, err := l.wrongByAddress.Status(address)
	return err != nil || math.Round(rate) >= mostWrong
}
