package call

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"foyer/internal/account"
	"foyer/internal/chat"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/room"
)

// Event is something that a participant's browser is told.
type Event struct {
	Position ledger.Position // where to go on from after this event
	Name     string          // what it tells of, see event, check and lobby
	Data     json.RawMessage
}

// Ending is the data of the event "ended": the participant's presence is over.
type Ending struct {
	Reason  Reason `json:"reason"`
	By      string `json:"by"`      // name of the person who ended it, or empty
	Message string `json:"message"` // a sentence for the participant
}

// recheckEvery bounds how long a stream goes on for somebody who may not hear
// the room any more and whom the reconciler has nothing to do with, because they
// are not in the call.
const recheckEvery = time.Second

// Stream is the events of a room for one participant. It is for one goroutine.
type Stream struct {
	// ToProgram has the end be told also of a participant who came back as another:
	// a page that listens knows, and must not take it for its own end.
	ToProgram bool

	service     *Service
	follower    *ledger.Follower
	closed      func()
	participant media.ParticipantID
	token       account.Token // of the session that listens
	borrowed    bool          // that is another session than the one that was let in
	checked     time.Time
	ended       bool

	position  ledger.Position // of the last event
	told      bool            // the first check was made
	moderates bool            // may see who waits
	role      room.Role
	presence  presence // as of the latest check
	queue     string   // what was last told of who waits
}

// ofListener says whether a grant is that of somebody whom a session speaks for:
// its person, by whatever session they came in, or whom its program vouched for.
const ofListener = `(grants.session_id = sessions.id or coalesce(grants.user_id, grants.guest_id) = coalesce(users.id, guests.id))`

// Stream begins to tell a participant what happens in the room of slug after a
// position: one of the person of a session, or one whom its program vouched for. It
// returns account.ErrSignedOut, ErrNotYours and ErrTooManyStreams. Close must be
// called, once.
func (s *Service) Stream(ctx context.Context, token account.Token, slug string, id media.ParticipantID, after ledger.Position) (*Stream, error) {
	var own, mine, program bool
	err := s.pool.QueryRow(ctx, `
		select coalesce(theirs.own, false), theirs.own is not null, sessions.api
		from sessions left join users on users.id = sessions.user_id left join guests on guests.id = sessions.guest_id
		left join lateral (
			select coalesce(grants.session_id = sessions.id, false) as own
			from grants join rooms on rooms.id = grants.room_id where grants.id = $2 and rooms.slug = $3 and `+ofListener+`) theirs on true
		where sessions.token_hash = $1 and `+account.Valid, token.Hash(), id, slug).Scan(&own, &mine, &program)
	switch {
	case noRows(err):
		return nil, account.ErrSignedOut
	case err != nil:
		return nil, fmt.Errorf("stream: %w", err)
	case !mine:
		return nil, ErrNotYours
	}
	p, err := s.presence(ctx, id)
	if err != nil {
		return nil, err
	}
	most := mostStreams
	if program {
		most = mostStreamsOfProgram
	}
	closed, err := s.streams.open(token, most)
	if err != nil {
		return nil, err
	}
	follower, err := s.hub.Follow(ctx, ledger.Room(p.room.ID), after)
	if err != nil {
		closed()
		return nil, err
	}
	return &Stream{service: s, follower: follower, closed: closed, participant: id, token: token, borrowed: !own, position: after, role: p.person.Role}, nil
}

func (s *Service) presence(ctx context.Context, id media.ParticipantID) (presence, error) {
	found, err := presences(ctx, s.pool, `grants.id = $1`, id)
	if err != nil {
		return presence{}, err
	}
	if len(found) == 0 {
		return presence{}, ErrNotYours
	}
	return found[0], nil
}

// Close ends the stream.
func (s *Stream) Close() {
	s.follower.Close()
	s.closed()
}

// Next waits for events and returns them in order; none when ctx's deadline
// passes first, so that the caller can send a sign of life. The last event of a
// presence that is over is "ended"; after it Next returns ErrNotYours.
func (s *Stream) Next(ctx context.Context) ([]Event, error) {
	if s.ended {
		return nil, ErrNotYours
	}
	// What the ledger says of the end comes before what a check finds; so does
	// the queue of those who wait before a wait for news.
	news, err := s.check(context.WithoutCancel(ctx))
	if s.ended || news != nil || err != nil {
		return news, err
	}
	entries, err := s.await(ctx)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(entries, func(e ledger.Entry) bool { return ofRoles[e.Kind] || s.leftAs(e) }) {
		s.checked = time.Time{}
	}
	news, err = s.check(context.WithoutCancel(ctx))
	if s.ended || err != nil {
		return news, err
	}
	told, err := s.messages(context.WithoutCancel(ctx), entries)
	if err != nil {
		return nil, err
	}
	var events []Event
	waiting := false
	for _, entry := range entries {
		waiting = waiting || ofLobby[entry.Kind]
		event, ok := s.event(entry, told)
		if !ok {
			continue
		}
		events = append(events, event)
		if event.Position > 0 { // a passing one has none
			s.position = event.Position
		}
		if event.Name == ended {
			s.ended = true
			return events, nil
		}
	}
	for _, event := range news {
		event.Position = s.position
		events = append(events, event)
	}
	if !waiting {
		return events, nil
	}
	queue, err := s.lobby(context.WithoutCancel(ctx))
	return append(events, queue...), err
}

