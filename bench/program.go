package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// program is a running foyer.
type program struct {
	cmd    *exec.Cmd
	binary string
	dir    string
	url    string
	took   time.Duration // from its start until it was ready
}

func start(ctx context.Context, binary, dir string) (*program, error) {
	cmd := exec.Command(binary, "serve", "--addr", "127.0.0.1:0", "--data-dir", filepath.Join(dir, "data"),
		"--media-udp-port", "17882", "--media-tcp-port", "0")
	var log bytes.Buffer
	cmd.Stderr = &log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &program{cmd: cmd, binary: binary, dir: dir}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if _, address, ok := strings.Cut(lines.Text(), "Open it:"); ok {
			p.url = strings.TrimSpace(address)
			p.took = time.Since(began)
			go func() {
				for lines.Scan() { // keep the pipe empty
				}
			}()
			return p, ctx.Err()
		}
	}
	return nil, errors.Join(fmt.Errorf("foyer did not start:\n%s", log.String()), cmd.Wait())
}

func (p *program) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.cmd.Wait()
}

// usage is what a set of processes has used.
type usage struct {
	processor time.Duration
	memory    int64 // proportional set size: shared pages count once, in bytes
}

// part says to which part of Foyer a process belongs: itself, its media server
// or its database.
func (p *program) parts() (map[string]usage, error) {
	parents := make(map[int]int)
	names, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		pid, _ := strconv.Atoi(filepath.Base(name))
		if fields, err := stat(pid); err == nil {
			parents[pid], _ = strconv.Atoi(fields[1])
		}
	}
	parts := make(map[string]usage)
	for pid := range parents {
		part := p.partOf(pid, parents)
		if part == "" {
			continue
		}
		u, err := used(pid)
		if err != nil {
			continue // it ended
		}
		parts[part] = usage{parts[part].processor + u.processor, parts[part].memory + u.memory}
	}
	return parts, nil
}

func (p *program) partOf(pid int, parents map[int]int) string {
	own := p.cmd.Process.Pid
	if pid == own {
		return "foyer"
	}
	top := pid
	for parents[top] != own {
		if top = parents[top]; top <= 1 {
			return ""
		}
	}
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", top))
	if bytes.Contains(line, []byte("\x00sfu\x00")) {
		return "media server"
	}
	return "postgres"
}

// stat returns the fields of /proc/pid/stat after the name: state, parent, ...
func stat(pid int) ([]string, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	return strings.Fields(rest), nil
}

func used(pid int) (usage, error) {
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux
	fields, err := stat(pid)
	if err != nil {
		return usage{}, err
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	u := usage{processor: time.Duration(user+system) * tick}
	pss, _, _ := strings.Cut(field(fmt.Sprintf("/proc/%d/smaps_rollup", pid), "Pss"), " ")
	kilobytes, _ := strconv.ParseInt(pss, 10, 64)
	u.memory = kilobytes << 10
	return u, nil
}

// idle reports the memory of everything when nothing happens.
func idle(p *program) error {
	const settle = 5 * time.Second
	time.Sleep(settle)
	before, err := p.parts()
	if err != nil {
		return err
	}
	time.Sleep(settle)
	after, err := p.parts()
	if err != nil {
		return err
	}
	var total int64
	fmt.Println("Idle:")
	for _, part := range []string{"foyer", "media server", "postgres"} {
		u := after[part]
		total += u.memory
		busy := 100 * (u.processor - before[part].processor).Seconds() / settle.Seconds()
		fmt.Printf("  %-13s %4d MiB  %.1f%% of a core\n", part, u.memory>>20, busy)
	}
	fmt.Printf("  %-13s %4d MiB\n", "together", total>>20)
	fmt.Printf("  Method: proportional set size of every process, %v after the start, nobody signed in; processor over %v.\n\n", settle, settle)
	return nil
}

func median(d []time.Duration) time.Duration { return percentile(d, 50) }

func percentile(d []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(d))
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}
