package invariant_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/account"
	"foyer/internal/media"
	"foyer/internal/media/livekit/livekittest"
	"foyer/internal/room"
)

// Random sequences of everything that changes who may be in which room, on two
// rooms at once. After each step the media server itself is asked who is in.
func TestWhoIsInIsWhoMayBe(t *testing.T) {
	h := newHouse(t)
	happened := make(map[string]int)
	defer func() { t.Logf("what happened: %v", happened) }()
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(h, r)
		w.happened = happened
		defer w.close()
		// Coming and going is most of what happens. What is drawn leans towards
		// the beginning of a list.
		steps := []step{
			{"join", w.join}, {"leave", w.leave}, {"reconnect", w.reconnect}, {"join", w.join}, {"leave", w.leave}, {"reconnect", w.reconnect},
			{"lobby", w.lobby}, {"knock", w.knock}, {"admit", w.admit}, {"join", w.join}, {"set role", w.setRole}, {"leave", w.leave},
			{"reconnect", w.reconnect}, {"join", w.join}, {"knock", w.knock}, {"admit", w.admit}, {"join", w.join}, {"deny", w.deny},
			{"send to lobby", w.sendToLobby}, {"crash", w.crash}, {"reconnect", w.reconnect}, {"join", w.join}, {"lock", w.lock},
			{"remove", w.remove}, {"set role", w.setRole}, {"join", w.join}, {"ban", w.ban}, {"lift bans", w.lift}, {"expel", w.expel},
			{"invite", w.inviteAgain}, {"join", w.join}, {"leave", w.leave}, {"reconnect", w.reconnect}, {"visibility", w.visibility},
			{"guests", w.takeGuests}, {"join", w.join}, {"revoke", w.revoke}, {"sign out", w.signOut}, {"join", w.join}, {"end call", w.endCall},
			{"invite", w.inviteAgain}, {"admit", w.admit}, {"join", w.join}, {"reconnect", w.reconnect}, {"visibility", w.visibility},
			{"guests", w.takeGuests}, {"lobby", w.lobby},
		}
		for done := 0; done < length; {
			next := steps[rapid.IntRange(0, len(steps)-1).Draw(r, "step")]
			if next.do(r) {
				happened[next.name]++
				done++
				w.check(r)
			}
		}
	})
}

// step is one thing that happens.
type step struct {
	name string
	do   func(*rapid.T) bool // false when there was nothing to do
}

// length is how many steps one run takes.
const length = 60

const owner, guest = name("ana"), name("zoe")

// others are those who come and go; the owner is always in, so that the calls
// have a moderator.
var others = []name{"ben", "cleo", "eve", guest}

// world is one run: the model, and what it is compared with.
type world struct {
	*house
	people   map[name]*someone
	chambers []*chamber
	clients  map[name]*livekittest.Process
	happened map[string]int // counts what the steps met with
}

func newWorld(h *house, r *rapid.T) *world {
	w := &world{house: h, people: make(map[name]*someone), clients: make(map[name]*livekittest.Process)}
	for _, n := range append([]name{owner}, others...) {
		w.clients[n] = livekittest.Start(h.TB)
		if n != guest {
			user := h.register(string(n)).ID
			w.people[n] = &someone{user: user, token: h.session(user)}
		}
	}
	for i := range 2 {
		c := &chamber{capacity: 3, seats: make(map[name]*seat), state: room.State{Open: true, Guests: true, Lobby: room.LobbyOff, Owners: 1}}
		created, err := h.rooms.Create(h.Context(), w.people[owner].user, room.Draft{
			Name: fmt.Sprint("Room ", i), Visibility: room.Open, Backend: "livekit",
		})
		if err != nil {
			r.Fatal(err)
		}
		c.room = created
		h.sql(`update rooms set guests = true, capacity = $2 where id = $1`, created.ID, c.capacity)
		for _, n := range others {
			c.seats[n] = &seat{person: room.Person{User: w.user(n)}}
		}
		c.seats[owner] = &seat{person: room.Person{User: w.user(owner), Role: room.Owner}}
		w.chambers = append(w.chambers, c)
		w.invite(c)
		w.enter(r, c, owner)
	}
	return w
}

