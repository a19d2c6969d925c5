// Command bench measures a real Foyer on this machine and prints the figures
// with the machine and the method. Run it with make bench, on a machine that
// does nothing else.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"
)

// measure is one thing that is measured.
type measure struct {
	name  string
	alone bool
	of    func(ctx context.Context, p *program) error
}

// measures are what is measured, in this order. Those that are together share a
// deployment; a large one is for itself.
var measures = []measure{
	{"start", false, starts},
	{"idle", false, func(_ context.Context, p *program) error { return idle(p) }},
	{"joins", false, joins},
	{"first-frame", false, firstFrame},
	{"stage", false, stage},
	{"desk", true, desk},
}

func main() {
	binary := flag.String("foyer", "bin/foyer", "the program to measure")
	only := flag.String("only", "", "measure one thing alone: start, idle, joins, first-frame, stage or desk")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *binary, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, binary, only string) error {
	fmt.Printf("Machine: %d cores, %s, %s, %s\n\n", runtime.NumCPU(), processor(), memory(), runtime.GOOS)
	for _, alone := range []bool{false, true} {
		if only != "" && !slices.ContainsFunc(measures, func(m measure) bool { return m.name == only && m.alone == alone }) {
			continue
		}
		err := deployment(ctx, binary, func(p *program) error {
			for _, m := range measures {
				if m.alone != alone || only != "" && only != m.name {
					continue
				}
				if err := m.of(ctx, p); err != nil {
					return fmt.Errorf("%s: %w", m.name, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// deployment starts a new one and stops it after do.
func deployment(ctx context.Context, binary string, do func(*program) error) error {
	dir, err := os.MkdirTemp("", "foyer-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // Postgres may run as another user
		return err
	}
	p, err := start(ctx, binary, dir)
	if err != nil {
		return err
	}
	defer p.stop() //nolint:errcheck // everything was measured
	return do(p)
}

// starts reports how long p's start took, which was its first, and how long later
// ones do, which it begins and ends.
func starts(ctx context.Context, p *program) error {
	const laterStarts = 5
	first := p.took
	var later []time.Duration
	for range laterStarts {
		if err := p.stop(); err != nil {
			return err
		}
		again, err := start(ctx, p.binary, p.dir)
		if err != nil {
			return err
		}
		*p = *again
		later = append(later, p.took)
	}
	fmt.Printf("Start until ready: first %v; later, median of %d: %v\n", first.Round(time.Millisecond), laterStarts, median(later).Round(time.Millisecond))
	fmt.Println("  Method: from starting the process until it prints its address; the first start makes the database.")
	fmt.Println()
	return nil
}

// firstFrame measures in Chromium, by the browser tests' driver.
func firstFrame(ctx context.Context, p *program) error {
	cmd := exec.CommandContext(ctx, "node", "bench/first-frame.mjs", p.url)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

func processor() string { return field("/proc/cpuinfo", "model name") }

func memory() string { return field("/proc/meminfo", "MemTotal") + " of memory" }

// field is the value of the first line of a file that begins with name.
func field(file, name string) string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return "unknown " + name
	}
	for line := range strings.Lines(string(raw)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown " + name
}
