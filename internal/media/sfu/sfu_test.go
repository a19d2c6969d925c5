package sfu_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/livekit/protocol/auth"

	"foyer/internal/logtest"
	"foyer/internal/media/sfu"
	"foyer/internal/media/sfu/sfutest"
)

func TestMain(m *testing.M) { sfutest.Main(m) }

func alive(pid int) bool {
	// A child of this process that was not waited for yet is dead as well.
	state, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(state), ") Z ")
}

// ends fails the test unless the process has ended, or is about to.
func ends(t *testing.T, pid int) {
	t.Helper()
	sfutest.Wait(t, "the process ends", func() bool { return !alive(pid) })
}

func TestStartAndStop(t *testing.T) {
	t.Parallel()
	cfg := sfutest.Config(t)
	began := time.Now()
	s, err := sfu.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("answered after %v", time.Since(began))
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("Ready: %v", err)
	}
	child := sfutest.Pid(t, cfg)

	for _, name := range []string{"cmdline", "environ"} {
		data, err := os.ReadFile("/proc/" + strconv.Itoa(child) + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), s.Secret()) {
			t.Errorf("the secret is in %s of the child", name)
		}
	}
	files, err := os.ReadDir(cfg.StateDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", f.Name(), info.Mode().Perm())
		}
	}

	if err := s.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	ends(t, child)
}

func TestSecondFoyerIsRefused(t *testing.T) {
	t.Parallel()
	cfg := sfutest.Config(t)
	s := sfutest.Start(t, cfg)
	if _, err := sfu.Start(t.Context(), cfg); !errors.Is(err, sfu.ErrInUse) {
		t.Errorf("second Start: got %v, want ErrInUse", err)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("the first was disturbed: %v", err)
	}
}

// TestPortGivenBack: who has the port for a moment only, as a status page that
// looks at it does, keeps no media server from starting.
func TestPortGivenBack(t *testing.T) {
	t.Parallel()
	cfg := sfutest.Config(t)
	c, err := net.ListenPacket("udp", ":"+strconv.Itoa(cfg.UDPPort))
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(200*time.Millisecond, func() { c.Close() })
	s := sfutest.Start(t, cfg)
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	t.Run("udp", func(t *testing.T) {
		cfg := sfutest.Config(t)
		cfg.Times.Release = 0 // it is not given back
		c, err := net.ListenPacket("udp", "127.0.0.1:"+strconv.Itoa(cfg.UDPPort))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, err = sfu.Start(t.Context(), cfg)
		wantMention(t, err, strconv.Itoa(cfg.UDPPort), "FOYER_MEDIA_UDP_PORT")
	})
	t.Run("tcp", func(t *testing.T) {
		cfg := sfutest.Config(t)
		cfg.Times.Release = 0 // it is not given back
		l, err := net.Listen("tcp", ":0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		cfg.TCPPort = l.Addr().(*net.TCPAddr).Port
		_, err = sfu.Start(t.Context(), cfg)
		wantMention(t, err, strconv.Itoa(cfg.TCPPort), "FOYER_MEDIA_TCP_PORT")
	})
}

func wantMention(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("Start succeeded")
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %q does not mention %s", err, word)
		}
	}
}

func TestRestartAfterDeath(t *testing.T) {
	t.Parallel()
	cfg := sfutest.Config(t)
	s := sfutest.Start(t, cfg)
	first, secret := sfutest.Pid(t, cfg), s.Secret()
	sfutest.Kill(t, cfg)
	sfutest.Wait(t, "a new child answers", func() bool {
		return s.Secret() != secret && s.Ready(t.Context()) == nil
	})
	if second := sfutest.Pid(t, cfg); second == first {
		t.Error("the child has the same process id")
	}
}

func TestAdoption(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*sfu.Config)
		same   bool // is the child adopted?
	}{
		{"same settings", func(*sfu.Config) {}, true},
		{"another callback URL", func(c *sfu.Config) { c.CallbackURL = "http://127.0.0.1:2/" }, true},
		{"another address", func(c *sfu.Config) { c.MediaIP = "127.0.0.1" }, false},
		{"no loopback", func(c *sfu.Config) { c.Loopback = false }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cfg := sfutest.Config(t)
			cfg.CallbackURL = "http://127.0.0.1:1/"
			s, err := sfu.Start(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			url, key, secret := s.Access()
			child := sfutest.Pid(t, cfg)
			s.Release()
			if !alive(child) {
				t.Fatal("the child died on Release")
			}

			test.change(&cfg)
			next := sfutest.Start(t, cfg)
			if err := next.Ready(t.Context()); err != nil {
				t.Errorf("Ready: %v", err)
			}
			nextURL, nextKey, nextSecret := next.Access()
			if got := nextURL == url && nextKey == key && nextSecret == secret; got != test.same {
				t.Errorf("same access: got %v, want %v", got, test.same)
			}
			if got := sfutest.Pid(t, cfg) == child; got != test.same {
				t.Errorf("same process: got %v, want %v", got, test.same)
			}
		})
	}
}

