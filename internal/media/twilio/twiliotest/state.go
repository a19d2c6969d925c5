package twiliotest

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Account is whose service this is. The SIDs and secrets are letters and digits
// only: twilio-go refuses others before it asks.
type Account struct {
	SID       string // AC and 32 hexadecimal digits
	KeySID    string // SK and 32 hexadecimal digits: the API key, which also issues access tokens
	KeySecret string
	AuthToken string // signs status callbacks
	// Transport carries status callbacks, nil for http.DefaultTransport.
	Transport http.RoundTripper
}

// NewAccount returns an account with random SIDs and secrets.
func NewAccount() Account {
	return Account{SID: newSID("AC"), KeySID: newSID("SK"), KeySecret: newSID("")[:32], AuthToken: newSID("")}
}

// newSID returns a name as Twilio makes them.
func newSID(prefix string) string {
	var random [16]byte
	rand.Read(random[:])
	return prefix + hex.EncodeToString(random[:])
}

// Error is a refusal as both services of Twilio express it.
type Error struct {
	Status  int // of the HTTP answer; of no meaning in signalling
	Code    int
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("twilio error %d: %s", e.Code, e.Message) }

// Refusals that the signalling service gives as well, and the reasons for which
// a participant is disconnected. A nil reason is their own leaving.
var (
	ErrRoomNotFound  = &Error{http.StatusNotFound, 53106, "Room not found"}
	ErrRoomFull      = &Error{http.StatusForbidden, 53105, "Participant limit reached"}
	ErrRoomCompleted = &Error{http.StatusConflict, 53118, "Room completed"}
	ErrDuplicate     = &Error{http.StatusConflict, 53205, "Participant disconnected because of duplicate identity"}
	// ErrRemoved is for somebody disconnected over REST. Twilio sends such a
	// participant a plain "disconnected".
	ErrRemoved = &Error{http.StatusOK, 0, "Participant disconnected over REST"}
	// ErrTooLong is for somebody whose longest stay, four hours if not set
	// otherwise, has passed.
	ErrTooLong = &Error{http.StatusForbidden, 53216, "Participant session length exceeded"}
)

// The states of a room and of a participant, as the description names them.
const (
	inProgress   = "in-progress"
	completed    = "completed"
	connected    = "connected"
	reconnecting = "reconnecting"
	disconnected = "disconnected"
)

// Service is the double. All methods are safe for concurrent use.
type Service struct {
	Account
	callbacks callbacks

	mu           sync.Mutex
	rooms        []*Room // oldest first, completed ones too
	faults       []fault
	requests     []string // "METHOD /path?query" of every REST request
	violations   []string // of the published description
	mostOfPage   int      // 0: as many as asked for
	observations []func() // to be called with no lock held
}

// New returns a service without rooms. Close must be called.
func New(account Account) *Service {
	s := &Service{Account: account}
	s.callbacks.start(account)
	return s
}

// Close ends every room and waits for what runs in the background.
func (s *Service) Close() {
	for _, room := range s.list() {
		s.Complete(room.SID)
	}
	s.callbacks.stop()
}

func (s *Service) list() []*Room {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.rooms)
}

// Room is one room. Its exported fields do not change.
type Room struct {
	SID             string
	UniqueName      string
	Type            string
	MaxParticipants int
	Callback        string // URL of its status callbacks, empty for none
	Created         time.Time
	callbackMethod  string
	emptyTimeout    int // minutes
	unusedTimeout   int // minutes
	longestStay     int // seconds

	// Guarded by Service.mu.
	status       string
	updated      time.Time
	ended        time.Time
	emptied      time.Time // when the last participant left; the creation before the first came
	used         bool
	sequence     int
	participants []*Participant // in order of arrival, those who left too
}

// Participant is one connection of an identity to a room. Its exported fields do
// not change.
type Participant struct {
	SID      string
	Identity string
	Room     *Room
	Started  time.Time

	done chan struct{} // closed when it is disconnected

	// Guarded by Service.mu.
	status  string
	updated time.Time
	ended   time.Time
	reason  *Error
}

// Done is closed when the participant is disconnected, for whatever reason;
// Reason says which.
func (p *Participant) Done() <-chan struct{} { return p.done }

// Reason says why a participant was disconnected: nil when they left.
func (s *Service) Reason(p *Participant) *Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.reason
}

// find returns the room with a SID, or the one in progress with a unique name.
// The lock must be held.
func (s *Service) find(nameOrSID string) *Room {
	for _, room := range slices.Backward(s.rooms) {
		if room.SID == nameOrSID || room.status == inProgress && room.UniqueName == nameOrSID {
			return room
		}
	}
	return nil
}

// Room returns the room in progress with a unique name or SID, nil if there is
// none.
func (s *Service) Room(nameOrSID string) *Room {
	s.mu.Lock()
	defer s.mu.Unlock()
	if room := s.find(nameOrSID); room != nil && room.status == inProgress {
		return room
	}
	return nil
}

// Connect makes somebody a participant, in place of an earlier one of the same
// identity, who is disconnected with ErrDuplicate. It refuses with
// ErrRoomNotFound, ErrRoomCompleted and ErrRoomFull.
func (s *Service) Connect(nameOrSID, identity string) (*Participant, error) {
	defer s.observe()
	s.mu.Lock()
	defer s.mu.Unlock()
	room := s.find(nameOrSID)
	switch {
	case room == nil:
		return nil, ErrRoomNotFound
	case room.status != inProgress:
		return nil, ErrRoomCompleted
	}
	if former := room.connected(identity); former != nil {
		s.end(former, ErrDuplicate)
	}
	if len(room.present()) >= room.MaxParticipants {
		return nil, ErrRoomFull
	}
	now := time.Now()
	p := &Participant{
		SID: newSID("PA"), Identity: identity, Room: room, Started: now,
		done: make(chan struct{}), status: connected, updated: now,
	}
	room.participants = append(room.participants, p)
	room.used = true
	s.report(room, "participant-connected", p, nil)
	return p, nil
}

