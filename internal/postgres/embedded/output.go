package embedded

import (
	"bytes"
	"context"
	"log/slog"
	"regexp"
	"strings"
	"sync"
)

// maxLine is how much of one line is kept.
const maxLine = 4096

// serverLine matches a message of the server, as log_line_prefix in settings
// makes it: the kind of process, the severity, the text.
var serverLine = regexp.MustCompile(`^\[([^\]]*)\] ([A-Z0-9]+):  (.*)$`)

// failureLine matches a line that says why a program failed.
var failureLine = regexp.MustCompile(`(?i)\b(?:fatal|panic|error)\b[^:]*: +(.*)$`)

// output reads what a program writes, line by line: it logs the messages and
// remembers the one that tells why the program failed.
type output struct {
	log *slog.Logger

	mu      sync.Mutex
	partial []byte
	failure string // the last message that says so
	last    string // the last line that is not empty
}

// Write takes any part of the program's output.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for rest := p; len(rest) > 0; {
		line, after, found := bytes.Cut(rest, []byte("\n"))
		rest = after
		if room := maxLine - len(o.partial); room > 0 {
			o.partial = append(o.partial, line[:min(len(line), room)]...)
		}
		if found {
			o.line(strings.TrimRight(string(o.partial), " \t\r"))
			o.partial = o.partial[:0]
		}
	}
	return len(p), nil
}

// line takes one line.
func (o *output) line(line string) {
	if line == "" {
		return
	}
	process, severity, text := "", "", line
	if m := serverLine.FindStringSubmatch(line); m != nil {
		process, severity, text = m[1], m[2], m[3]
	}
	switch severity {
	case "DETAIL", "HINT", "CONTEXT", "QUERY", "STATEMENT", "LOCATION":
		// They may quote what is stored. Only in what stopped the server, at
		// its start, are they worth it.
		if process == "postmaster" && o.failure != "" && severity != "LOCATION" {
			o.failure += " (" + text + ")"
		}
		return
	}
	if process == "client backend" && severity != "FATAL" && severity != "PANIC" {
		return // the client was told
	}
	o.last = text
	if m := failureLine.FindStringSubmatch(line); m != nil && severity != "ERROR" {
		o.failure = m[1]
	}
	o.log.Log(context.Background(), level(severity), "postgres message", "process", process, "text", text)
}

// reason returns the line that best says why the program ended, or "".
func (o *output) reason() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failure != "" {
		return o.failure
	}
	return o.last
}

// level maps the severity of a message of the server.
func level(severity string) slog.Level {
	switch severity {
	case "PANIC", "ERROR":
		return slog.LevelError
	case "FATAL", "WARNING":
		return slog.LevelWarn
	}
	return slog.LevelDebug
}
