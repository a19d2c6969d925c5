package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asProgram makes the test binary be the program, with the race detector.
const asProgram = "FOYER_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	// The media server is started without the environment.
	if os.Getenv(asProgram) != "" || len(os.Args) > 1 && os.Args[1] == "sfu" {
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
	setup  string // the one-time link, if it printed one
	exited chan struct{}

	mu     sync.Mutex
	output bytes.Buffer
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
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return strconv.Itoa(conn.LocalAddr().(*net.UDPAddr).Port)
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
	case <-time.After(time.Minute):
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

// stop sends a signal and waits for the end; it returns the exit status.
func (p *program) stop(signal syscall.Signal) int {
	p.Helper()
	_ = p.cmd.Process.Signal(signal) // it may have ended
	select {
	case <-p.exited:
	case <-time.After(40 * time.Second):
		p.cmd.Process.Kill()
		p.Fatalf("foyer does not stop:\n%s", p.said())
	}
	return p.cmd.ProcessState.ExitCode()
}

var client = &http.Client{
	Timeout:       90 * time.Second, // bcrypt under the race detector, on a busy machine
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
		for deadline := time.Now().Add(10 * time.Second); alive(pid); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("still running: %d %s", pid, what)
			}
		}
	}
}

var registration = url.Values{"username": {"root"}, "email": {"root@example.org"}, "password": {"correct horse battery"}}

// The whole life of one installation, as its administrator sees it.
func TestFromTheFirstStartOn(t *testing.T) {
	t.Parallel()
	dir, port := dataDir(t), freePort(t)
	p := start(t, dir, port)
	if status, body := p.get("/readyz"); status != http.StatusOK {
		t.Errorf("readyz: %d %s", status, body)
	}
	if status, _ := p.get("/healthz"); status != http.StatusOK {
		t.Errorf("healthz: %d", status)
	}
	if p.setup == "" || !strings.HasPrefix(p.setup, p.url+"/setup?token=") {
		t.Fatalf("no setup link: %q", p.setup)
	}

	t.Run("a second foyer on the directory says so", func(t *testing.T) {
		out, err := command(t, "serve", "--addr", "127.0.0.1:0", "--data-dir", dir, "--media-udp-port", freePort(t), "--media-tcp-port", "0").CombinedOutput()
		if err == nil || !strings.Contains(string(out), strconv.Itoa(p.cmd.Process.Pid)) || strings.Count(strings.TrimSpace(string(out)), "\n") > 0 {
			t.Errorf("got %v and, in place of one line that names the process:\n%s", err, out)
		}
		if status, _ := p.get("/readyz"); status != http.StatusOK {
			t.Errorf("the first is disturbed: %d", status)
		}
	})
	t.Run("the setup link works once", func(t *testing.T) {
		link, _ := url.Parse(p.setup)
		form := url.Values{"token": {link.Query().Get("token")}}
		for k, v := range registration {
			form[k] = v
		}
		if got := p.post("/setup", form).StatusCode; got != http.StatusSeeOther {
			t.Fatalf("first use: %d", got)
		}
		form.Set("username", "second")
		form.Set("email", "second@example.org")
		if got := p.post("/setup", form).StatusCode; got != http.StatusNotFound {
			t.Errorf("second use: %d", got)
		}
	})
	t.Run("commands beside the running service", func(t *testing.T) {
		create := command(t, "admin", "create", "--username", "boss", "--email", "boss@example.org", "--password-stdin")
		create.Env = append(create.Env, "FOYER_DATA_DIR="+dir)
		create.Stdin = strings.NewReader("another good one\n")
		if out, err := create.CombinedOutput(); err != nil || !strings.Contains(string(out), "boss is an administrator") {
			t.Errorf("admin create: %v\n%s", err, out)
		}
		if got := p.post("/login", url.Values{"login": {"boss"}, "password": {"another good one"}}).StatusCode; got != http.StatusSeeOther {
			t.Errorf("the new administrator logs in: %d", got)
		}
		weak := command(t, "admin", "create", "--username", "weak", "--email", "weak@example.org", "--password-stdin")
		weak.Env = append(weak.Env, "FOYER_DATA_DIR="+dir)
		weak.Stdin = strings.NewReader("password")
		if out, err := weak.CombinedOutput(); err == nil || !strings.Contains(string(out), "common") {
			t.Errorf("a weak password: %v\n%s", err, out)
		}
		migrate := command(t, "migrate", "--data-dir", dir)
		if out, err := migrate.CombinedOutput(); err != nil || !strings.Contains(string(out), "up to date") {
			t.Errorf("migrate: %v\n%s", err, out)
		}
	})

	below := children(t, p.cmd.Process.Pid)
	if len(below) < 2 {
		t.Errorf("children %v, want Postgres and the media server", below)
	}
	if status := p.stop(syscall.SIGTERM); status != 0 {
		t.Errorf("exit status %d:\n%s", status, p.said())
	}
	waitGone(t, below)

	began := time.Now()
	p = start(t, dir, port)
	t.Logf("later start (with the race detector): %v", time.Since(began).Round(time.Millisecond))
	if p.setup != "" {
		t.Errorf("a setup link although there is an administrator")
	}
	if got := p.post("/login", url.Values{"login": {"root"}, "password": registration["password"]}).StatusCode; got != http.StatusSeeOther {
		t.Errorf("the first administrator after a restart: %d", got)
	}

	// Killed, it starts again with everything there.
	p.stop(syscall.SIGKILL)
	p = start(t, dir, port)
	if got := p.post("/login", url.Values{"login": {"boss"}, "password": {"another good one"}}).StatusCode; got != http.StatusSeeOther {
		t.Errorf("log in after kill -9: %d", got)
	}

	// Handing over keeps the media server. The one here was found again after
	// the kill, so it is no child of this program.
	before := mediaServers(t, dir)
	p.stop(syscall.SIGHUP)
	p = start(t, dir, port)
	if after := mediaServers(t, dir); len(before) != 1 || len(after) != 1 || before[0] != after[0] {
		t.Errorf("media servers before %v, after %v; want one and the same", before, after)
	}
	if status, body := p.get("/readyz"); status != http.StatusOK {
		t.Errorf("readyz: %d %s", status, body)
	}
	p.stop(syscall.SIGINT)
	if left := mediaServers(t, dir); len(left) != 0 {
		t.Errorf("media servers left: %v", left)
	}
	if strings.Contains(p.said(), "DATA RACE") {
		t.Error(p.said())
	}
}

