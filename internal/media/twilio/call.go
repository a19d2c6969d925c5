package twilio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/twilio/twilio-go/client"
	video "github.com/twilio/twilio-go/rest/video/v1"
	"golang.org/x/sync/semaphore"

	"foyer/internal/media"
)

// pace is how patiently requests are made.
type pace struct {
	whole   time.Duration // for a request with all its repetitions
	once    time.Duration // for one attempt
	pause   time.Duration // before the second attempt at most; doubled each time
	longest time.Duration // that Retry-After is followed
	tries   int
}

var defaultPace = pace{whole: 8 * time.Second, once: 4 * time.Second, pause: 400 * time.Millisecond, longest: 5 * time.Second, tries: 4}

// mostRequests bounds how many are under way at once: Twilio answers 429 to an
// account that has too many.
const mostRequests = 16

// line is the way to Twilio that all requests of a backend share.
type line struct {
	api       *url.URL
	pace      pace
	transport *http.Transport
	underWay  *semaphore.Weighted
}

func newLine(api *url.URL) *line {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = mostRequests
	return &line{api: api, pace: defaultPace, transport: transport, underWay: semaphore.NewWeighted(mostRequests)}
}

// call makes a request of the REST service that ends with ctx and is repeated
// when Twilio is busy or broken. Everything that Foyer asks of Twilio may be
// asked twice: rooms are made under a name that only one can have. Errors wrap
// media.ErrUnavailable, and are a refusal where Twilio gave one.
func call[T any](ctx context.Context, b *Backend, what string, do func(*video.ApiService) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, b.line.pace.whole)
	defer cancel()
	api := video.NewApiServiceWithClient(&client.Client{
		Credentials: client.NewCredentials(b.APIKeySID, b.APIKeySecret),
		HTTPClient: &http.Client{
			Transport:     &requester{line: b.line, ctx: ctx},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	})
	result, err := do(api)
	if err != nil {
		return result, fmt.Errorf("twilio: %s: %w", what, b.inWords(err))
	}
	return result, nil
}

// requester carries out the requests of one call. It brings what twilio-go
// leaves out: a context, an address that neither the environment (TWILIO_EDGE,
// TWILIO_REGION) nor an answer's links can change, and repetition.
type requester struct {
	*line
	ctx context.Context // of the call: twilio-go passes none
}

// RoundTrip implements http.RoundTripper.
func (r *requester) RoundTrip(asked *http.Request) (*http.Response, error) {
	if asked.Body != nil {
		defer asked.Body.Close()
	}
	for try := 1; ; try++ {
		answer, err := r.once(asked)
		again, wait := r.again(answer, err, try)
		if !again {
			return answer, err
		}
		select {
		case <-r.ctx.Done():
			return answer, err
		case <-time.After(wait):
		}
	}
}

// mostAnswer bounds an answer, in bytes: a page of a thousand participants.
const mostAnswer = 8 << 20

// once makes one attempt and reads its answer whole.
func (r *requester) once(asked *http.Request) (*http.Response, error) {
	if err := r.underWay.Acquire(r.ctx, 1); err != nil {
		return nil, err
	}
	defer r.underWay.Release(1)
	ctx, cancel := context.WithTimeout(r.ctx, r.pace.once)
	defer cancel()
	request := asked.Clone(ctx)
	request.URL.Scheme, request.URL.Host, request.Host = r.api.Scheme, r.api.Host, ""
	if asked.GetBody != nil {
		body, err := asked.GetBody()
		if err != nil {
			return nil, err
		}
		request.Body = body
	}
	answer, err := r.transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer))
	if err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(raw))
	return answer, nil
}

// again says whether to make another attempt, and after how long: what Twilio asks
// for, if there is time for that, and a random time more, so that those who were
// refused together do not come back together.
func (r *requester) again(answer *http.Response, err error, try int) (bool, time.Duration) {
	if try >= r.pace.tries || r.ctx.Err() != nil {
		return false, 0
	}
	if err == nil && answer.StatusCode != http.StatusTooManyRequests && answer.StatusCode < http.StatusInternalServerError {
		return false, 0
	}
	wait := rand.N(r.pace.pause << (try - 1))
	if err == nil {
		wait += retryAfter(answer.Header.Get("Retry-After"))
	}
	if end, ok := r.ctx.Deadline(); wait > r.pace.longest || ok && time.Until(end) <= wait {
		return false, 0
	}
	return true, wait
}

// retryAfter reads the header of that name: seconds or a date (RFC 9110,
// section 10.2.3). It is 0 for what has passed or is neither.
func retryAfter(text string) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(date))
	}
	return 0
}

// Codes of Twilio's errors.
const (
	notFound       = 20404
	authentication = 20003
	usernameChars  = 21222 // twilio-go's own, before it asks
	passwordChars  = 21224
	statusInvalid  = 53112 // also for what has ended already
	roomExists     = 53113
)

// refusal is a no from Twilio.
type refusal struct{ *client.TwilioRestError }

func isRefusal(err error, code int) bool {
	var no refusal
	return errors.As(err, &no) && no.Code == code
}

// unless returns err, or nil when it is a refusal with one of the codes.
func unless(err error, codes ...int) error {
	for _, code := range codes {
		if isRefusal(err, code) {
			return nil
		}
	}
	return err
}

// inWords makes of twilio-go's error one that the media package knows. The
// library's errors hold what Twilio said, never a credential.
func (b *Backend) inWords(err error) error {
	var said *client.TwilioRestError
	if !errors.As(err, &said) {
		return fmt.Errorf("%w: %w", media.ErrUnavailable, err)
	}
	switch {
	case said.Code == authentication, said.Status == http.StatusUnauthorized:
		return &media.Misconfigured{Advice: "Twilio does not accept the API key: check TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET."}
	case said.Code == usernameChars:
		return &media.Misconfigured{Advice: keySIDShape}
	case said.Code == passwordChars:
		return &media.Misconfigured{Advice: secretShape}
	case said.Status == http.StatusForbidden:
		return &media.Misconfigured{Advice: "Twilio does not let the API key use Programmable Video: check the account and the key's permissions in Twilio's console."}
	case said.Status == http.StatusTooManyRequests, said.Status >= http.StatusInternalServerError:
		return fmt.Errorf("%w: %w", media.ErrUnavailable, refusal{said})
	}
	return refusal{said}
}
