package room

import (
	"errors"
	"slices"

	"foyer/internal/account"
)

// Role is a member's role in one room. The empty role is no membership.
type Role string

// The roles, lowest first.
const (
	None      Role = ""
	Member    Role = "member"
	Moderator Role = "moderator"
	Owner     Role = "owner"
)

// Roles lists the roles that a membership can have, lowest first.
var Roles = []Role{Member, Moderator, Owner}

// rank orders people in a room. One may act on others of a lower rank.
func (r Role) rank() int { return slices.Index(Roles, r) + 1 }

// Person is somebody as the policy sees them: towards one room.
type Person struct {
	User     account.UserID // empty: not signed in
	Role     Role
	Disabled bool // the account is switched off
	// Administrator is of the site. Towards a room they are what their role says;
	// only Move is theirs alone.
	Administrator bool
}

// State is what the policy needs to know of a room.
type State struct {
	Deleted  bool
	Open     bool // any registered person may enter
	Locked   bool // nobody new may enter, but moderators
	Full     bool // no place is left
	InUse    bool // somebody is in the call, or about to be
	Owners   int  // active accounts that own it
	Switches Switches
}

// Switches say what people below moderator may publish.
type Switches struct {
	Microphone bool `json:"microphone"`
	Camera     bool `json:"camera"`
	Share      bool `json:"share"`
}

// Action is something that a person may want to do with a room.
type Action int

// The actions. Those on somebody else need Ask.Target.
const (
	See         Action = iota // know that the room exists: its name, topic, and who is in
	ListMembers               // see who belongs to it
	Enter                     // begin to be in the call
	Stay                      // go on being in the call, also after a lost connection
	AddMember                 // give Ask.NewRole to somebody who has none
	SetRole                   // give Ask.NewRole to a member
	Remove                    // end a membership; one's own: leave
	Rename                    // change name and topic
	Lock                      // lock and unlock
	Configure                 // change visibility and capacity
	Delete
	Move // have another media service carry its calls
)

// Ask is one question to the policy.
type Ask struct {
	Action  Action
	Target  Person // whom it concerns, for SetRole and Remove
	NewRole Role   // for AddMember and SetRole
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
	Locked    Refusal = "locked"
	Full      Refusal = "full"
	Rank      Refusal = "rank"       // their role does not allow it
	LastOwner Refusal = "last_owner" // somebody must own the room
	InUse     Refusal = "in_use"     // not during a call
)

func (r Refusal) Error() string { return "room: refused: " + string(r) }

// Authorize says whether who may do what is asked in a room of the given state:
// nil, ErrSignIn, ErrHidden or a Refusal. It holds every rule of access; no
// other place compares roles.
func Authorize(who Person, ask Ask, in State) error {
	switch {
	case who.User == "" || who.Disabled:
		return ErrSignIn
	case ask.Action == Move:
		return move(who, in)
	case in.Deleted || who.Role == None && !in.Open:
		return ErrHidden
	}
	switch ask.Action {
	case See, Stay:
		return nil
	case Enter:
		return enter(who, in)
	case ListMembers:
		return atLeast(Member, who)
	case AddMember:
		return addMember(who, ask.NewRole)
	case SetRole, Remove:
		return changeMember(who, ask, in)
	case Rename, Lock:
		return atLeast(Moderator, who)
	case Configure, Delete:
		return atLeast(Owner, who)
	}
	return Rank
}

func atLeast(role Role, who Person) error {
	if who.Role.rank() < role.rank() {
		return Rank
	}
	return nil
}

func enter(who Person, in State) error {
	if in.Locked && atLeast(Moderator, who) != nil {
		return Locked
	}
	if in.Full {
		return Full
	}
	return nil
}

// move is for administrators of the site, who need not know the room.
func move(who Person, in State) error {
	switch {
	case !who.Administrator || in.Deleted:
		return ErrHidden
	case in.InUse:
		return InUse
	}
	return nil
}

// addMember: moderators add members, owners anybody.
func addMember(who Person, role Role) error {
	if role == Member {
		return atLeast(Moderator, who)
	}
	return atLeast(Owner, who)
}

// changeMember: everybody may leave, moderators act on those below them and
// raise nobody to their own rank, owners act on all; an active owner remains.
func changeMember(who Person, ask Ask, in State) error {
	own := ask.Target.User == who.User
	leaving := own && ask.Action == Remove
	above := who.Role.rank() > ask.Target.Role.rank()
	switch {
	case leaving && who.Role != None:
	case who.Role == Owner:
	case who.Role == Moderator && above && ask.NewRole.rank() < who.Role.rank():
	default:
		return Rank
	}
	losesOwner := ask.Target.Role == Owner && !ask.Target.Disabled && (ask.Action == Remove || ask.NewRole != Owner)
	if losesOwner && in.Owners <= 1 {
		return LastOwner
	}
	return nil
}

// Publishing says what a person who is in the room may publish.
func Publishing(who Person, in State) Switches {
	if atLeast(Moderator, who) == nil {
		return Switches{Microphone: true, Camera: true, Share: true}
	}
	return in.Switches
}

// Allowed returns those of the roles for which the policy answers yes when ask
// has it as its NewRole: what a form may offer.
func Allowed(who Person, ask Ask, in State) []Role {
	var roles []Role
	for _, role := range Roles {
		ask.NewRole = role
		if Authorize(who, ask, in) == nil {
			roles = append(roles, role)
		}
	}
	return roles
}
