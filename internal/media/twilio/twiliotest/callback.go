package twiliotest

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what Twilio signs with
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// callbacks delivers status callbacks in order, one after the other.
type callbacks struct {
	authToken string
	client    http.Client
	ctx       context.Context
	cancel    context.CancelFunc
	running   sync.WaitGroup

	mu      sync.Mutex
	waiting []*http.Request
	answers []int // HTTP statuses; 0 where nobody answered
	added   chan struct{}
	held    bool
}

func (c *callbacks) start(account Account) {
	c.authToken, c.added = account.AuthToken, make(chan struct{}, 1)
	c.client = http.Client{Timeout: time.Minute, Transport: account.Transport}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.running.Go(c.deliver)
}

func (c *callbacks) stop() {
	c.cancel()
	c.running.Wait()
}

func (c *callbacks) queue(method, address string, fields map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, Callback(c.authToken, method, address, fields))
	c.wake()
}

func (c *callbacks) wake() {
	select {
	case c.added <- struct{}{}:
	default:
	}
}

func (c *callbacks) deliver() {
	for {
		c.mu.Lock()
		var next *http.Request
		if len(c.waiting) > 0 && !c.held {
			next, c.waiting = c.waiting[0], c.waiting[1:]
		}
		c.mu.Unlock()
		if next != nil {
			// Twilio does not deliver a room's callback again when it fails.
			status := 0
			if answer, err := c.client.Do(next.WithContext(c.ctx)); err == nil {
				answer.Body.Close()
				status = answer.StatusCode
			}
			c.mu.Lock()
			c.answers = append(c.answers, status)
			c.mu.Unlock()
			continue
		}
		select {
		case <-c.ctx.Done():
			return
		case <-c.added:
		}
	}
}

// CallbackAnswers lists the HTTP statuses that status callbacks got so far, 0 where
// nobody answered.
func (s *Service) CallbackAnswers() []int {
	s.callbacks.mu.Lock()
	defer s.callbacks.mu.Unlock()
	return slices.Clone(s.callbacks.answers)
}

// HoldCallbacks stops the delivery of status callbacks, or lets those that
// waited go.
func (s *Service) HoldCallbacks(hold bool) {
	s.callbacks.mu.Lock()
	defer s.callbacks.mu.Unlock()
	s.callbacks.held = hold
	s.callbacks.wake()
}

// Callback returns a status callback as Twilio sends it to an address: signed
// over the address and, for POST, the fields in order of their names.
func Callback(authToken, method, address string, fields map[string]string) *http.Request {
	values := url.Values{}
	for name, value := range fields {
		values.Set(name, value)
	}
	signed := address
	if method == http.MethodGet {
		signed += "?" + values.Encode()
		address = signed
	} else {
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			signed += name + fields[name]
		}
	}
	mac := hmac.New(sha1.New, []byte(authToken))
	mac.Write([]byte(signed))
	request, err := http.NewRequest(method, address, strings.NewReader(values.Encode()))
	if err != nil {
		panic(err) // create refused addresses that are none
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	request.Header.Set("User-Agent", "TwilioProxy/1.1")
	return request
}
