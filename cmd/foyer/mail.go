package main

import (
	"context"

	"foyer/internal/jobs"
	"foyer/internal/mail"
	"foyer/internal/postgres"
)

// openMail opens the outbox, and returns who sends what is in it: nobody without a
// mail server.
func (s *service) openMail(ctx context.Context) (jobs.Worker, error) {
	key, err := postgres.Key(ctx, s.db.pool, "mail")
	if err != nil {
		return nil, err
	}
	server, err := mailServer(s.cfg)
	if err != nil {
		return nil, err
	}
	s.mails, err = mail.NewStore(s.db.pool, key, server.Host != "")
	if err != nil {
		return nil, err
	}
	if !s.mails.Sends() {
		return mail.Idle{}, nil
	}
	return mail.NewSender(s.mails, server, s.log), nil
}