func TestAdoptedChildIsRestarted(t *testing.T) {
	t.Parallel()
	cfg := sfutest.Config(t)
	first, err := sfu.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	first.Release()
	s := sfutest.Start(t, cfg)
	secret := s.Secret()
	sfutest.Kill(t, cfg)
	sfutest.Wait(t, "a new child answers", func() bool {
		return s.Secret() != secret && s.Ready(t.Context()) == nil
	})
}

// A settings file that says nothing of the child, as when Foyer was killed
// between starting it and writing, or was tampered with.
func TestUnknownChildIsReplaced(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{}", "[", `{"http_port":1,"key":"a","secret":"b"}`} {
		cfg := sfutest.Config(t)
		s, err := sfu.Start(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		child := sfutest.Pid(t, cfg)
		s.Release()
		if err := os.WriteFile(filepath.Join(cfg.StateDir, "sfu.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		next := sfutest.Start(t, cfg)
		ends(t, child)
		if err := next.Ready(t.Context()); err != nil {
			t.Errorf("settings %q: %v", text, err)
		}
	}
}

// The id in the lock file of a dead child may be another process's by now.
func TestForeignProcessIsNotSignalled(t *testing.T) {
	t.Parallel()
	cfg := sfutest.Config(t)
	if err := os.MkdirAll(cfg.StateDir, 0o700); err != nil {
		t.Fatal(err)
	}
	mine := strconv.Itoa(os.Getpid())
	if err := os.WriteFile(filepath.Join(cfg.StateDir, "sfu.lock"), []byte(mine), 0o600); err != nil {
		t.Fatal(err)
	}
	sfutest.Start(t, cfg) // would end this process if it trusted the file
}

func TestChildEndsWithItsDirectory(t *testing.T) {
	t.Parallel()
	cfg := sfutest.Config(t)
	s, err := sfu.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	child := sfutest.Pid(t, cfg)
	s.Release()
	if err := os.RemoveAll(cfg.StateDir); err != nil {
		t.Fatal(err)
	}
	sfutest.Wait(t, "the child ends", func() bool { return !alive(child) })
}

func TestBadSettings(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*sfu.Config){
		"FOYER_MEDIA_IP": func(c *sfu.Config) { c.MediaIP = "example" },
		"REDIS_URL":      func(c *sfu.Config) { c.RedisURL = "http://user:hidden@host" },
	}
	for setting, change := range tests {
		cfg := sfutest.Config(t)
		change(&cfg)
		_, err := sfu.Start(t.Context(), cfg)
		wantMention(t, err, setting)
		if strings.Contains(err.Error(), "hidden") {
			t.Errorf("the error shows a password: %v", err)
		}
	}
}

func TestStopKillsWhenOutOfTime(t *testing.T) {
	t.Parallel()
	cfg := sfutest.Config(t)
	s, err := sfu.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	child := sfutest.Pid(t, cfg)
	// A child that does not react to being asked.
	if err := syscall.Kill(child, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
	ends(t, child)
}

// TestLogHoldsNoToken: LiveKit logs a token that it refuses, and answers with
// it too.
func TestLogHoldsNoToken(t *testing.T) {
	t.Parallel()
	cfg := sfutest.Config(t)
	var log logtest.Lines
	cfg.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := sfutest.Start(t, cfg)
	address, key, _ := s.Access()
	token, err := auth.NewAccessToken(key, strings.Repeat("another secret ", 3)).SetIdentity("alice").
		SetVideoGrant(&auth.VideoGrant{RoomJoin: true, Room: "foyer-room"}).ToJWT()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get(address + "/rtc?access_token=" + token)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	sfutest.Wait(t, "the refusal is logged", func() bool { return strings.Contains(log.String(), "[redacted]") })
	file, err := os.ReadFile(filepath.Join(cfg.StateDir, "sfu.log"))
	if err != nil {
		t.Fatal(err)
	}
	for where, text := range map[string]string{"file": string(file), "log": log.String()} {
		if strings.Contains(text, token[:40]) || strings.Contains(text, s.Secret()) {
			t.Errorf("a credential is in the %s", where)
		}
	}
}

// TestReplacedProgram: the media server of an earlier version carries on until
// nobody is in a call, and is then replaced.
func TestReplacedProgram(t *testing.T) {
	t.Parallel()
	cfg := sfutest.Config(t)
	first, err := sfu.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, _, secret := first.Access()
	first.Release()
	settings, err := sfu.ReadSettings(cfg.StateDir)
	if err != nil {
		t.Fatal(err)
	}
	settings.Program = "earlier"
	data, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(cfg.StateDir, "sfu.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	s := sfutest.Start(t, cfg)
	if s.Secret() != secret {
		t.Error("the earlier version was not adopted")
	}
	sfutest.Wait(t, "the earlier version is replaced", func() bool {
		return s.Secret() != secret && s.Ready(t.Context()) == nil
	})
}
