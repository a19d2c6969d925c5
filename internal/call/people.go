package call

import (
	"context"

	"foyer/internal/room"
)

// People is who is in a call and what somebody who looks at them may do there.
type People struct {
	May    May    `json:"may"`
	People []Seat `json:"people"` // in the order of their coming
}

// May is what somebody may do in a call, besides what they may do with each
// person.
type May struct {
	ManageLobby bool `json:"manage_lobby"` // let in who waits
	Ban         bool `json:"ban"`          // deny and block who waits
	EndCall     bool `json:"end_call"`
}

// Seat is a participant, with what somebody else may do with them.
type Seat struct {
	Who
	Invited bool `json:"invited"` // a guest who came by an invitation
	Remove  bool `json:"remove"`  // may be put out of the call
	Lobby   bool `json:"lobby"`   // may be sent to the lobby
	Ban     bool `json:"ban"`     // may be put out and shut out
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
			ManageLobby: may(room.ManageLobby, room.Person{}),
			Ban:         may(room.Ban, room.Person{}),
			EndCall:     may(room.EndCall, room.Person{}),
		},
		People: make([]Seat, len(found)),
	}
	for i, p := range found {
		remove := may(room.Expel, p.person)
		people.People[i] = Seat{
			Who: p.who(), Invited: p.person.Invited, Remove: remove,
			Lobby: remove && room.CanWait(p.person, v.Room.State()), Ban: may(room.Ban, p.person),
		}
	}
	return people, nil
}
