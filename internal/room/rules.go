package room

import "slices"

// The rules behind Authorize, an action each. Whoever gets here may know that
// the room exists.

func atLeast(role Role, who Person) error {
	if who.Role.rank() < role.rank() {
		return Rank
	}
	return nil
}

// moderates: moderators, owners, and who hosts the call in their place.
func moderates(who Person) error {
	if who.Hosting {
		return nil
	}
	return atLeast(Moderator, who)
}

// covers says whether somebody passes through the lobby: has to be let in.
func (in State) covers(who Person) bool {
	switch {
	case moderates(who) == nil:
		return false
	case who.Guest != "" && !who.Invited, in.Lobby == LobbyEveryone:
		return true
	}
	return in.Lobby == LobbyStrangers && atLeast(Member, who) != nil
}

// CanWait says whether somebody can be sent to the lobby of a room.
func CanWait(who Person, in State) bool { return in.covers(who) }

// mayMeet is what both entering and staying need: belonging to the room, or the
// room being open, or a guest's pass.
func mayMeet(who Person, in State) error {
	if who.Role == None && !in.Open {
		return MembersOnly
	}
	return nil
}

func enter(who Person, in State) error {
	if err := mayMeet(who, in); err != nil {
		return err
	}
	switch {
	case in.covers(who) && who.Answer == Waiting:
		return MustWait // whoever waits goes on waiting when the room is locked
	case in.Locked && atLeast(Moderator, who) != nil:
		return Locked
	case in.covers(who) && who.Answer == Denied:
		return NotAdmitted
	case in.covers(who) && who.Answer != Admitted:
		return MustWait
	case in.Full:
		return Full
	}
	return nil
}

// stay: being in ends when an approval that it rests on is withdrawn, and when
// somebody is sent back to the lobby. Who was in before a room got a lobby stays.
func stay(who Person, byApproval bool, in State) error {
	if err := mayMeet(who, in); err != nil {
		return err
	}
	switch {
	case !in.covers(who):
		return nil
	case who.Answer == Denied:
		return NotAdmitted
	case who.Answer == Waiting, byApproval && who.Answer != Admitted:
		return MustWait
	}
	return nil
}

func knock(who Person, in State) error {
	err := enter(who, in)
	if err == MustWait || err == NotAdmitted || err == Full {
		return nil
	}
	return err
}

// letIn: an approval is no way past a lock, which takes nobody new.
func letIn(who Person, in State) error {
	if err := moderates(who); err != nil {
		return err
	}
	if in.Locked {
		return UnlockFirst
	}
	return nil
}

// couldCome says whether letting somebody in from the lobby is of use: nothing
// keeps them out besides, but perhaps a lock, which has to be lifted first.
func couldCome(who Person, in State) bool {
	err := Authorize(who, Ask{Action: Knock}, in)
	return err == nil || err == Locked
}

// seePeople: who waits sees the room's name and that they wait, no more.
func seePeople(who Person, in State) error {
	if err := mayMeet(who, in); err != nil {
		return err
	}
	if in.covers(who) && who.Answer != Admitted {
		return MustWait
	}
	return nil
}

func requestToJoin(who Person) error {
	if who.User == "" || who.Role != None {
		return Rank
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

// invite: moderators invite members and, where the room takes them, guests;
// owners moderators too. Nobody is invited to own a room.
func invite(who Person, role Role, in State) error {
	switch role {
	case Guest:
		if !in.Guests {
			return Rank
		}
		return atLeast(Moderator, who)
	case Member, Moderator:
		return addMember(who, role)
	}
	return Rank
}

// revoke: an invitation is ended by whoever could have made it, one for guests
// also where the room takes none any more.
func revoke(who Person, role Role) error {
	if role == Guest {
		return atLeast(Moderator, who)
	}
	return addMember(who, role)
}

// raises says whether an invitation that gives a role makes somebody more than
// they are. Whoever belongs to a room or is its guest gains nothing by one for
// guests.
func raises(who Person, role Role) bool {
	return who.Role == None || role.rank() > who.Role.rank()
}

// changeMember: everybody may leave, moderators act on those below them and
// raise nobody to their own rank, owners act on all; an active owner remains.
func changeMember(who Person, ask Ask, in State) error {
	own := ask.Target.User == who.User
	leaving := own && ask.Action == Remove
	above := who.Role.rank() > ask.Target.Role.rank()
	switch {
	case leaving && who.Role.rank() > 0:
	case who.Role == Owner:
	case who.Role == Moderator && above && ask.NewRole.rank() < who.Role.rank():
	default:
		return Rank
	}
	if losesOwner(ask, in) {
		return LastOwner
	}
	return nil
}

// losesOwner says whether what is asked takes a room's last active owner away.
func losesOwner(ask Ask, in State) bool {
	loses := ask.Target.Role == Owner && !ask.Target.Disabled && (ask.Action == Remove || ask.NewRole != Owner)
	return loses && in.Owners <= 1
}

// transfer: to somebody who belongs to the room and can log in.
func transfer(who, target Person) error {
	if target.Role.rank() == 0 || target.Role == Owner || target.Disabled || target.Service {
		return Rank
	}
	return atLeast(Owner, who)
}

// expel: out of a call, those of a lower rank.
func expel(who, target Person) error {
	if moderates(who) != nil || who.rankInCall() <= target.Role.rank() {
		return Rank
	}
	return nil
}

func ban(who, target Person) error {
	if who.Role.rank() <= target.Role.rank() {
		return Rank
	}
	return atLeast(Moderator, who)
}

// atDesk: what administrators do with any room at the site's desk, whatever they
// are in it. They enter no call that way, read nothing that is said, and decide
// about nobody in a lobby.
func atDesk(who Person, ask Ask, in State) error {
	if !who.Administrator || in.Deleted {
		return ErrHidden
	}
	switch ask.Action {
	case See, SeePeople, ListMembers, AddMember, Expel, EndCall, Rename, SeeAttendance, SeeAudit, Configure, Delete:
		return nil
	case Transfer:
		if ask.Target.Disabled || ask.Target.Banned || ask.Target.Service {
			return Rank
		}
		return nil
	case SetRole, Remove:
		if losesOwner(ask, in) {
			return LastOwner
		}
		return nil
	}
	return Rank
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

// Successor returns the index of the one among people, who are in a call in the
// order of their coming, who hosts it when no moderator is there: the first
// member, else the first with an account; never a program. It is -1 when there are
// guests only.
func Successor(people []Person) int {
	hasAccount := func(p Person) bool { return p.User != "" && !p.Service }
	isMember := func(p Person) bool { return hasAccount(p) && atLeast(Member, p) == nil }
	if i := slices.IndexFunc(people, isMember); i >= 0 {
		return i
	}
	return slices.IndexFunc(people, hasAccount)
}

// Moderated says whether a moderator of the room is among people.
func Moderated(people []Person) bool {
	return slices.ContainsFunc(people, func(p Person) bool { return atLeast(Moderator, p) == nil })
}

// ByApproval says whether somebody who enters now does so because the lobby
// admitted them.
func ByApproval(who Person, in State) bool { return in.covers(who) && who.Answer == Admitted }

// Allowed returns those of the roles for which the policy answers yes when ask
// has it as its NewRole: what a form may offer.
func Allowed(who Person, ask Ask, in State, roles []Role) []Role {
	var allowed []Role
	for _, role := range roles {
		ask.NewRole = role
		if Authorize(who, ask, in) == nil {
			allowed = append(allowed, role)
		}
	}
	return allowed
}