// await waits for entries; none when ctx's deadline passes, or when it is time for a
// check of the session that listens: where another let the participant in, nothing
// in the ledger tells of its end.
func (s *Stream) await(ctx context.Context) ([]ledger.Entry, error) {
	wait, done := ctx, context.CancelFunc(func() {})
	if s.borrowed {
		wait, done = context.WithTimeout(ctx, recheckEvery)
	}
	defer done()
	entries, err := s.follower.Next(wait)
	if err != nil && wait.Err() == nil {
		return nil, err
	}
	return entries, nil
}

// leftAs says whether an entry is about the participant's leaving, which is how one
// who comes back as another goes.
func (s *Stream) leftAs(e ledger.Entry) bool {
	return e.Kind == ledger.Left && e.Subject == string(s.participant)
}

// ofRoles are the kinds of entry after which somebody may be something else in the
// room than before.
var ofRoles = map[ledger.Kind]bool{ledger.RoleChanged: true, ledger.MemberAdded: true, ledger.HostChanged: true, ledger.Transferred: true}

// ofRoom are the kinds of entry after which the room is otherwise than before.
var ofRoom = map[ledger.Kind]bool{ledger.RoomConfigured: true, ledger.RoomSwitched: true, ledger.RoomLocked: true, ledger.RoomUnlocked: true}

// toOne are the kinds of entry that only their subject is told of, and as what.
var toOne = map[ledger.Kind]string{ledger.Muted: "muted", ledger.UnmuteAsked: "ask_unmute", ledger.ShareStopped: "share_stopped"}

// ofLobby are the kinds of entry after which others wait than before.
var ofLobby = map[ledger.Kind]bool{
	ledger.Knocked: true, ledger.KnockGone: true, ledger.LobbyAdmitted: true, ledger.LobbyDenied: true, ledger.SentToLobby: true,
	ledger.Banned: true, ledger.InvitationRevoked: true, ledger.Admitted: true, ledger.Left: true, ledger.CallEnded: true,
	ledger.RoomConfigured: true,
}

// lobby tells who waits, and who was let in and has not come, to a participant
// who decides about them, when that is news.
func (s *Stream) lobby(ctx context.Context) ([]Event, error) {
	told := struct {
		Waiting  []room.LobbyEntry `json:"waiting"`
		Expected []room.LobbyEntry `json:"expected"`
	}{[]room.LobbyEntry{}, []room.LobbyEntry{}}
	if s.moderates {
		in := room.ID(s.follower.Room())
		waiting, err := s.service.rooms.Waiting(ctx, in)
		if err != nil {
			return nil, err
		}
		expected, err := s.service.rooms.Expected(ctx, in)
		if err != nil {
			return nil, err
		}
		told.Waiting, told.Expected = append(told.Waiting, waiting...), append(told.Expected, expected...)
	}
	data := ledger.Data(told)
	if s.queue == string(data) || s.queue == "" && len(told.Waiting)+len(told.Expected) == 0 {
		return nil, nil
	}
	s.queue = string(data)
	return []Event{{Position: s.position, Name: "lobby", Data: data}}, nil
}

const ended = "ended"

