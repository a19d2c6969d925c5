package embedded

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestOutputReason(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		written string
		want    string
	}{
		"nothing": {"", ""},
		"any line is better than none": {
			"one\ntwo\n\n",
			"two",
		},
		"server": {
			"[postmaster] LOG:  starting PostgreSQL 18.4\n" +
				"[postmaster] FATAL:  could not create lock file \"postmaster.pid\": No space left on device\n" +
				"[postmaster] LOG:  database system is shut down\n",
			`could not create lock file "postmaster.pid": No space left on device`,
		},
		"server with a hint": {
			"[postmaster] FATAL:  pre-existing shared memory block is still in use\n" +
				"[postmaster] HINT:  Terminate any old server processes.\n",
			"pre-existing shared memory block is still in use (Terminate any old server processes.)",
		},
		"statements are not reasons": {
			"[client backend] ERROR:  duplicate key value violates unique constraint\n" +
				"[client backend] DETAIL:  Key (email)=(someone@example.org) already exists.\n",
			"",
		},
		"initdb": {
			"creating subdirectories ... ok\n" +
				"2026-01-02 03:04:05.678 UTC [123] FATAL:  could not write to file \"pg_wal/xlogtemp.5\": No space left on device\n" +
				"child process exited with exit code 1\n" +
				"initdb: removing contents of data directory\n",
			`could not write to file "pg_wal/xlogtemp.5": No space left on device`,
		},
		"initdb itself": {
			"initdb: error: could not look up effective user ID 4321: user does not exist\n",
			"could not look up effective user ID 4321: user does not exist",
		},
		"dynamic linker": {
			"/x/bin/initdb: error while loading shared libraries: libstdc++.so.6: cannot open shared object file\n",
			"libstdc++.so.6: cannot open shared object file",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &output{log: slog.New(slog.DiscardHandler)}
			for part := range strings.SplitAfterSeq(tt.written, "e") { // not by lines
				if _, err := o.Write([]byte(part)); err != nil {
					t.Fatal(err)
				}
			}
			if got := o.reason(); got != tt.want {
				t.Errorf("got reason %q, want %q", got, tt.want)
			}
		})
	}
}

// TestOutputKeepsSecrets makes sure that what a statement was about is not
// logged.
func TestOutputKeepsSecrets(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	o := &output{log: slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	_, err := o.Write([]byte("[client backend] ERROR:  invalid input syntax for type integer: \"secret\"\n" +
		"[client backend] DETAIL:  Key (email)=(secret) already exists.\n" +
		"[client backend] CONTEXT:  secret\n" +
		"[checkpointer] ERROR:  could not write block 5\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := logged.String(); strings.Contains(got, "secret") || !strings.Contains(got, "level=ERROR") || !strings.Contains(got, "could not write block 5") {
		t.Errorf("got log %q, want the checkpointer's error and nothing of a statement", got)
	}
}

// FuzzOutput takes any output in any parts.
func FuzzOutput(f *testing.F) {
	f.Add([]byte("[postmaster] FATAL:  x\n[postmaster] DETAIL:  y\n"), 3)
	f.Add([]byte("initdb: error: x"), 1)
	f.Add([]byte("\n\r\n\x00\xff"), 2)
	f.Fuzz(func(t *testing.T, written []byte, size int) {
		whole := &output{log: slog.New(slog.DiscardHandler)}
		parts := &output{log: slog.New(slog.DiscardHandler)}
		if n, err := whole.Write(written); n != len(written) || err != nil {
			t.Fatalf("got %d, %v for %d bytes", n, err, len(written))
		}
		size = max(size, 1)
		for rest := written; len(rest) > 0; {
			part := rest[:min(size, len(rest))]
			rest = rest[len(part):]
			if _, err := parts.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := parts.reason(), whole.reason(); got != want {
			t.Errorf("in parts of %d: got reason %q, want %q", size, got, want)
		}
	})
}
