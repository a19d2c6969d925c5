package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"foyer/internal/account"
	"foyer/internal/config"
)

// adminCommand runs `foyer admin create`.
func adminCommand(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) == 0 || args[0] != "create" {
		return errors.New("foyer admin: the command is: foyer admin create --username NAME --email ADDRESS --password-stdin")
	}
	flags := flag.NewFlagSet("foyer admin create", flag.ContinueOnError)
	flags.SetOutput(stdout)
	username := flags.String("username", "", "name to log in with")
	email := flags.String("email", "", "email address")
	fromStdin := flags.Bool("password-stdin", false, "read the password from standard input")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if !*fromStdin {
		return errors.New("foyer admin create: give --password-stdin and the password on standard input, so that it is in no list of processes")
	}
	password, err := io.ReadAll(io.LimitReader(stdin, 4096))
	if err != nil {
		return fmt.Errorf("read password: %w", err)
	}
	cfg, err := config.Load("admin", nil, stdout)
	if err != nil {
		return err
	}
	db, err := shareDatabase(ctx, cfg, slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	user, err := account.NewStore(db.pool, passwordCost).RegisterAdministrator(ctx, account.Registration{
		Username: *username, Email: *email, Password: strings.TrimRight(string(password), "\r\n"),
	})
	if err == nil {
		fmt.Fprintf(stdout, "%s is an administrator now.\n", user.Username)
	}
	return errors.Join(err, db.close())
}
