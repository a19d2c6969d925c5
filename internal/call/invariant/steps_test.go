package invariant_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"foyer/internal/media/livekit/livekittest"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

// The steps. Each does one thing to a room that is drawn, in the service and in
// the model.

func (w *world) drawChamber(r *rapid.T) *chamber {
	return w.chambers[rapid.IntRange(0, len(w.chambers)-1).Draw(r, "room")]
}

// drawSeat draws one of a room's people for whom the condition holds; nil when it
// holds for nobody.
func (w *world) drawSeat(r *rapid.T, c *chamber, condition func(*seat) bool) (name, *seat) {
	var fit []name
	for _, n := range slices.Sorted(maps.Keys(c.seats)) {
		if n != owner && condition(c.seats[n]) {
			fit = append(fit, n)
		}
	}
	if len(fit) == 0 {
		return "", nil
	}
	n := rapid.SampledFrom(fit).Draw(r, "who")
	return n, c.seats[n]
}

func isUser(s *seat) bool      { return s.person.User != "" }
func isMember(s *seat) bool    { return s.person.Role == room.Member || s.person.Role == room.Moderator }
func isIn(s *seat) bool        { return s.state == in }
func hasTicket(s *seat) bool   { return s.ticket.Participant != "" && s.state != in }
func isNotBanned(s *seat) bool { return !s.person.Banned }

func (w *world) join(r *rapid.T) bool {
	c := w.drawChamber(r)
	n, s := w.drawSeat(r, c, func(s *seat) bool { return s.state != in })
	if s == nil {
		return false
	}
	wants := c.may(s)
	w.happened[fmt.Sprint("join: ", wants[0])]++
	if slices.Contains(wants, nil) && wants[0] == wants[1] {
		// What crashed is left behind: it would hold a place of its own.
		if s.state == crashed {
			return false
		}
		w.enter(r, c, n)
		return true
	}
	_, err := w.calls.Join(w.Context(), w.token(c, n), c.room.Slug, "")
	if !slices.ContainsFunc(wants, func(want error) bool { return like(err, want) }) {
		r.Fatalf("%s joins: got %v, want one of %v", n, err, wants)
	}
	if err == nil { // not used: the place is given back
		// It waits its turn, as all do that change several grants.
		w.sql(`
			with turn as (select pg_advisory_xact_lock(ledger_key($1)))
			update grants set left_at = now(), held_until = null from turn where connected_at is null and room_id = $1`, c.room.ID)
	}
	return true
}

func (w *world) leave(r *rapid.T) bool {
	c := w.drawChamber(r)
	_, s := w.drawSeat(r, c, isIn)
	if s == nil {
		return false
	}
	s.client.Leave()
	s.state = out
	w.forgotten(r, c, s)
	return true
}

// forgotten waits until the database knows that somebody has left.
func (w *world) forgotten(r *rapid.T, c *chamber, s *seat) {
	const patience = 2 * time.Minute
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		var present bool
		err := w.pool.QueryRow(w.Context(), `select exists (select from grants where id = $1 and `+room.Present+`)`, s.ticket.Participant).Scan(&present)
		if err != nil {
			r.Fatal(err)
		}
		if !present {
			return
		}
		if time.Now().After(deadline) {
			var held *time.Duration
			_ = w.pool.QueryRow(w.Context(), `select held_until - now() from grants where id = $1`, s.ticket.Participant).Scan(&held)
			live, err := w.live(c)
			r.Fatalf("who left still has a place in %s after %v; held for %v more; at the media server are %v (%v), it was %s",
				c.room.Slug, patience, held, live, err, s.ticket.Participant)
		}
	}
}

// crash has somebody's client die; it says nothing to anybody.
func (w *world) crash(r *rapid.T) bool {
	n := rapid.SampledFrom(others).Draw(r, "who")
	w.clients[n].Kill()
	w.clients[n] = livekittest.Start(w.TB)
	for _, c := range w.chambers {
		if s := c.seats[n]; s.state == in {
			s.state = crashed
		}
		c.seats[n].client = nil
	}
	return true
}

// reconnect uses the token of a presence of before, which the policy may have
// ended.
func (w *world) reconnect(r *rapid.T) bool {
	c := w.drawChamber(r)
	n, s := w.drawSeat(r, c, hasTicket)
	if s == nil {
		return false
	}
	may, unsure := c.mayReturn(s, w.session(n))
	if unsure || may && time.Until(s.ticket.Grant.Expires) < 30*time.Second {
		return false
	}
	surely, _ := c.taken()
	w.happened[fmt.Sprintf("reconnect: %v, full: %v", may, surely >= c.capacity)]++
	if may {
		w.connect(r, c, n)
		return true
	}
	client, err := w.clients[n].Enter(w.TB, livekittest.EnterArgs{URL: w.gate, Token: s.ticket.Grant.Token, Single: true})
	if err == nil {
		client.Leave()
		r.Fatalf("%s is let in with a token of before: %+v, in %+v of %d places, %d taken; their session is %d, the call %d",
			n, s, c.state, c.capacity, surely, w.session(n), c.call)
	}
	return true
}

