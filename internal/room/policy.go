package room

import "errors"

// Lobby says who must wait until a moderator lets them in. Guests who were not
// invited always must.
type Lobby string

// The lobbies. The zero value is LobbyOff.
const (
	LobbyOff       Lobby = "off"
	LobbyStrangers Lobby = "strangers" // who does not belong to the room
	LobbyEveryone  Lobby = "everyone"  // everybody below moderator
)

// State is what the policy needs to know of a room.
type State struct {
	Deleted  bool
	Open     bool // any registered person may enter
	Listed   bool // any registered person may know of it and ask to belong to it
	Guests   bool // people without an account may come in
	Lobby    Lobby
	Locked   bool // nobody new may enter, but moderators
	Full     bool // no place is left
	InUse    bool // somebody is in the call, or about to be
	Owners   int  // active accounts that own it
	Switches Switches
	History  bool // what is written is kept for members
}

// Action is something that a person may want to do with a room.
type Action int

// The actions. Those on somebody else need Ask.Target.
const (
	See            Action = iota // know that the room exists: its name
	SeePeople                    // see the topic and who is in
	ListMembers                  // see who belongs to it
	Enter                        // begin to be in the call
	Stay                         // go on being in the call, also after a lost connection
	Knock                        // ask in the lobby to be let in
	TryConnection                // find out whether a call could be reached, without being in it
	RequestToJoin                // ask to become a member
	AddMember                    // give Ask.NewRole to somebody who has none
	SetRole                      // give Ask.NewRole to a member
	Remove                       // end a membership; one's own: leave
	Transfer                     // make a member the owner in one's own place
	Invite                       // make an invitation that gives Ask.NewRole
	Revoke                       // see and end an invitation that gives Ask.NewRole
	ManageLobby                  // see who waits, deny
	LetIn                        // let in who waits
	Expel                        // put somebody out of the call, or back into the lobby
	Ban                          // close the room to somebody
	ManageBans                   // see and lift bans
	EndCall                      // end the call for everyone
	ReadChat                     // read what is written: in the call from entering on
	ReadHistory                  // read what was written before one came
	Chat                         // write in the chat
	DeleteMessage                // delete what somebody else wrote
	React                        // send a reaction
	RaiseHand                    // raise one's hand
	Mute                         // mute somebody, ask them to unmute
	StopShare                    // end somebody's screen share
	LowerHand                    // lower somebody's hand
	Spotlight                    // show somebody large to everyone
	SetSwitches                  // change what people below moderator may do in the call
	Rename                       // change name and topic
	Lock                         // lock and unlock
	SeeAttendance                // see who was in which call, and for how long
	SeeAudit                     // see who changed who may do what
	ManageWebhooks               // have other programs told of what happens in it
	Configure                    // change who may enter, how, and how many
	Delete
	Move // have another media service carry its calls
)

// Ask is one question to the policy.
type Ask struct {
	Action     Action
	Target     Person // whom it concerns, for SetRole, Remove, Transfer, Expel, Ban, Mute, StopShare, LowerHand and Spotlight
	NewRole    Role   // for AddMember, SetRole, Invite and Revoke
	ByApproval bool   // for Stay: they came in because the lobby admitted them
	InCall     bool   // for ReadChat, Chat, React and RaiseHand: they are in the call
}

var (
	// ErrHidden refuses without telling that the room exists: the answer is the
	// same as for a room that does not.
	ErrHidden = errors.New("room: not found")
	// ErrSignIn refuses because nobody is signed in, or their account is
	// switched off.
	ErrSignIn = errors.New("room: sign in first")
)

// Refusal is a no inside a room that the person may know of.
type Refusal string

// The refusals.
const (
	Locked      Refusal = "locked"
	Full        Refusal = "full"
	MustWait    Refusal = "lobby"        // a moderator has to let them in
	NotAdmitted Refusal = "denied"       // a moderator said no
	MembersOnly Refusal = "members_only" // one may know of the room, but not enter
	Rank        Refusal = "rank"         // their role does not allow it
	LastOwner   Refusal = "last_owner"   // somebody must own the room
	InUse       Refusal = "in_use"       // not during a call
	NotInCall   Refusal = "not_in_call"  // only while they are in the call
	SwitchedOff Refusal = "switched_off" // the room's switches keep it to moderators
	Shut        Refusal = "banned"       // the room is closed to whom a program would let in
	UnlockFirst Refusal = "unlock_first" // nobody can be let in while the room is locked
)

func (r Refusal) Error() string { return "room: refused: " + string(r) }

// Authorize says whether who may do what is asked in a room of the given state:
// nil, ErrSignIn, ErrHidden or a Refusal. It holds every rule of access; no
// other place compares roles.
func Authorize(who Person, ask Ask, in State) error {
	switch {
	case who.User == "" && who.Guest == "" || who.Disabled:
		return ErrSignIn
	case ask.Action == Move:
		return move(who, in)
	case who.AtDesk:
		return atDesk(who, ask, in)
	case in.Deleted, who.Banned:
		return ErrHidden
	case who.Guest != "" && !(in.Guests && (who.Invited || in.Open)):
		return ErrHidden
	case who.User != "" && who.Role == None && !in.Open && !in.Listed:
		return ErrHidden
	}
	switch ask.Action {
	case See:
		return nil
	case SeePeople:
		return seePeople(who, in)
	case Enter:
		return enter(who, in)
	case Stay:
		return stay(who, ask.ByApproval, in)
	case Knock:
		return knock(who, in)
	case TryConnection:
		return mayMeet(who, in)
	case RequestToJoin:
		return requestToJoin(who)
	case ListMembers:
		return atLeast(Member, who)
	case AddMember:
		return addMember(who, ask.NewRole)
	case SetRole, Remove:
		return changeMember(who, ask, in)
	case Transfer:
		return transfer(who, ask.Target)
	case Invite:
		return invite(who, ask.NewRole, in)
	case Revoke:
		return revoke(who, ask.NewRole)
	case ManageLobby, EndCall, SetSwitches, DeleteMessage, Lock:
		return moderates(who)
	case LetIn:
		return letIn(who, in)
	case ReadChat:
		return readChat(who, ask.InCall, in)
	case ReadHistory:
		return readHistory(who, in)
	case Chat:
		return switched(who, ask.InCall, in, Permitted(who, in).Chat)
	case React, RaiseHand:
		return gesture(who, ask.InCall, in)
	case Mute, StopShare, LowerHand:
		return lead(who, ask.Target)
	case Spotlight:
		return spotlight(who, ask.Target)
	case Expel:
		return expel(who, ask.Target)
	case Ban:
		return ban(who, ask.Target)
	case ManageBans, Rename, SeeAttendance:
		return atLeast(Moderator, who)
	case Configure, Delete, SeeAudit, ManageWebhooks:
		return atLeast(Owner, who)
	}
	return Rank
}
