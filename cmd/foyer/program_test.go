package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"foyer/internal/media/sfu"
	"foyer/internal/porttest"
	"foyer/internal/web"
)

// asProgram makes the test binary be the program, with the race detector.
const asProgram = "FOYER_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	// The media server is started without the environment.
	if os.Getenv(asProgram) != "" || len(os.Args) > 1 && os.Args[1] == "sfu" {
		useNgrokDouble()
		passwordCost = bcrypt.MinCost
		pace = web.Pace{Read: 10 * time.Minute, Write: 10 * time.Minute, Ready: time.Minute}
		mediaTimes = sfu.Times{Start: 2 * time.Minute, Ping: 30 * time.Second}
		main()
		return
	}
	os.Exit(m.Run())
}

// program is a running foyer.
type program struct {
	*testing.T
	cmd    *exec.Cmd
	url    string // where it is reached
	local  string // where it is reached on this machine, when it says so
	setup  string // the one-time link, if it printed one
	exited chan struct{}

	mu     sync.Mutex
	output bytes.Buffer // of the log
	print  bytes.Buffer // what it prints
}

// dataDir is one that the user who runs Postgres can reach.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "foyer-program-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "data")
}

func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(executable, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Dir = t.TempDir() // no .env
	return cmd
}

func freePort(t *testing.T) string {
	t.Helper()
	return strconv.Itoa(porttest.Free(t))
}

// start runs foyer serve on a data directory and waits until it is ready.
func start(t *testing.T, dir, udpPort string, flags ...string) *program {
	t.Helper()
	args := append([]string{"serve", "--addr", "127.0.0.1:0", "--data-dir", dir, "--media-udp-port", udpPort, "--media-tcp-port", "0"}, flags...)
	p := &program{T: t, cmd: command(t, args...), exited: make(chan struct{})}
	p.cmd.Stderr = writerFunc(func(b []byte) (int, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.output.Write(b)
	})
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan bool, 1)
	go func() {
		defer close(p.exited)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			p.mu.Lock()
			p.print.WriteString(lines.Text() + "\n")
			p.mu.Unlock()
			if _, address, ok := strings.Cut(lines.Text(), "On this machine:"); ok {
				p.local = strings.TrimSpace(address)
			}
			if _, address, ok := strings.Cut(lines.Text(), "Open it:"); ok {
				p.url = strings.TrimSpace(address)
			}
			if _, address, ok := strings.Cut(lines.Text(), "Set it up, once:"); ok {
				p.setup = strings.TrimSpace(address)
			}
			if p.url != "" && strings.TrimSpace(lines.Text()) == "" {
				select {
				case ready <- true:
				default:
				}
			}
		}
		p.cmd.Wait() //nolint:errcheck // the exit status is read from ProcessState
		select {
		case ready <- false:
		default:
		}
	}()
	t.Cleanup(func() { p.stop(syscall.SIGTERM) })
	select {
	case ok := <-ready:
		if !ok {
			t.Fatalf("foyer ended:\n%s", p.said())
		}
	case <-time.After(5 * time.Minute):
		t.Fatalf("foyer is not ready:\n%s", p.said())
	}
	return p
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func (p *program) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// printed is what the program has written to standard output.
func (p *program) printed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.print.String()
}

// within waits for a condition.
func (p *program) within(what string, met func() bool) {
	p.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !met(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.Fatalf("it does not come to be that %s:\n%s", what, p.said())
		}
	}
}

// answersReady waits until the program says that it is ready. On a busy machine one
// answer may be that the database or the media server said nothing in time.
func (p *program) answersReady() {
	p.Helper()
	p.within("it is ready", func() bool { status, _ := p.get("/readyz"); return status == http.StatusOK })
}

// stop sends a signal and waits for the end; it returns the exit status.
func (p *program) stop(signal syscall.Signal) int {
	p.Helper()
	_ = p.cmd.Process.Signal(signal) // it may have ended
	select {
	case <-p.exited:
	case <-time.After(2 * time.Minute):
		p.cmd.Process.Kill()
		p.Fatalf("foyer does not stop:\n%s", p.said())
	}
	return p.cmd.ProcessState.ExitCode()
}

var client = &http.Client{
	Timeout:       5 * time.Minute, // the race detector, on a busy machine
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
}

func (p *program) get(path string) (int, string) {
	p.Helper()
	response, err := client.Get(p.url + path)
	if err != nil {
		p.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(body)
}

func (p *program) post(path string, form url.Values) *http.Response {
	p.Helper()
	request, err := http.NewRequest(http.MethodPost, p.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", p.url)
	response, err := client.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	response.Body.Close()
	return response
}

// children lists the processes below a process, by what they run.
func children(t *testing.T, pid int) map[int]string {
	t.Helper()
	found := make(map[int]string)
	out, err := exec.Command("ps", "-eo", "pid=,ppid=,args=").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) > 2 && fields[1] == strconv.Itoa(pid) {
			child, _ := strconv.Atoi(fields[0])
			found[child] = strings.Join(fields[2:], " ")
		}
	}
	return found
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func waitGone(t *testing.T, pids map[int]string) {
	t.Helper()
	for pid, what := range pids {
		for deadline := time.Now().Add(time.Minute); alive(pid); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("still running: %d %s", pid, what)
			}
		}
	}
}