func mediaServers(t *testing.T, dir string) (pids []int) {
	t.Helper()
	out, err := exec.Command("ps", "-eo", "pid=,args=").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) == 4 && fields[2] == "sfu" && strings.HasPrefix(fields[3], dir) {
			pid, _ := strconv.Atoi(fields[0])
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	p := start(t, dir, freePort(t), "--tls-self-signed")
	if !strings.HasPrefix(p.url, "https://localhost:") {
		t.Fatalf("address %s", p.url)
	}
	if status, _ := p.get("/"); status != http.StatusOK {
		t.Errorf("got %d", status)
	}
	response := p.post("/signup", url.Values{"username": {"ana"}, "email": {"ana@example.org"}, "password": {"correct horse"}})
	if cookie := response.Header.Get("Set-Cookie"); !strings.Contains(cookie, "Secure") {
		t.Errorf("cookie %q", cookie)
	}
	certificate := func() string {
		raw, err := os.ReadFile(filepath.Join(dir, "tls", "self-signed.pem"))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	before := certificate()
	p.stop(syscall.SIGTERM)
	p = start(t, dir, freePort(t), "--tls-self-signed")
	if certificate() != before {
		t.Error("the certificate changed with a restart, so people must accept it again")
	}
	p.stop(syscall.SIGTERM)

	// The same as a certificate of one's own.
	file := filepath.Join(dir, "tls", "self-signed.pem")
	p = start(t, dir, freePort(t), "--tls-cert", file, "--tls-key", file)
	if status, _ := p.get("/"); status != http.StatusOK || !strings.HasPrefix(p.url, "https://") {
		t.Errorf("with one's own certificate: %d at %s", status, p.url)
	}
}

// What cannot be is said in lines that name the setting, before anything runs.
func TestBadStarts(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	udp, err := net.ListenPacket("udp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { udp.Close() })
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"unknown command", []string{"serv"}, `no command "serv"`},
		{"unknown flag", []string{"serve", "--adress", ":1"}, "adress"},
		{"bad address", []string{"serve", "--addr", "8080"}, "FOYER_ADDR"},
		{"address taken", []string{"serve", "--addr", taken.Addr().String(), "--data-dir", dataDir(t), "--media-udp-port", freePort(t), "--media-tcp-port", "0"}, "FOYER_ADDR"},
		{"media port taken", []string{"serve", "--addr", "127.0.0.1:0", "--data-dir", dataDir(t), "--media-tcp-port", "0",
			"--media-udp-port", strconv.Itoa(udp.LocalAddr().(*net.UDPAddr).Port)}, "FOYER_MEDIA_UDP_PORT"},
		{"no certificate file", []string{"serve", "--addr", "127.0.0.1:0", "--data-dir", dataDir(t), "--media-udp-port", freePort(t),
			"--media-tcp-port", "0", "--tls-cert", "/nowhere.pem", "--tls-key", "/nowhere.pem"}, "FOYER_TLS_CERT"},
		{"no such database", []string{"serve", "--addr", "127.0.0.1:0", "--database-url", "postgres://127.0.0.1:1/x?connect_timeout=2"}, "database"},
		{"admin without a password", []string{"admin", "create", "--username", "a"}, "--password-stdin"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			base := command(t, test.args...)
			cmd := exec.CommandContext(ctx, base.Path, test.args...)
			cmd.Env, cmd.Dir = base.Env, base.Dir
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), test.want) || ctx.Err() != nil {
				t.Errorf("got %v, %s; want an error with %q", err, out, test.want)
			}
		})
	}
}

func TestCommandsThatPrint(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"version"}, `^foyer \S+\n$`},
		{[]string{"help"}, `foyer admin create`},
		{[]string{"serve", "--help"}, `FOYER_MEDIA_UDP_PORT`},
		{[]string{"config"}, `(?m)^FOYER_ADDR=:8080$`},
	}
	for _, test := range tests {
		out, err := command(t, test.args...).CombinedOutput()
		if err != nil || !regexp.MustCompile(test.want).Match(out) {
			t.Errorf("foyer %s: %v\n%s", fmt.Sprint(test.args), err, out)
		}
	}
}
