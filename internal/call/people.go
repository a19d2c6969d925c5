package call

import (
	"context"

	"foyer/internal/room"
)

// People is who is in a call and what somebody who looks at them may do there.
type People struct {
	May      May           `json:"may"`
	Locked   bool          `json:"locked"`   // the room
	Switches room.Switches `json:"switches"` // what people below moderator may do
	People   []Seat        `json:"people"`   // in the order of their coming
}

// May is what somebody may do in a call, besides what they may do with each
// person.
type May struct {
	ManageLobby bool `json:"manage_lobby"` // let in who waits
	Ban         bool `json:"ban"`          // deny and block who waits
	EndCall     bool `json:"end_call"`
	Lock        bool `json:"lock"`
	Switch      bool `json:"switch"` // turn the room's switches
	Lead        bool `json:"lead"`   // mute all, lower all hands, end a spotlight
	// DeleteMessages of others.
	DeleteMessages bool `json:"delete_messages"`
}

// Seat is a participant, with what somebody else may do with them.
type Seat struct {
	Who
	Invited bool `json:"invited"` // a guest who came by an invitation
	Remove  bool `json:"remove"`  // may be put out of the call
	Lobby   bool `json:"lobby"`   // may be sent to the lobby
	Ban     bool `json:"ban"`     // may be put out and shut out

	Mute      bool `json:"mute"` // may be muted, and asked to unmute
	StopShare bool `json:"stop_share"`
	LowerHand bool `json:"lower_hand"`
	Spotlight bool `json:"spotlight"`
}

// People lists who is in the call of the room of a visit and what the visitor
// may do with each of them. It returns what the policy says of seeing them.
func (s *Service) People(ctx context.Context, v room.Visit) (People, error) {
	if err := v.May(room.Ask{Action: room.SeePeople}); err != nil {
		return People{}, err
	}
	found, err := presences(ctx, s.pool, `grants.room_id = $1 and grants.connected_at is not null and `+room.Present+`
		order by grants.connected_at, grants.id`, v.Room.ID)
	if err != nil {
		return People{}, err
	}
	may := func(action room.Action, target room.Person) bool {
		return v.May(room.Ask{Action: action, Target: target}) == nil
	}
	people := People{
		May: May{
			ManageLobby:    may(room.ManageLobby, room.Person{}),
			Ban:            may(room.Ban, room.Person{}),
			EndCall:        may(room.EndCall, room.Person{}),
			Lock:           may(room.Lock, room.Person{}),
			Switch:         may(room.SetSwitches, room.Person{}),
			Lead:           may(room.Mute, room.Person{}),
			DeleteMessages: may(room.DeleteMessage, room.Person{}),
		},
		Locked:   v.Room.LockedAt != nil,
		Switches: v.Room.Switches,
		People:   make([]Seat, len(found)),
	}
	for i, p := range found {
		remove := may(room.Expel, p.person)
		people.People[i] = Seat{
			Who: p.who(), Invited: p.person.Invited, Remove: remove,
			Lobby: remove && room.CanWait(p.person, v.Room.State()), Ban: may(room.Ban, p.person),
			Mute: may(room.Mute, p.person), StopShare: may(room.StopShare, p.person),
			LowerHand: may(room.LowerHand, p.person), Spotlight: may(room.Spotlight, p.person),
		}
	}
	return people, nil
}
