package server

import (
	"io"
	stdlog "log"
	"log/slog"
	"regexp"

	"github.com/go-logr/logr"
	"github.com/livekit/protocol/logger"
)

// newLog returns a log of JSON lines. It holds warnings and errors, and
// information when verbose. Credentials are cut out of it.
func newLog(output io.Writer, verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(redactor{output}, &slog.HandlerOptions{Level: level}))
}

// useLog has everything in this process that logs do so through log.
func useLog(log *slog.Logger) {
	slog.SetDefault(log)
	stdlog.SetFlags(0)
	logger.SetLogger(logger.LogRLogger(logr.FromSlogHandler(log.Handler())), "sfu")
}

// redactor cuts out of each write what must not be kept. LiveKit logs a token
// that it refuses, and the SDP and addresses of joins.
type redactor struct{ w io.Writer }

// secret matches JSON Web Tokens, and queries of the signalling path.
var secret = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*|(access_token|join_request)=[^\s"&\\]*`)

func (r redactor) Write(line []byte) (int, error) {
	clean := line
	if secret.Match(line) {
		clean = secret.ReplaceAll(line, []byte("[redacted]"))
	}
	if _, err := r.w.Write(clean); err != nil {
		return 0, err
	}
	return len(line), nil
}