// close ends the calls of the run and their clients.
func (w *world) close() {
	for _, c := range w.chambers {
		if err := w.rooms.Delete(w.Context(), c.room.ID, w.user(owner)); err != nil {
			w.Error(err)
		}
	}
	for _, p := range w.clients {
		p.Kill()
	}
}

func (w *world) user(n name) account.UserID {
	if p := w.people[n]; p != nil {
		return p.user
	}
	return ""
}

func (w *world) token(c *chamber, n name) account.Token {
	if p := w.people[n]; p != nil {
		return p.token
	}
	return c.seats[n].token
}

func (w *world) session(n name) int {
	if p := w.people[n]; p != nil {
		return p.session
	}
	return 0
}

// invite makes a new guest of a room.
func (w *world) invite(c *chamber) {
	s := &seat{}
	s.token, s.invitation = w.guest(string(guest), c.room.ID)
	s.person = room.Person{Guest: account.GuestID(s.invitation), Role: room.Guest, Invited: true}
	c.seats[guest] = s
}

// enter has somebody join and connect, who may.
func (w *world) enter(r *rapid.T, c *chamber, n name) {
	s := c.seats[n]
	ticket, err := w.calls.Join(w.Context(), w.token(c, n), c.room.Slug, "")
	if err != nil {
		r.Fatalf("%s joins: %v", n, err)
	}
	if s.client != nil {
		s.client.Leave()
	}
	s.ticket, s.revoked, s.unsure, s.state = ticket, false, false, out
	s.byApproval, s.session, s.call = room.ByApproval(s.person, c.state), w.session(n), c.call
	w.connect(r, c, n)
}

func (w *world) connect(r *rapid.T, c *chamber, n name) {
	s := c.seats[n]
	client, err := w.clients[n].Enter(w.TB, livekittest.EnterArgs{URL: w.gate, Token: s.ticket.Grant.Token, Single: true})
	if err != nil {
		r.Fatalf("%s connects: %v", n, err)
	}
	s.client, s.state = client, in
}

// settle ends in the model the presences that do not hold any more: for good, but
// of those who had left already, who may come back once they may be in again.
func (w *world) settle() {
	for _, c := range w.chambers {
		for n, s := range c.seats {
			if s.state != out && !c.mayStay(s, w.session(n)) {
				s.revoked, s.unsure, s.state = true, s.state == crashed, out
			}
		}
	}
}

// check compares who the media server says is in with who should be.
func (w *world) check(r *rapid.T) {
	w.settle()
	w.sql(`update lobby set seen_at = now()`) // their pages are still there
	const patience = 2 * time.Minute
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		wrong := w.differences()
		if len(wrong) == 0 {
			return
		}
		if time.Now().After(deadline) {
			r.Fatalf("not within %v:\n%s", patience, strings.Join(wrong, "\n"))
		}
	}
}

func (w *world) differences() (wrong []string) {
	for i, c := range w.chambers {
		live, err := w.live(c)
		if err != nil {
			return append(wrong, err.Error()) // a busy machine may take longer than it has
		}
		for n, s := range c.seats {
			id := s.ticket.Participant
			present := slices.Contains(live, id)
			switch {
			case s.state == in && !present:
				wrong = append(wrong, fmt.Sprintf("%s is not in room %d", n, i))
			case s.state == out && present:
				wrong = append(wrong, fmt.Sprintf("%s is in room %d", n, i))
			}
			live = slices.DeleteFunc(live, func(p media.ParticipantID) bool { return p == id })
		}
		for _, id := range live {
			wrong = append(wrong, fmt.Sprintf("somebody of before, %s, is in room %d", id, i))
		}
	}
	return wrong
}

// live asks the media server, whatever the generation of the call.
func (w *world) live(c *chamber) (ids []media.ParticipantID, err error) {
	calls, err := w.media.Live(w.Context())
	if err != nil {
		return nil, err
	}
	for live, people := range calls {
		if strings.HasPrefix(string(live), media.RoomPrefix+string(c.room.ID)) {
			for _, p := range people {
				ids = append(ids, p.ID)
			}
		}
	}
	return ids, nil
}
