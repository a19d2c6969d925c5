package mediatest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"foyer/internal/media"
)

// memoryGate is the handler that Memory.Signalling returns.
type memoryGate struct {
	memory *Memory
	ctx    context.Context // of the service, not of a request: its end ends every connection
}

func (g *memoryGate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("access_token")
	if strings.HasSuffix(r.URL.Path, "/validate") {
		_, err := g.memory.check(r.Context(), token)
		answer(w, err)
		return
	}
	c, err := g.memory.Connect(r.Context(), token)
	answer(w, err)
	if err != nil {
		return
	}
	defer c.Leave()
	// An answer that cannot be flushed is not being watched by anyone.
	if http.NewResponseController(w).Flush() != nil {
		return
	}
	select {
	case <-c.Done():
	case <-r.Context().Done():
	case <-g.ctx.Done():
	}
}

// answer writes the status that the real gate gives for err.
func answer(w http.ResponseWriter, err error) {
	status, reason := http.StatusServiceUnavailable, "unavailable"
	var refusal *media.Refusal
	switch {
	case err == nil:
		w.WriteHeader(http.StatusOK)
		io.WriteString(w, "success")
		return
	case errors.As(err, &refusal):
		status, reason = refusal.Status, refusal.Reason
	case errors.Is(err, media.ErrForged):
		status, reason = http.StatusUnauthorized, "token"
	case errors.Is(err, ErrExpired):
		status, reason = http.StatusUnauthorized, "expired"
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, "{\"reason\":%q}\n", reason)
}

// signatureHeader carries the HMAC-SHA256 of a callback's body in hexadecimal.
const signatureHeader = "Memory-Signature"

// maxCallback bounds the body of a callback, in bytes.
const maxCallback = 64 << 10

// Callback returns a genuine callback request that reports e.
func (m *Memory) Callback(e media.Event) *http.Request {
	body, err := json.Marshal(e)
	if err != nil {
		panic(err) // an Event holds nothing that JSON cannot say
	}
	r := httptest.NewRequest(http.MethodPost, "/hooks/memory", bytes.NewReader(body))
	r.Header.Set(signatureHeader, hex.EncodeToString(m.sign(body)))
	return r
}

// Event implements media.Backend.
func (m *Memory) Event(r *http.Request) (media.Event, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxCallback))
	if err != nil {
		return media.Event{}, fmt.Errorf("read callback: %w", err)
	}
	signature, err := hex.DecodeString(r.Header.Get(signatureHeader))
	if err != nil || !hmac.Equal(signature, m.sign(body)) {
		return media.Event{}, media.ErrForged
	}
	var e media.Event
	if err := json.Unmarshal(body, &e); err != nil {
		return media.Event{}, fmt.Errorf("decode callback: %w", err)
	}
	return e, nil
}

func (m *Memory) sign(body []byte) []byte {
	mac := hmac.New(sha256.New, m.hookKey)
	mac.Write(body)
	return mac.Sum(nil)
}