func (w *world) setRole(r *rapid.T) bool {
	c := w.drawChamber(r)
	n, s := w.drawSeat(r, c, func(s *seat) bool { return isUser(s) && isNotBanned(s) })
	if s == nil {
		return false
	}
	role := rapid.SampledFrom([]room.Role{room.Member, room.Moderator}).Draw(r, "role")
	w.sql(`insert into memberships (room_id, user_id, role) values ($1, $2, $3) on conflict (room_id, user_id) do update set role = excluded.role`,
		c.room.ID, w.user(n), role)
	s.person.Role = role
	return true
}

func (w *world) username(r *rapid.T, n name) (username string) {
	if err := w.pool.QueryRow(w.Context(), `select username from users where id = $1`, w.user(n)).Scan(&username); err != nil {
		r.Fatal(err)
	}
	return username
}

func (w *world) remove(r *rapid.T) bool {
	c := w.drawChamber(r)
	n, s := w.drawSeat(r, c, isMember)
	if s == nil {
		return false
	}
	by := rapid.SampledFrom([]name{owner, n}).Draw(r, "by")
	if _, err := w.rooms.RemoveMember(w.Context(), c.room.ID, w.user(by), w.username(r, n)); err != nil {
		r.Fatal(err)
	}
	s.person.Role = room.None
	return true
}

func (w *world) ban(r *rapid.T) bool {
	c := w.drawChamber(r)
	_, s := w.drawSeat(r, c, isIn)
	if s == nil {
		return false
	}
	if err := w.calls.Ban(w.Context(), c.room.ID, w.user(owner), s.ticket.Participant, false); err != nil {
		r.Fatal(err)
	}
	s.person.Banned, s.person.Answer = true, room.NotAsked
	if isUser(s) {
		s.person.Role = room.None
	}
	return true
}

func (w *world) lift(r *rapid.T) bool {
	c := w.drawChamber(r)
	_, s := w.drawSeat(r, c, func(s *seat) bool { return s.person.Banned })
	if s == nil {
		return false
	}
	bans, _, err := w.rooms.Bans(w.Context(), c.room.ID, room.Cursor{})
	if err != nil {
		r.Fatal(err)
	}
	for _, ban := range bans {
		if _, err := w.rooms.LiftBan(w.Context(), c.room.ID, w.user(owner), ban.ID); err != nil {
			r.Fatal(err)
		}
	}
	for _, each := range c.seats {
		each.person.Banned = false
	}
	_ = s
	return true
}

func (w *world) expel(r *rapid.T) bool {
	c := w.drawChamber(r)
	n, s := w.drawSeat(r, c, isIn)
	if s == nil {
		return false
	}
	if err := w.calls.Expel(w.Context(), c.room.ID, w.user(owner), s.ticket.Participant); err != nil {
		r.Fatal(err)
	}
	s.revoked, s.state = true, out
	if n == guest {
		s.person.Disabled = true
	}
	return true
}

func (w *world) lock(r *rapid.T) bool {
	c := w.drawChamber(r)
	// Mostly open, so that something happens.
	c.state.Locked = !c.state.Locked && rapid.IntRange(0, 2).Draw(r, "locked") == 0
	if err := w.rooms.SetLocked(w.Context(), c.room.ID, w.user(owner), c.state.Locked); err != nil {
		r.Fatal(err)
	}
	return true
}

func (w *world) visibility(r *rapid.T) bool {
	c := w.drawChamber(r)
	v := rapid.SampledFrom([]room.Visibility{room.Private, room.Listed, room.Open, room.Open, room.Open}).Draw(r, "visibility")
	c.state.Open, c.state.Listed = v == room.Open, v == room.Listed
	w.sql(`update rooms set visibility = $2 where id = $1`, c.room.ID, v)
	return true
}

func (w *world) lobby(r *rapid.T) bool {
	c := w.drawChamber(r)
	c.state.Lobby = rapid.SampledFrom([]room.Lobby{room.LobbyOff, room.LobbyStrangers, room.LobbyEveryone}).Draw(r, "lobby")
	w.sql(`update rooms set lobby = $2 where id = $1`, c.room.ID, c.state.Lobby)
	return true
}

func (w *world) knock(r *rapid.T) bool {
	c := w.drawChamber(r)
	n, s := w.drawSeat(r, c, func(s *seat) bool { return s.state == out })
	if s == nil {
		return false
	}
	visit, err := w.rooms.Visit(w.Context(), w.token(c, n), c.room.Slug)
	if want := room.Authorize(s.person, room.Ask{Action: room.See}, c.state); !like(err, want) {
		r.Fatalf("%s visits: got %v, want %v", n, err, want)
	}
	if err != nil {
		return true
	}
	answer, err := w.rooms.Knock(w.Context(), visit, "")
	if want := room.Authorize(s.person, room.Ask{Action: room.Knock}, c.state); !like(err, want) {
		r.Fatalf("%s knocks: got %v, want %v", n, err, want)
	}
	if err == nil && room.CanWait(s.person, c.state) {
		if s.person.Answer != room.Admitted {
			s.person.Answer = room.Waiting
		}
		if answer != s.person.Answer {
			r.Fatalf("%s knocks: got %q, want %q", n, answer, s.person.Answer)
		}
	}
	return true
}

