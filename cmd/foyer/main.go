// Command foyer is a self-hosted video conferencing service in one program.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"foyer/internal/config"
	"foyer/internal/media/sfu/server"
)

// version is set by the build.
var version = "development"

const help = `Foyer: video calls in rooms of your own.

  foyer [serve] [flags]   run the service; foyer serve --help lists the flags
  foyer admin create --username NAME --email ADDRESS --password-stdin
                          make an administrator; the password is read from standard input
  foyer config            show the settings in effect, without secrets
  foyer doctor            look whether each part works, and say what to do
  foyer migrate           bring the database up to date and stop
  foyer version
  foyer help

Settings are flags, environment variables, or lines of a file .env.
`

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "sfu" {
		os.Exit(server.Main(args[1:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, args, os.Stdin, os.Stdout, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

// run is the program without its process: it ends when ctx does.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	command := "serve"
	if len(args) > 0 && (len(args[0]) == 0 || args[0][0] != '-') {
		command, args = args[0], args[1:]
	}
	switch command {
	case "version":
		fmt.Fprintln(stdout, "foyer", version)
		return nil
	case "help":
		fmt.Fprint(stdout, help)
		return nil
	case "admin":
		return adminCommand(ctx, args, stdin, stdout, stderr)
	case "serve", "config", "migrate", "doctor":
	default:
		return fmt.Errorf("foyer: there is no command %q; see foyer help", command)
	}
	cfg, err := config.Load(command, args, stdout)
	if err != nil {
		return err
	}
	switch command {
	case "config":
		cfg.Write(stdout)
		return nil
	case "doctor":
		return doctor(ctx, cfg, stdout)
	case "migrate":
		return migrate(ctx, cfg, stdout, stderr)
	}
	return serve(ctx, cfg, stdout, stderr)
}
