package main

import (
	"context"

	"foyer/internal/mail"
	"foyer/internal/postgres"
)

// openMail opens the outbox, and returns who sends what is in it: nil without a
// mail server.
func (s *service) openMail(ctx context.Context) (*mail.Sender, error) {
	key, err := postgres.Key(ctx, s.db.pool, "mail")
	if err != nil {
		return nil, err
	}
	smtp, err := s.cfg.SMTP()
	if err != nil {
		return nil, err
	}
	s.mails, err = mail.NewStore(s.db.pool, key, smtp.Host != "")
	if err != nil || !s.mails.Sends() {
		return nil, err
	}
	return mail.NewSender(s.mails, mail.Server{
		Host:       smtp.Host,
		Port:       smtp.Port,
		Encryption: mail.Encryption(smtp.Encryption),
		User:       smtp.User,
		Password:   smtp.Password,
		From:       s.cfg.MailSender(),
	}, s.log), nil
}
