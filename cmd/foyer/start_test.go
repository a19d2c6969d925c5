package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var registration = url.Values{"username": {"root"}, "email": {"root@example.org"}, "password": {"correct horse battery"}}

// The whole life of one installation, as its administrator sees it.
func TestFromTheFirstStartOn(t *testing.T) {
	t.Parallel()
	dir, port := dataDir(t), freePort(t)
	p := start(t, dir, port)
	p.answersReady()
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
		p.answersReady() // the first is not disturbed
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
	p.answersReady()
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
	old := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	if conn, err := tls.Dial("tcp", strings.TrimPrefix(p.url, "https://"), old); err == nil {
		conn.Close()
		t.Error("TLS 1.1 is spoken")
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

// With a LiveKit service elsewhere no media server is started here. The service
// is the one that another Foyer runs.
func TestLiveKitElsewhere(t *testing.T) {
	t.Parallel()
	there, here := dataDir(t), dataDir(t)
	start(t, there, freePort(t))
	raw, err := os.ReadFile(filepath.Join(there, "sfu", "sfu.json"))
	if err != nil {
		t.Fatal(err)
	}
	var service struct {
		Port   int    `json:"http_port"`
		Key    string `json:"key"`
		Secret string `json:"secret"`
	}
	if err := json.Unmarshal(raw, &service); err != nil {
		t.Fatal(err)
	}
	p := start(t, here, freePort(t), "--livekit-url", fmt.Sprintf("ws://127.0.0.1:%d", service.Port),
		"--livekit-api-key", service.Key, "--livekit-api-secret", service.Secret)
	p.answersReady()
	if own := mediaServers(t, here); len(own) != 0 {
		t.Errorf("media servers of its own: %v", own)
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
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
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