// present lists who is connected, or trying to be again. The lock must be held.
func (r *Room) present() []*Participant {
	var in []*Participant
	for _, p := range r.participants {
		if p.status != disconnected {
			in = append(in, p)
		}
	}
	return in
}

// connected returns who is in as identity, nil for nobody. The lock must be held.
func (r *Room) connected(identity string) *Participant {
	for _, p := range r.present() {
		if p.Identity == identity {
			return p
		}
	}
	return nil
}

// Present lists who is in a room, in order of arrival.
func (s *Service) Present(room *Room) []*Participant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return room.present()
}

// Reconnecting says that a participant's signalling is lost, or found again.
func (s *Service) Reconnecting(p *Participant, lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.status == disconnected {
		return
	}
	p.status, p.updated = connected, time.Now()
	if lost {
		p.status = reconnecting
	}
}

// Disconnect ends a participant's connection, for a reason or, when that is nil,
// because they left. It does nothing when it has ended already.
func (s *Service) Disconnect(p *Participant, reason *Error) {
	defer s.observe()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(p, reason)
}

// end is Disconnect with the lock held.
func (s *Service) end(p *Participant, reason *Error) {
	if p.status == disconnected {
		return
	}
	now := time.Now()
	p.status, p.updated, p.ended, p.reason = disconnected, now, now, reason
	s.observations = append(s.observations, func() { close(p.done) })
	if len(p.Room.present()) == 0 {
		p.Room.emptied = now
	}
	s.report(p.Room, "participant-disconnected", p, map[string]string{"ParticipantDuration": seconds(now.Sub(p.Started))})
}

// Complete ends a room and disconnects everybody in it with ErrRoomCompleted. It
// does nothing when there is no such room in progress.
func (s *Service) Complete(nameOrSID string) {
	defer s.observe()
	s.mu.Lock()
	defer s.mu.Unlock()
	if room := s.find(nameOrSID); room != nil {
		s.complete(room)
	}
}

// complete is Complete with the lock held.
func (s *Service) complete(room *Room) {
	if room.status != inProgress {
		return
	}
	for _, p := range room.present() {
		s.end(p, ErrRoomCompleted)
	}
	now := time.Now()
	room.status, room.updated, room.ended = completed, now, now
	s.report(room, "room-ended", nil, map[string]string{"RoomDuration": seconds(now.Sub(room.Created))})
}

// Idle ends the rooms that nobody is in and that would have reached their
// timeout after a while, and disconnects those who would have stayed too long:
// what time does to Twilio's rooms.
func (s *Service) Idle(after time.Duration) {
	defer s.observe()
	s.mu.Lock()
	defer s.mu.Unlock()
	then := time.Now().Add(after)
	for _, room := range s.rooms {
		for _, p := range room.present() {
			if then.Sub(p.Started) >= time.Duration(room.longestStay)*time.Second {
				s.end(p, ErrTooLong)
			}
		}
		timeout := room.unusedTimeout
		if room.used {
			timeout = room.emptyTimeout
		}
		if len(room.present()) == 0 && then.Sub(room.emptied) >= time.Duration(timeout)*time.Minute {
			s.complete(room)
		}
	}
}

// observe calls what changes left to be called, with no lock held.
func (s *Service) observe() {
	s.mu.Lock()
	calls := s.observations
	s.observations = nil
	s.mu.Unlock()
	for _, call := range calls {
		call()
	}
}

// create makes a room. It refuses what Twilio refuses.
func (s *Service) create(room *Room) error {
	defer s.observe()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	room.SID = newSID("RM")
	if room.UniqueName == "" {
		room.UniqueName = room.SID
	}
	if strings.HasPrefix(room.UniqueName, "RM") && room.UniqueName != room.SID {
		return &Error{http.StatusBadRequest, 53101, "Room name is invalid"}
	}
	if former := s.find(room.UniqueName); former != nil {
		return &Error{http.StatusBadRequest, 53113, "Room exists"}
	}
	room.status, room.Created, room.updated, room.emptied = inProgress, now, now, now
	s.rooms = append(s.rooms, room)
	s.report(room, "room-created", nil, nil)
	return nil
}

// report queues a status callback. The lock must be held: callbacks of a room
// carry their order.
func (s *Service) report(room *Room, event string, p *Participant, more map[string]string) {
	if room.Callback != "" {
		s.callbacks.queue(room.callbackMethod, room.Callback, s.fields(room, event, p, more))
	}
	room.sequence++
}

// fields are what a status callback tells. The lock must be held.
func (s *Service) fields(room *Room, event string, p *Participant, more map[string]string) map[string]string {
	fields := map[string]string{
		"AccountSid": s.SID, "RoomSid": room.SID, "RoomName": room.UniqueName, "RoomStatus": room.status, "RoomType": room.Type,
		"StatusCallbackEvent": event, "Timestamp": time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		"SequenceNumber": fmt.Sprint(room.sequence),
	}
	if p != nil {
		fields["ParticipantSid"], fields["ParticipantIdentity"], fields["ParticipantStatus"] = p.SID, p.Identity, p.status
	}
	for name, value := range more {
		fields[name] = value
	}
	return fields
}

func seconds(d time.Duration) string { return fmt.Sprint(int(d.Seconds())) }

// Track reports that a participant did something with a track: "added",
// "removed", "enabled" or "disabled".
func (s *Service) Track(p *Participant, what, kind, sid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report(p.Room, "track-"+what, p, map[string]string{"TrackSid": sid, "TrackKind": kind})
}
