// Package logtest is a log that tests read while it is written.
package logtest

import (
	"strings"
	"sync"
)

// Lines is what was logged so far. It is for several goroutines.
type Lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *Lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *Lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
