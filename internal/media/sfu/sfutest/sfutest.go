// Package sfutest starts the real media server in tests. It imports the SFU,
// so that packages which use it take long to build: they are few.
package sfutest

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"foyer/internal/media/sfu"
	"foyer/internal/media/sfu/server"
	"foyer/internal/porttest"
)

// argument tells the test binary to be the media server.
const argument = "sfu-child-of-test"

// Main is the body of TestMain: it runs the tests, or, in the child process
// that Config asks for, the media server.
func Main(m *testing.M) {
	Child()
	os.Exit(m.Run())
}

// Child is for the beginning of a TestMain that does not end with Main: it is the
// media server in the child process that Config asks for, and returns elsewhere.
func Child() {
	if len(os.Args) == 3 && os.Args[1] == argument {
		os.Exit(server.Main(os.Args[2:]))
	}
}

// Config returns a configuration with a state directory and a UDP port of its
// own, with loopback candidates and without a TCP port.
func Config(t testing.TB) sfu.Config {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return sfu.Config{
		Binary:   []string{executable, argument},
		StateDir: t.TempDir(),
		UDPPort:  porttest.Free(t),
		Loopback: true,
		Times:    sfu.Times{Start: 2 * time.Minute, Ping: 30 * time.Second, Release: 30 * time.Second},
		Log:      slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// Start starts a media server that is stopped when the test ends.
func Start(t testing.TB, cfg sfu.Config) *sfu.Server {
	t.Helper()
	s, err := sfu.Start(t.Context(), cfg)
	if err != nil {
		t.Fatalf("start media server: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Errorf("stop media server: %v", err)
		}
	})
	return s
}

// Pid returns the process that runs the media server of cfg.
func Pid(t testing.TB, cfg sfu.Config) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(cfg.StateDir, "sfu.lock"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(data))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// Kill has the media server of cfg die at once.
func Kill(t testing.TB, cfg sfu.Config) {
	t.Helper()
	if err := syscall.Kill(Pid(t, cfg), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// Wait fails the test unless done reports true in a time that is enough on the
// busiest machine.
func Wait(t testing.TB, what string, done func() bool) {
	t.Helper()
	const patience = 2 * time.Minute
	deadline := time.Now().Add(patience)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
