package main

import (
	"context"

	"foyer/internal/health"
	"foyer/internal/postgres"
	"foyer/internal/settings"
	"foyer/internal/webhook"
)

// openDesk opens what the administrators' desk looks into besides the rest:
// settings, webhooks, and how each part is.
func (s *service) openDesk(ctx context.Context) (err error) {
	if s.settings, err = settings.Open(ctx, s.db.pool, usualSettings(s), s.log); err != nil {
		return err
	}
	key, err := postgres.Key(ctx, s.db.pool, "webhook")
	if err != nil {
		return err
	}
	if s.webhooks, err = webhook.NewStore(s.db.pool, key); err != nil {
		return err
	}
	s.health = health.NewMonitor(s.healthChecks(), s.log)
	return nil
}

// usualSettings are what the environment says.
func usualSettings(s *service) settings.Values {
	return settings.Values{
		Signup:         s.cfg.Signup,
		MailDomains:    settings.Domains(s.cfg.MailDomains),
		AdminFactor:    s.cfg.AdminFactor,
		Capacity:       s.cfg.RoomCapacity,
		KeepCalls:      s.cfg.KeepCalls,
		KeepAudit:      s.cfg.KeepAudit,
		KeepSignIns:    s.cfg.KeepSignIns,
		KeepDeliveries: s.cfg.KeepDeliveries,
	}
}
