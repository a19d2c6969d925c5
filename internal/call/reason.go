package call

import (
	"errors"

	"foyer/internal/room"
)

// Reason says why a participant's presence is over, or was refused. It is part
// of what browsers are told.
type Reason string

// The reasons.
const (
	RemovedFromRoom Reason = "removed"      // lost the membership, or what else let them in
	RoomDeleted     Reason = "room_deleted" // the room is gone
	CallEnded       Reason = "call_ended"   // this call was ended for everyone
	SignedOut       Reason = "signed_out"   // the session that joined has ended
	Disabled        Reason = "disabled"     // the account was switched off
	Locked          Reason = "locked"
	Full            Reason = "full"
)

// Sentence tells the participant what happened. By is the name of the person who
// did it, or empty.
func (r Reason) Sentence(by string) string {
	switch r {
	case RoomDeleted:
		if by != "" {
			return by + " deleted this room."
		}
		return "This room was deleted."
	case CallEnded:
		return "The call has ended."
	case SignedOut:
		return "You are signed out, so the call has ended for you."
	case Disabled:
		return "Your account is switched off."
	case Locked:
		return "The room is locked. Ask somebody inside to unlock it."
	case Full:
		return "The room is full. Try again when somebody has left."
	}
	if by != "" {
		return by + " removed you from this room."
	}
	return "You no longer belong to this room."
}

// OwnSentence tells the participant what happened when they did it themselves.
func (r Reason) OwnSentence() string {
	switch r {
	case RoomDeleted:
		return "You deleted this room."
	case RemovedFromRoom:
		return "You left this room."
	}
	return r.Sentence("")
}

// over says why a presence cannot go on, or is empty when it can.
func (p presence) over() Reason {
	switch {
	case p.revoked != nil:
		return p.reason
	case p.room.DeletedAt != nil:
		return RoomDeleted
	case p.generation != p.room.Generation:
		return CallEnded
	case p.person.Disabled:
		return Disabled
	case p.session == "":
		return SignedOut
	}
	return refused(room.Authorize(p.person, room.Ask{Action: room.Stay}, p.room.State()))
}

// barred says why a connection of the presence cannot begin now, or is empty
// when it can. Taken is how many places of the room are taken.
func (p presence) barred(taken int) Reason {
	if reason := p.over(); reason != "" {
		return reason
	}
	p.room.Present = taken
	if p.left == nil {
		p.room.Present-- // one of these places is theirs
	}
	state := p.room.State()
	if p.connected != nil {
		state.Locked = false // they are not new
	}
	return refused(room.Authorize(p.person, room.Ask{Action: room.Enter}, state))
}

func refused(err error) Reason {
	var refusal room.Refusal
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refusal) && refusal == room.Locked:
		return Locked
	case errors.As(err, &refusal) && refusal == room.Full:
		return Full
	}
	return RemovedFromRoom
}