// check asks from time to time what the ledger does not tell of: whether the
// presence is over for a reason that it has no entry about, whether the
// participant has another role now, and whether they may see who waits.
func (s *Stream) check(ctx context.Context) ([]Event, error) {
	if time.Since(s.checked) < recheckEvery {
		return nil, nil
	}
	var listener error // before the presence: what ended both is told as the end of that
	if s.borrowed {
		listener = s.service.signedIn(ctx, s.token)
	}
	p, err := s.service.presence(ctx, s.participant)
	if err != nil {
		return nil, err
	}
	first := !s.told
	s.presence = p
	s.told, s.checked = true, time.Now()
	reason := p.over()
	if listener != nil && (reason == "" || reason == Replaced) {
		s.ended = true
		return nil, listener
	}
	if reason == Replaced && !s.ToProgram {
		p.revoked = nil
		s.ended = p.over() != "" // whatever comes next is not for them any more
		return nil, nil          // the page that listens knows: it came back
	}
	if reason != "" && (p.revoked != nil || p.left != nil) {
		s.ended = true
		return s.service.ending(ctx, p, reason)
	} // else the reconciler is about to say who did it
	var events []Event
	if s.role != p.person.Role {
		s.role = p.person.Role
		events = append(events, Event{Position: s.position, Name: "role", Data: ledger.Data(map[string]room.Role{"role": s.role})})
	}
	moderates := room.Authorize(p.person, room.Ask{Action: room.ManageLobby}, p.room.State()) == nil
	if moderates == s.moderates && !first {
		return events, nil
	}
	s.moderates = moderates
	queue, err := s.lobby(ctx)
	return append(events, queue...), err
}

// signedIn returns account.ErrSignedOut when a session has ended.
func (s *Service) signedIn(ctx context.Context, token account.Token) error {
	var yes bool
	err := s.pool.QueryRow(ctx, `
		select exists (select from sessions left join users on users.id = sessions.user_id left join guests on guests.id = sessions.guest_id
			where sessions.token_hash = $1 and `+account.Valid+`)`, token.Hash()).Scan(&yes)
	if err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	if !yes {
		return account.ErrSignedOut
	}
	return nil
}

// ending repeats what the ledger says of the end of a presence, or says it for
// one that had left before.
func (s *Service) ending(ctx context.Context, p presence, reason Reason) ([]Event, error) {
	event := Event{Name: ended, Data: ledger.Data(Ending{Reason: reason, Message: reason.Sentence("")})}
	err := s.pool.QueryRow(ctx, `
		select id, data from ledger where room_id = $1 and kind = $2 and subject = $3 order by id desc limit 1`,
		p.room.ID, ledger.Removed, p.id).Scan(&event.Position, &event.Data)
	if err != nil && !noRows(err) {
		return nil, fmt.Errorf("stream: %w", err)
	}
	return []Event{event}, nil
}

// messages loads what entries about messages are about, as far as the participant
// may read it.
func (s *Stream) messages(ctx context.Context, entries []ledger.Entry) (map[chat.ID]chat.Message, error) {
	var ids []chat.ID
	for _, e := range entries {
		if chat.About(e) {
			ids = append(ids, chat.ID(e.Subject))
		}
	}
	if ids == nil {
		return nil, nil
	}
	return chat.Told(ctx, s.service.pool, s.presence.room, s.presence.person, ids)
}

// event is what the participant is told of a ledger entry, if anything; of a
// message as it is now, and how far they are told of messages with that.
func (s *Stream) event(e ledger.Entry, told map[chat.ID]chat.Message) (Event, bool) {
	event := Event{Position: e.ID, Data: e.Data}
	own := e.Subject == string(s.participant)
	if chat.About(e) {
		message, ok := told[chat.ID(e.Subject)]
		event.Name = "message"
		event.Data = ledger.Data(struct {
			chat.Message
			Seen ledger.Position `json:"seen"`
		}{message, e.ID})
		return event, ok
	}
	switch {
	case e.Kind == ledger.Removed && own:
		event.Name = ended
	case e.Kind == ledger.Left && own: // and came back as another
		return Event{}, false
	case e.Kind == ledger.Left, e.Kind == ledger.Removed:
		// Why somebody else was removed is between them and who did it.
		event.Name, event.Data = "left", ledger.Data(map[string]string{"participant": e.Subject})
	case e.Kind == ledger.Admitted && !own:
		event.Name = "admitted"
	case e.Kind == ledger.Joined:
		event.Name = "joined"
	case e.Kind == ledger.Permitted && own:
		event.Name, event.Data = "permissions", ledger.Data(map[string]json.RawMessage{"may": e.Data})
	case e.Kind == ledger.Hand:
		event.Name = "hand"
	case e.Kind == ledger.Reaction:
		event.Name = "reaction"
	case e.Kind == ledger.Spotlit:
		event.Name = "spotlight"
	case toOne[e.Kind] != "" && own:
		event.Name = toOne[e.Kind]
	case e.Kind == ledger.RoomRenamed:
		event.Name = "room"
	case e.Kind == ledger.HostChanged:
		event.Name = "host"
	case ofRoles[e.Kind], ofRoom[e.Kind]:
		// Who became what is not for everybody; that there is something to ask
		// anew is.
		event.Name, event.Data = "people", json.RawMessage(`{}`)
	default:
		return Event{}, false
	}
	return event, true
}
