package call

import (
	"errors"

	"foyer/internal/room"
	"foyer/internal/words"
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
	PassOver        Reason = "pass_over" // a guest's invitation was withdrawn, or a moderator ended the stay
	Expelled        Reason = "expelled"  // put out of this call; what let them in still does
	SentToLobby     Reason = "lobby"     // has to wait until a moderator lets them in
	NotAdmitted     Reason = "denied"    // a moderator did not let them in
	Replaced        Reason = "replaced"  // the same page came back as another participant
	Gone            Reason = "gone"      // the program that let them in says that they have left
)

// Sentence tells the participant what happened. By is the name of the person who
// did it, or empty.
func (r Reason) Sentence(by string) string {
	switch r {
	case RoomDeleted:
		if by != "" {
			return words.Text("ending.by_deleted", "by", by)
		}
		return words.Text("ending.this_room_was_deleted")
	case CallEnded:
		if by != "" {
			return words.Text("ending.by_ended", "by", by)
		}
		return words.Text("ending.the_call_has_ended")
	case SignedOut:
		return words.Text("ending.you_are_signed_out_so")
	case Disabled:
		return words.Text("ending.your_account_is_switched_off")
	case Locked:
		return words.Text("ending.the_room_is_locked_ask")
	case Full:
		return words.Text("ending.the_room_is_full_try")
	case PassOver:
		return words.Text("ending.your_invitation_to_this_room")
	case Expelled:
		if by != "" {
			return words.Text("ending.by_removed_from_call", "by", by)
		}
		return words.Text("ending.you_were_removed_from_the")
	case SentToLobby:
		if by != "" {
			return words.Text("ending.by_moved_to_lobby", "by", by)
		}
		return words.Text("ending.you_have_to_wait_until")
	case NotAdmitted:
		return words.Text("ending.you_were_not_let_in")
	case Replaced:
		return words.Text("ending.you_joined_again")
	case Gone:
		return words.Text("ending.you_left")
	}
	if by != "" {
		return words.Text("ending.by_removed", "by", by)
	}
	return words.Text("ending.you_no_longer_belong_to")
}

// OwnSentence tells the participant what happened when they did it themselves.
func (r Reason) OwnSentence() string {
	switch r {
	case RoomDeleted:
		return words.Text("ending.you_deleted_this_room")
	case RemovedFromRoom:
		return words.Text("ending.you_left_this_room")
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
	case p.generation != p.room.Generation, p.callOver:
		return CallEnded
	case p.person.Guest != "" && (p.person.Disabled || p.session == ""):
		return PassOver
	case p.person.Disabled:
		return Disabled
	case p.session == "":
		return SignedOut
	}
	return refused(room.Authorize(p.person, room.Ask{Action: room.Stay, ByApproval: p.byApproval}, p.room.State()))
}

// barred says why a connection of the presence cannot begin now, or is empty
// when it can. Whether a place is left is asked when they take it.
func (p presence) barred() Reason {
	if reason := p.over(); reason != "" || p.connected != nil || p.returns {
		return reason // who was in already is not new, and need not ask again
	}
	return refused(room.Authorize(p.person, room.Ask{Action: room.Enter}, p.room.State()))
}

func refused(err error) Reason {
	var refusal room.Refusal
	if !errors.As(err, &refusal) {
		if err == nil {
			return ""
		}
		return RemovedFromRoom
	}
	switch refusal {
	case room.Locked:
		return Locked
	case room.Full:
		return Full
	case room.MustWait:
		return SentToLobby
	case room.NotAdmitted:
		return NotAdmitted
	}
	return RemovedFromRoom
}
