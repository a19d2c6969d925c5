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
	"strings"
	"time"
)

func main() {
	binary := flag.String("foyer", "bin/foyer", "the program to measure")
	seconds := flag.Int("seconds", 10, "how long to send join requests")
	only := flag.String("only", "", "measure one thing alone: desk")
	browser := flag.Bool("browser", true, "measure the time to the first remote frame, in Chromium")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *only != "desk" {
		err = run(ctx, *binary, time.Duration(*seconds)*time.Second, *browser)
	}
	if err == nil {
		err = runDesk(ctx, *binary)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, binary string, duration time.Duration, browser bool) error {
	fmt.Printf("Machine: %d cores, %s, %s, %s\n\n", runtime.NumCPU(), processor(), memory(), runtime.GOOS)
	dir, err := os.MkdirTemp("", "foyer-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // Postgres may run as another user
		return err
	}

	first, err := start(ctx, binary, dir)
	if err != nil {
		return err
	}
	if err := first.stop(); err != nil {
		return err
	}
	const laterStarts = 5
	var later []time.Duration
	for range laterStarts {
		p, err := start(ctx, binary, dir)
		if err != nil {
			return err
		}
		later = append(later, p.took)
		if err := p.stop(); err != nil {
			return err
		}
	}
	fmt.Printf("Start until ready: first %v; later, median of %d: %v\n", first.took.Round(time.Millisecond), laterStarts, median(later).Round(time.Millisecond))
	fmt.Println("  Method: from starting the process until it prints its address; the first start makes the database.")
	fmt.Println()

	p, err := start(ctx, binary, dir)
	if err != nil {
		return err
	}
	defer p.stop() //nolint:errcheck // everything was measured
	if err := idle(p); err != nil {
		return err
	}
	if err := joins(ctx, p, duration); err != nil {
		return err
	}
	if !browser {
		return nil
	}
	// The browser tests' driver and browser.
	for _, script := range []string{"bench/first-frame.mjs", "bench/stage.mjs"} {
		cmd := exec.CommandContext(ctx, "node", script, p.url)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w", script, err)
		}
	}
	return nil
}

// runDesk measures the administrators' pages, in a deployment of its own: it is a
// large one.
func runDesk(ctx context.Context, binary string) error {
	dir, err := os.MkdirTemp("", "foyer-bench-desk-")
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
	return desk(ctx, p)
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
