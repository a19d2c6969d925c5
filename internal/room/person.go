package room

import (
	"slices"

	"foyer/internal/account"
)

// Role is what somebody is in one room. The empty role is neither member nor
// guest.
type Role string

// The roles, lowest first.
const (
	None      Role = ""
	Guest     Role = "guest" // in without an account
	Member    Role = "member"
	Moderator Role = "moderator"
	Owner     Role = "owner"
)

// Roles lists the roles that a membership can have, lowest first.
var Roles = []Role{Member, Moderator, Owner}

// InvitationRoles lists the roles that an invitation can give, lowest first.
var InvitationRoles = []Role{Guest, Member, Moderator}

// rank orders people in a room. One may act on others of a lower rank.
func (r Role) rank() int { return slices.Index(Roles, r) + 1 }

// Person is somebody as the policy sees them: towards one room.
type Person struct {
	User     account.UserID  // empty for guests, and for who is not signed in
	Guest    account.GuestID // empty for people with an account
	Role     Role
	Disabled bool   // the account is switched off; a guest's pass is over
	Banned   bool   // this room is closed to them
	Invited  bool   // a guest who came by an invitation, or whom a program vouches for
	Answer   Answer // what the lobby says of them
	Hosting  bool   // hosts the call that goes on, while no moderator is in it
	Service  bool   // a program's account, which nobody logs in to
	// Administrator is of the site. Towards a room they are what their role says;
	// only Move is theirs alone, and what they do AtDesk.
	Administrator bool
	// AtDesk says that they act as administrator of the site, at /admin.
	AtDesk bool
}

// id names the person whether or not they have an account.
func (p Person) id() string { return string(p.User) + string(p.Guest) }

// rankInCall is the person's rank towards others in the call: who hosts it ranks
// as a moderator.
func (p Person) rankInCall() int {
	if p.Hosting {
		return max(p.Role.rank(), Moderator.rank())
	}
	return p.Role.rank()
}

// Answer is where somebody stands with a room's lobby during one call.
type Answer string

// The answers.
const (
	NotAsked Answer = ""
	Waiting  Answer = "waiting"
	Admitted Answer = "admitted"
	Denied   Answer = "denied"
)
