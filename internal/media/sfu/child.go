package sfu

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// child is a media server process, begun by this Foyer or adopted.
type child struct {
	settings Settings
	dead     chan struct{} // closed when the process has ended
}

// stopTime is how long a child may take to end when asked to.
const stopTime = 8 * time.Second

// adopt returns the child that runs already with the settings that s wants, or
// nil if there is none that answers. It is watched until supervision is done.
func (s *Server) adopt(ctx, supervision context.Context) *child {
	if holder(s.cfg.StateDir) == nil {
		return nil
	}
	settings, err := ReadSettings(s.cfg.StateDir)
	if err != nil || settings.Public != s.public || s.ping(ctx, settings) != nil {
		return nil
	}
	c := &child{settings: settings, dead: make(chan struct{})}
	// It is not our child for the kernel, so its end cannot be waited for: its
	// lock tells.
	s.goroutines.Go(func() {
		if gone(supervision, s.cfg.StateDir, 250*time.Millisecond) {
			close(c.dead)
		}
	})
	s.tail.skip()
	s.log.Info("media server adopted: calls go on", "port", settings.HTTPPort)
	return c
}

// spawn starts a child and waits until it answers.
func (s *Server) spawn(ctx context.Context) (*child, error) {
	if err := portsFree(ctx, s.public, s.cfg.Times.Release); err != nil {
		return nil, err
	}
	settings := Settings{
		Dir: s.cfg.StateDir, Public: s.public, Program: s.program,
		Verbose: s.log.Enabled(ctx, levelOfInfo),
	}
	settings.Key, settings.Secret = newCredentials()
	var err error
	if settings.HTTPPort, err = freePort(); err != nil {
		return nil, fmt.Errorf("start media server: %w", err)
	}
	if err := settings.write(); err != nil {
		return nil, err
	}
	output, err := os.OpenFile(filepath.Join(s.cfg.StateDir, logFile), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start media server: %w", err)
	}
	defer output.Close()
	s.tail.restart()

	argv := append(append([]string(nil), s.cfg.Binary...), s.cfg.StateDir)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = output, output
	cmd.Env = environment()
	// In a session of its own, so that what is typed at Foyer's terminal does
	// not reach it: Foyer decides when it ends.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start media server: %w", err)
	}
	c := &child{settings: settings, dead: make(chan struct{})}
	// Not waited for: a child that is released is reaped by the kernel when this
	// process has ended.
	go func() {
		defer close(c.dead)
		cmd.Wait()
	}()
	if err := s.await(ctx, c); err != nil {
		cmd.Process.Kill()
		<-c.dead
		return nil, err
	}
	s.log.Info("media server started", "port", settings.HTTPPort,
		"udp_port", s.public.UDPPort, "tcp_port", s.public.TCPPort)
	return c, nil
}

// await returns nil when c answers.
func (s *Server) await(ctx context.Context, c *child) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Times.Start)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	var err error
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("start media server: it does not answer: %w", errors.Join(ctx.Err(), err))
		case <-c.dead:
			return fmt.Errorf("start media server: it ended at once: %s", s.tail.read())
		case <-ticker.C:
			if err = s.ping(ctx, c.settings); err == nil {
				return nil
			}
		}
	}
}

// end ends the child of dir, if one lives: gently, then, when that takes too
// long or ctx is done, at once.
func end(ctx context.Context, dir string) error {
	process := holder(dir)
	if process == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	process.Signal(syscall.SIGTERM)
	if gone(ctx, dir, 10*time.Millisecond) {
		return nil
	}
	process.Signal(syscall.SIGKILL)
	killed, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if !gone(killed, dir, 10*time.Millisecond) {
		return fmt.Errorf("stop media server: process %d does not end", process.Pid)
	}
	return nil
}

// gone waits until no child holds dir, looking at every interval, and reports
// whether that came before ctx was done.
func gone(ctx context.Context, dir string, interval time.Duration) bool {
	path := filepath.Join(dir, childLock)
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for held(path) {
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
	}
	return true
}

// environment is what the child sees of Foyer's: what steers the Go runtime and
// where temporary files go, but none of the secrets that may be there.
func environment() []string {
	var env []string
	for _, name := range []string{
		"PATH", "HOME", "TMPDIR", "TZ", "GOCOVERDIR", "GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK",
	} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// freePort returns a TCP port of the loopback interface that is free now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// portsFree returns an error that names the port of p that is taken, and its
// setting. A port that is given back in the time of release counts as free: whoever
// looks whether it is open, as the status page does, has it for a moment, and so
// does a media server that is ending.
func portsFree(ctx context.Context, p Public, release time.Duration) error {
	deadline := time.Now().Add(release)
	for {
		err := lookAtPorts(p)
		if !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func lookAtPorts(p Public) error {
	udp, err := net.ListenPacket("udp", ":"+strconv.Itoa(p.UDPPort))
	if err != nil {
		return portError("UDP", p.UDPPort, "FOYER_MEDIA_UDP_PORT", err)
	}
	udp.Close()
	if p.TCPPort == 0 {
		return nil
	}
	tcp, err := net.Listen("tcp", ":"+strconv.Itoa(p.TCPPort))
	if err != nil {
		return portError("TCP", p.TCPPort, "FOYER_MEDIA_TCP_PORT", err)
	}
	tcp.Close()
	return nil
}

func portError(network string, port int, setting string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s port %d, for media, is taken by another program: end that, or set %s to another port: %w",
			network, port, setting, err)
	}
	return fmt.Errorf("%s port %d, for media, cannot be opened (%s): %w", network, port, setting, err)
}
