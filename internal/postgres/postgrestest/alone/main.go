// Command alone runs the PostgreSQL that Foyer carries, without a Foyer, for
// browser tests in which several Foyers share one database. It prints the
// address as one line and ends with its standard input, when nothing is left of
// it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"foyer/internal/postgres/embedded"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "postgres:", err)
		os.Exit(1)
	}
}

func run(stdin io.Reader, stdout io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "foyer-e2e-postgres-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// The user that runs Postgres for root passes through.
	if err := os.Chmod(dir, 0o711); err != nil {
		return err
	}
	server, err := embedded.Start(context.Background(), embedded.Config{
		DataDir: dir, Volatile: true, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, server.URL())
	_, err = io.Copy(io.Discard, stdin)
	const patience = 20 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return errors.Join(err, server.Stop(ctx))
}
