package sfu

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
)

// levelOfInfo is the level at which what the SFU calls information is passed
// on: it has several lines to say about every join.
const levelOfInfo = slog.LevelDebug

// maxLog is the size at which the child's log is cut, in bytes. All of it has
// been passed on by then.
const maxLog = 4 << 20

// tail passes what the child wrote to its log file on to a logger. A file
// rather than a pipe, so that a child outlives its reader and is adopted by the
// next. One goroutine at a time may use a tail.
type tail struct {
	path   string
	log    *slog.Logger
	offset int64
}

// skip passes over what is in the file already.
func (t *tail) skip() {
	if info, err := os.Stat(t.path); err == nil {
		t.offset = info.Size()
	}
}

// restart begins with the first line of a new file.
func (t *tail) restart() { t.offset = 0 }

// read passes on the lines that were added, and returns the last of them.
func (t *tail) read() (last string) {
	f, err := os.OpenFile(t.path, os.O_RDWR, 0)
	if err != nil {
		return ""
	}
	defer f.Close()
	data, err := io.ReadAll(io.NewSectionReader(f, t.offset, maxLog))
	if err != nil {
		return ""
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	for line := range bytes.Lines(data[:whole]) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			last = t.pass(line)
		}
	}
	t.offset += int64(whole)
	if t.offset >= maxLog {
		// The child appends, so it goes on at the new end. What it writes
		// between the read and the cut is lost: its log is a help, not a record.
		if f.Truncate(0) == nil {
			t.offset = 0
		}
	}
	return last
}

// pass hands one line on and returns what it says.
func (t *tail) pass(line []byte) string {
	var fields map[string]any
	if json.Unmarshal(line, &fields) != nil {
		// The runtime's account of a crash, or something else unforeseen.
		t.log.Warn("media server output", "line", string(line))
		return string(line)
	}
	level := slog.LevelInfo
	if text, ok := fields[slog.LevelKey].(string); ok && level.UnmarshalText([]byte(text)) != nil {
		level = slog.LevelWarn
	}
	if level == slog.LevelInfo {
		level = levelOfInfo
	}
	// Its libraries call it an error when a connection goes away. What an
	// operator must act upon, the supervisor says itself.
	level = min(level, slog.LevelWarn)
	said, _ := fields[slog.MessageKey].(string)
	attrs := make([]slog.Attr, 0, len(fields)+1)
	attrs = append(attrs, slog.String("said", said))
	for key, value := range fields {
		switch key {
		case slog.TimeKey, slog.LevelKey, slog.MessageKey:
		default:
			attrs = append(attrs, slog.Any(key, value))
		}
	}
	t.log.LogAttrs(context.Background(), level, "media server", attrs...)
	if problem, ok := fields["error"].(string); ok {
		return said + ": " + problem
	}
	return said
}