func (w *world) answer(r *rapid.T, condition func(*seat) bool, answer room.Answer, give func(c *chamber, entry room.EntryID) error) bool {
	c := w.drawChamber(r)
	n, s := w.drawSeat(r, c, condition)
	if s == nil {
		return false
	}
	var entry room.EntryID
	err := w.pool.QueryRow(w.Context(), `
		select lobby.id from lobby left join guests on guests.id = lobby.guest_id
		where lobby.room_id = $1 and (lobby.user_id::text = $2 or guests.invitation_id::text = $3)`,
		c.room.ID, string(w.user(n)), s.invitation).Scan(&entry)
	if err != nil {
		r.Fatalf("%s in the lobby: %v", n, err)
	}
	err = give(c, entry)
	if want := mayAnswer(s, c, answer); want != nil || err != nil {
		if !errors.Is(err, want) {
			r.Fatalf("%s gets the answer %s: got %v, want %v", n, answer, err, want)
		}
		return true
	}
	s.person.Answer = answer
	return true
}

// mayAnswer is what keeps an answer from being given: nobody is let into a locked
// room, nor somebody who could not come in all the same.
func mayAnswer(s *seat, c *chamber, answer room.Answer) error {
	switch {
	case answer == room.Denied:
		return nil
	case c.state.Locked:
		return room.UnlockFirst
	case room.Authorize(s.person, room.Ask{Action: room.Knock}, c.state) != nil:
		return postgres.ErrNotFound
	}
	return nil
}

func (w *world) admit(r *rapid.T) bool {
	return w.answer(r, func(s *seat) bool { return s.person.Answer == room.Waiting }, room.Admitted, func(c *chamber, entry room.EntryID) error {
		return w.rooms.Admit(w.Context(), c.room.ID, w.user(owner), entry)
	})
}

// deny also withdraws what was allowed.
func (w *world) deny(r *rapid.T) bool {
	asked := func(s *seat) bool { return s.person.Answer == room.Waiting || s.person.Answer == room.Admitted }
	return w.answer(r, asked, room.Denied, func(c *chamber, entry room.EntryID) error {
		return w.rooms.Deny(w.Context(), c.room.ID, w.user(owner), entry)
	})
}

func (w *world) sendToLobby(r *rapid.T) bool {
	c := w.drawChamber(r)
	_, s := w.drawSeat(r, c, isIn)
	if s == nil {
		return false
	}
	err := w.calls.SendToLobby(w.Context(), c.room.ID, w.user(owner), s.ticket.Participant)
	if !room.CanWait(s.person, c.state) {
		if !errors.Is(err, room.Rank) {
			r.Fatalf("got %v, want %v", err, room.Rank)
		}
		return true
	}
	if err != nil {
		r.Fatal(err)
	}
	s.revoked, s.state, s.person.Answer = true, out, room.Waiting
	return true
}

func (w *world) revoke(r *rapid.T) bool {
	c := w.drawChamber(r)
	s := c.seats[guest]
	w.sql(`update invitations set revoked_at = now() where id = $1`, s.invitation)
	s.person.Disabled = true
	return true
}

func (w *world) takeGuests(r *rapid.T) bool {
	c := w.drawChamber(r)
	c.state.Guests = !c.state.Guests || rapid.Bool().Draw(r, "guests")
	w.sql(`update rooms set guests = $2 where id = $1`, c.room.ID, c.state.Guests)
	return true
}

// inviteAgain makes a new guest where the last one's pass is over.
func (w *world) inviteAgain(r *rapid.T) bool {
	c := w.drawChamber(r)
	if s := c.seats[guest]; !s.person.Disabled || s.state == crashed {
		return false
	}
	w.check(r)
	w.invite(c)
	return true
}

func (w *world) signOut(r *rapid.T) bool {
	n := rapid.SampledFrom(others[:3]).Draw(r, "who")
	p := w.people[n]
	if err := w.accounts.EndAll(w.Context(), p.user); err != nil {
		r.Fatal(err)
	}
	p.session++
	p.token = w.house.session(p.user)
	return true
}

func (w *world) endCall(r *rapid.T) bool {
	c := w.drawChamber(r)
	if err := w.calls.End(w.Context(), c.room.ID, w.user(owner)); err != nil {
		r.Fatal(err)
	}
	for n, s := range c.seats {
		if n == guest && s.ticket.Participant != "" && s.call == c.call {
			s.person.Disabled = true
		}
		if s.person.Answer != room.Waiting {
			s.person.Answer = room.NotAsked
		}
	}
	c.call++
	w.check(r)
	w.enter(r, c, owner)
	return true
}
