package invariant_test

import (
	"errors"

	"foyer/internal/account"
	"foyer/internal/call"
	"foyer/internal/media/mediatest"
	"foyer/internal/room"
)

// The model is what should be: it knows what was done, and asks the policy, but
// neither the database nor the media server.

// name is who somebody is in the test.
type name string

// someone is a person with an account. Their session is another one after each
// time they are signed out.
type someone struct {
	user    account.UserID
	token   account.Token
	session int
}

// seat is one person towards one room.
type seat struct {
	person     room.Person
	token      account.Token // a guest's; empty for people with an account
	invitation string

	// Of the last time they joined.
	ticket     call.Ticket
	client     mediatest.Client
	state      state
	revoked    bool // that presence is over for good
	unsure     bool // unless they had left before: they crashed, and nobody knows when that was noticed
	byApproval bool
	session    int
	call       int
}

type state int

const (
	out     state = iota
	in            // and connected
	crashed       // the media server may not know yet that they are gone
)

// house of the model: a room, with who may be what in it.
type chamber struct {
	room     room.Room
	state    room.State
	capacity int
	call     int // counts the calls
	seats    map[name]*seat
}

// taken counts who surely takes a place, and who perhaps does.
func (c *chamber) taken() (surely, perhaps int) {
	for _, s := range c.seats {
		switch s.state {
		case in:
			surely++
		case crashed:
			perhaps++
		}
	}
	return surely, perhaps
}

// may is what the policy says to entering. When who crashed decides whether a
// place is left, it has two answers.
func (c *chamber) may(s *seat) (answers []error) {
	surely, perhaps := c.taken()
	state := c.state
	state.Full = surely >= c.capacity
	answers = append(answers, room.Authorize(s.person, room.Ask{Action: room.Enter}, state))
	state.Full = surely+perhaps >= c.capacity
	return append(answers, room.Authorize(s.person, room.Ask{Action: room.Enter}, state))
}

// mayStay says whether the presence of a seat holds.
func (c *chamber) mayStay(s *seat, session int) bool {
	return !s.revoked && s.call == c.call && s.session == session &&
		room.Authorize(s.person, room.Ask{Action: room.Stay, ByApproval: s.byApproval}, c.state) == nil
}

// mayReturn says whether the token of a seat opens the call again, and whether
// that depends on who crashed.
func (c *chamber) mayReturn(s *seat, session int) (may, unsure bool) {
	if !c.mayStay(s, session) {
		return false, s.unsure
	}
	surely, perhaps := c.taken()
	switch s.state {
	case in:
		return true, false
	case crashed:
		// Theirs is one of the places, unless it was noticed that they are gone.
		return true, surely+perhaps > c.capacity
	}
	return surely < c.capacity, surely < c.capacity && surely+perhaps >= c.capacity
}

// like says whether an error is the one that is wanted.
func like(got, want error) bool {
	if want == nil || got == nil {
		return got == want
	}
	return errors.Is(got, want)
}
