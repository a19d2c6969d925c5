package call

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/room"
)

// What whoever moderates a call does with those who stay in it. The participant
// is told over the event stream, whatever the media service: their page carries
// it out and says who asked. Where the media service can, it makes sure.

// Mute mutes a participant, who can unmute themselves again. It returns what the
// policy says, ErrNotYours, and errors that wrap media.ErrUnavailable: their page
// was told all the same.
func (s *Service) Mute(ctx context.Context, in room.ID, by account.UserID, id media.ParticipantID) error {
	var muted []presence
	err := s.moderate(ctx, in, by, id, room.Ask{Action: room.Mute}, func(tx pgx.Tx, p presence, byName string) error {
		muted = append(muted, p)
		return tell(ctx, tx, ledger.Muted, p, by, byName)
	})
	if err != nil {
		return err
	}
	return s.mute(ctx, muted)
}

// MuteAll mutes everybody whom the actor may mute. It returns what the policy says
// of doing so at all, and what Mute returns.
func (s *Service) MuteAll(ctx context.Context, in room.ID, by account.UserID) error {
	var muted []presence
	err := s.moderateAll(ctx, in, by, room.Mute, func(tx pgx.Tx, p presence, byName string) error {
		muted = append(muted, p)
		return tell(ctx, tx, ledger.Muted, p, by, byName)
	})
	if err != nil {
		return err
	}
	return s.mute(ctx, muted)
}

// mute has the media service mute participants, if it can.
func (s *Service) mute(ctx context.Context, all []presence) error {
	return sideBySide(all, func(p presence) error {
		backend, err := s.backends.of(p.room)
		if err != nil {
			return err
		}
		if err := backend.Mute(ctx, p.liveRoom(), p.id); !errors.Is(err, media.ErrUnsupported) {
			return err
		}
		return nil
	})
}

// AskToUnmute asks a participant to unmute themselves: nobody else can. It returns
// what the policy says, and ErrNotYours.
func (s *Service) AskToUnmute(ctx context.Context, in room.ID, by account.UserID, id media.ParticipantID) error {
	return s.moderate(ctx, in, by, id, room.Ask{Action: room.Mute}, func(tx pgx.Tx, p presence, byName string) error {
		return tell(ctx, tx, ledger.UnmuteAsked, p, by, byName)
	})
}

// StopShare ends a participant's screen share, who can share again unless the
// room's switch for that is off. It returns what Mute returns.
func (s *Service) StopShare(ctx context.Context, in room.ID, by account.UserID, id media.ParticipantID) error {
	var stopped []presence
	err := s.moderate(ctx, in, by, id, room.Ask{Action: room.StopShare}, func(tx pgx.Tx, p presence, byName string) error {
		stopped = append(stopped, p)
		return tell(ctx, tx, ledger.ShareStopped, p, by, byName)
	})
	if err != nil || len(stopped) == 0 {
		return err
	}
	p := stopped[0]
	backend, err := s.backends.of(p.room)
	if err != nil {
		return err
	}
	may := p.permissions()
	if !may.Share || !backend.Capabilities().Update {
		return nil
	}
	// What may not be published ends. Should the second of these be lost, the
	// reconciler makes up for it.
	without := may
	without.Share = false
	if err := backend.Update(ctx, p.liveRoom(), p.id, without); err != nil {
		return err
	}
	return backend.Update(ctx, p.liveRoom(), p.id, may)
}

// Spotlight shows a participant large to everybody in the call, or, with an empty
// id, nobody any more. It returns what the policy says, and ErrNotYours.
func (s *Service) Spotlight(ctx context.Context, in room.ID, by account.UserID, id media.ParticipantID) error {
	if id != "" {
		return s.moderate(ctx, in, by, id, room.Ask{Action: room.Spotlight}, func(tx pgx.Tx, _ presence, byName string) error {
			return setSpotlight(ctx, tx, in, by, byName, id)
		})
	}
	return s.rooms.Hold(ctx, in, by, func(tx pgx.Tx, now room.Room, who room.Person) error {
		if err := room.Authorize(who, room.Ask{Action: room.Spotlight}, now.State()); err != nil {
			return err
		}
		byName, err := nameOf(ctx, tx, by)
		if err != nil {
			return err
		}
		return setSpotlight(ctx, tx, in, by, byName, "")
	})
}

func setSpotlight(ctx context.Context, tx pgx.Tx, in room.ID, by account.UserID, byName string, id media.ParticipantID) error {
	tag, err := tx.Exec(ctx, `
		update calls set spotlight = nullif($2, '')
		where room_id = $1 and ended_at is null and spotlight is distinct from nullif($2, '')`, in, id)
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	return ledger.Append(ctx, tx, ledger.Entry{
		Room: ledger.Room(in), Kind: ledger.Spotlit, Actor: string(by), Subject: string(id),
		Data: ledger.Data(map[string]string{"participant": string(id), "by": byName}),
	})
}

// tell appends what is done to a participant, who is told.
func tell(ctx context.Context, tx pgx.Tx, kind ledger.Kind, p presence, by account.UserID, byName string) error {
	return ledger.Append(ctx, tx, ledger.Entry{
		Room: ledger.Room(p.room.ID), Kind: kind, Actor: string(by), Subject: string(p.id),
		Data: ledger.Data(map[string]string{"by": byName}),
	})
}

// moderateAll runs do on everybody in a room's call with whom the policy lets the
// actor do what is asked. It returns what the policy says of doing it at all.
func (s *Service) moderateAll(ctx context.Context, in room.ID, by account.UserID, action room.Action, do func(tx pgx.Tx, p presence, byName string) error) error {
	return s.rooms.Hold(ctx, in, by, func(tx pgx.Tx, now room.Room, who room.Person) error {
		ask := room.Ask{Action: action}
		if err := room.Authorize(who, ask, now.State()); err != nil {
			return err
		}
		byName, err := nameOf(ctx, tx, by)
		if err != nil {
			return err
		}
		found, err := presences(ctx, tx, `grants.room_id = $1 and `+room.Present, in)
		if err != nil {
			return err
		}
		for _, p := range found {
			ask.Target = p.person
			if room.Authorize(who, ask, now.State()) != nil {
				continue
			}
			if err := do(tx, p, byName); err != nil {
				return err
			}
		}
		return nil
	})
}
