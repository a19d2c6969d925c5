package room

import (
	"context"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/ledger"
)

// Switches say what people may do in a call, besides being there.
type Switches struct {
	Microphone bool `json:"microphone"`
	Camera     bool `json:"camera"`
	Share      bool `json:"share"`
	Chat       bool `json:"chat"`      // write; reading needs none
	Reactions  bool `json:"reactions"` // and hands
}

// AllOn is what moderators may do, and others in a new room.
var AllOn = Switches{Microphone: true, Camera: true, Share: true, Chat: true, Reactions: true}

// Permitted says what a person who is in the room may do there: moderators, and
// who hosts the call in their place, everything, others what the room's switches
// say.
func Permitted(who Person, in State) Switches {
	if moderates(who) == nil {
		return AllOn
	}
	return in.Switches
}

// readChat: members read what was written while they were not there, others what
// is written while they are.
func readChat(who Person, inCall bool, in State) error {
	if err := stay(who, false, in); err != nil {
		return err
	}
	if !inCall && atLeast(Member, who) != nil {
		return NotInCall
	}
	return nil
}

// readHistory: members, where the room keeps what is written.
func readHistory(who Person, in State) error {
	if err := readChat(who, false, in); err != nil {
		return err
	}
	if !in.History {
		return NotInCall
	}
	return nil
}

// switched is for what a switch of the room is about. Whoever may not read, or is
// not in the call, learns nothing of the switches.
func switched(who Person, inCall bool, in State, on bool) error {
	if err := readChat(who, inCall, in); err != nil {
		return err
	}
	if !on {
		return SwitchedOff
	}
	return nil
}

// gesture: members write when nobody is there, but hands and reactions are for
// those in the call.
func gesture(who Person, inCall bool, in State) error {
	if err := switched(who, inCall, in, Permitted(who, in).Reactions); err != nil || inCall {
		return err
	}
	return NotInCall
}

// lead: whoever moderates a call acts in it on those of a lower rank, owners on
// all others.
func lead(who, target Person) error {
	switch {
	case moderates(who) != nil, who.id() == target.id():
		return Rank
	case who.Role == Owner, who.rankInCall() > target.Role.rank():
		return nil
	}
	return Rank
}

// spotlight: also oneself. It gives nobody a right, and whoever leads a call is
// often the one to be seen.
func spotlight(who, target Person) error {
	if who.id() == target.id() {
		return moderates(who)
	}
	return lead(who, target)
}

// SwitchNames are the names of the switches, in the order in which they are shown.
var SwitchNames = []string{"microphone", "camera", "share", "chat", "reactions"}

// At is where the switch of one of the SwitchNames is; nil for another name.
func (s *Switches) At(name string) *bool {
	switch name {
	case "microphone":
		return &s.Microphone
	case "camera":
		return &s.Camera
	case "share":
		return &s.Share
	case "chat":
		return &s.Chat
	case "reactions":
		return &s.Reactions
	}
	return nil
}

// SetSwitches turns a room's switches: what people below moderator may do in its
// calls, for who hosts one until that ends. Calls that go on follow. Turn gets
// them as they are and changes those that it is about, so that two people can turn
// two of them at once. It returns what the policy says.
func (s *Store) SetSwitches(ctx context.Context, id ID, by account.UserID, turn func(*Switches)) error {
	return s.lead(ctx, id, by, SetSwitches, func(tx pgx.Tx, now Room) error {
		to := now.Switches
		turn(&to)
		return setSwitches(ctx, tx, now, by, to)
	})
}

func setSwitches(ctx context.Context, tx pgx.Tx, now Room, by account.UserID, to Switches) error {
	if to == now.Switches {
		return nil
	}
	if _, err := tx.Exec(ctx, `update rooms set switches = $2 where id = $1`, now.ID, to); err != nil {
		return err
	}
	return ledger.Append(ctx, tx, ledger.Entry{
		Room: ledger.Room(now.ID), Kind: ledger.RoomSwitched, Actor: string(by), Data: ledger.Data(to),
	})
}

func setLocked(ctx context.Context, tx pgx.Tx, now Room, by account.UserID, locked bool) error {
	if locked == (now.LockedAt != nil) {
		return nil
	}
	kind := ledger.RoomUnlocked
	if locked {
		kind = ledger.RoomLocked
	}
	_, err := tx.Exec(ctx, `update rooms set locked_at = case when $2 then now() end where id = $1`, now.ID, locked)
	if err != nil {
		return err
	}
	return ledger.Append(ctx, tx, ledger.Entry{Room: ledger.Room(now.ID), Kind: kind, Actor: string(by)})
}
