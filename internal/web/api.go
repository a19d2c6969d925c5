package web

import "foyer/internal/api"

// newAPI is Foyer for programs: it shares with the pages what they share.
func (s *Server) newAPI() (*api.API, error) {
	return api.New(api.Config{
		Origin: s.LinkOrigin, Key: s.APIKey, Pool: s.Pool, Accounts: s.Accounts, Recovery: s.Recovery, Tokens: s.Tokens, Rooms: s.Rooms, Mails: s.Mails,
		Webhooks: s.Webhooks, Settings: s.Settings, Health: s.Health, Admin: s.Admin, Calls: s.Calls, Chat: s.Chat, Backends: s.Backends,
		Backend: s.Backend, Limit: s.limits.program, WrongLink: s.limits.wrongLink, TooManyWrongLinks: s.limits.tooManyWrongLinks,
		Bounded: s.Pace.bounded, Patient: s.Pace.patient(s.Chat.Limits().File), Minute: s.Pace.Minute, Address: addressKey, Log: s.Log,
		Letters: api.Letters{
			Invited: s.deliver, Requested: s.tellRequested, Granted: s.tellGranted, Declined: s.tellDeclined, Reset: s.mailReset, Link: s.writeLink,
		},
	})
}
