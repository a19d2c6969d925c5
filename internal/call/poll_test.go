package call_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"foyer/internal/call"
	"foyer/internal/media"
	"foyer/internal/media/mediatest"
	"foyer/internal/room"
)

// plain is a media service at whose door Foyer does not stand, and which cannot
// take from anybody the right to publish.
type plain struct {
	media.Backend
	reports bool
	most    int

	mu      sync.Mutex
	refuses bool
	omits   int              // so many answers of Live name nobody
	asked   [][]media.RoomID // the arguments of Live
}

func (p *plain) Capabilities() media.Capabilities {
	return media.Capabilities{Name: "memory", Reports: p.reports, Most: p.most}
}

func (p *plain) Update(context.Context, media.RoomID, media.ParticipantID, media.Permissions) error {
	return media.ErrUnsupported
}

func (p *plain) Live(ctx context.Context, rooms ...media.RoomID) (map[media.RoomID][]media.Connected, error) {
	p.mu.Lock()
	p.asked = append(p.asked, rooms)
	refuses := p.refuses
	omits := p.omits > 0
	if omits {
		p.omits--
	}
	p.mu.Unlock()
	if omits {
		return nil, nil
	}
	if refuses {
		return nil, &media.Misconfigured{Advice: "Set it right."}
	}
	live, err := p.Backend.Live(ctx, rooms...)
	for _, in := range live {
		for i := range in {
			in[i].May = media.Permissions{}
		}
	}
	return live, err
}

// refuse makes the service refuse our credentials, or not.
func (p *plain) refuse(refuse bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = refuse
}

func (p *plain) Remove(ctx context.Context, room media.RoomID, id media.ParticipantID) error {
	p.mu.Lock()
	refuses := p.refuses
	p.mu.Unlock()
	if refuses {
		return &media.Misconfigured{Advice: "Set it right."}
	}
	return p.Backend.Remove(ctx, room, id)
}

// take returns what Live was asked since the last time.
func (p *plain) take() [][]media.RoomID {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := p.asked
	p.asked = nil
	return asked
}

// newPlainHouse is a house whose calls such a service carries.
func newPlainHouse(t *testing.T, service *plain, usernames ...string) *house {
	t.Helper()
	memory := mediatest.NewMemory()
	service.Backend = memory
	h := newHouseOver(t, memory, call.Backends{"memory": service}, usernames...)
	if service.reports {
		memory.OnEvent(func(e media.Event) { h.reconciler.Seen(e.Room) })
	}
	return h
}

// apart is a reconciler of its own over a house's database, and over a service that
// only it asks. Nobody runs it.
func (h *house) apart(service *plain) *call.Reconciler {
	service.Backend = h.media
	return newReconciler(h.pool, call.Backends{"memory": service})
}

// Somebody who turns from one list of the service's to the other while it is
// asked, and is on neither, has not left; whoever is missing twice has.
func TestMissingOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		omits int
		stays bool
	}{"once": {1, true}, "twice": {2, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newPlainHouse(t, &plain{reports: true}, "ana")
			r := h.room("private", "ana")
			ticket, _ := h.enter("ana", r)
			h.sql(`update grants set held_until = null`)
			if err := h.apart(&plain{reports: true, omits: test.omits}).Reconcile(t.Context(), r.ID); err != nil {
				t.Fatal(err)
			}
			var left bool
			if err := h.pool.QueryRow(t.Context(), `select exists (select from ledger where kind = 'left' and subject = $1)`, ticket.Participant).Scan(&left); err != nil {
				t.Fatal(err)
			}
			if left == test.stays {
				t.Errorf("the ledger says that she left: %v", left)
			}
		})
	}
}

// Without a gate a token lets its holder in as long as it is good. They are put
// out again as soon as they are seen.
func TestOldTokenWithoutAGate(t *testing.T) {
	t.Parallel()
	for name, service := range map[string]*plain{"the service reports": {reports: true}, "the service is silent": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newPlainHouse(t, service, "ana", "ben")
			r := h.room("private", "ana", "ben")
			ticket, connection := h.enter("ben", r)
			start := time.Now()
			if _, err := h.rooms.RemoveMember(t.Context(), r.ID, h.id("ana"), "ben"); err != nil {
				t.Fatal(err)
			}
			h.waitClosed("ben", connection)
			t.Logf("out after %v", time.Since(start).Round(time.Millisecond))
			h.settled(service)
			again, err := h.media.Connect(t.Context(), ticket.Grant.Token)
			if err != nil {
				t.Fatalf("the service has no gate, yet: %v", err)
			}
			start = time.Now()
			h.waitClosed("ben, who came back", again)
			t.Logf("out again after %v", time.Since(start).Round(time.Millisecond))
			if got := h.present(r); len(got) != 0 {
				t.Errorf("said to be in: %v", got)
			}
		})
	}
}

// What a gate would have asked of somebody who connects is asked when they are
// seen.
func TestPolicyIsAskedWithoutAGate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		meanwhile string
		reason    call.Reason
	}{
		"the room is locked":   {`update rooms set locked_at = now() where id = $1`, call.Locked},
		"their place is taken": {`update grants set left_at = now(), held_until = null where room_id = $1 and display_name = 'The ben'`, call.Full},
		"nothing":              {`select $1::uuid`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newPlainHouse(t, &plain{reports: true, most: 2}, "ana", "ben", "cleo")
			r := h.room("private", "ana", "ben", "cleo")
			h.enter("ana", r)
			ticket := h.join("ben", r)
			h.sql(test.meanwhile, r.ID)
			if test.reason == call.Full {
				h.join("cleo", r)
			}
			connection, err := h.media.Connect(t.Context(), ticket.Grant.Token)
			if err != nil {
				t.Fatal(err)
			}
			if test.reason == "" {
				h.waitFor("ben is in", func() bool { return slices.Contains(h.present(r), "ben") })
				return
			}
			h.waitClosed("ben", connection)
			var reason call.Reason
			if err := h.pool.QueryRow(t.Context(), `select reason from grants where id = $1`, ticket.Participant).Scan(&reason); err != nil || reason != test.reason {
				t.Errorf("put out because %q, %v; want %q", reason, err, test.reason)
			}
		})
	}
}

// What the service cannot enforce, the page is asked for, also while the service
// does not answer.
func TestPermissionsWithoutUpdate(t *testing.T) {
	t.Parallel()
	h := newPlainHouse(t, &plain{reports: true}, "ana", "ben")
	r := h.room("private", "ana", "ben")
	ticket, connection := h.enter("ben", r)
	stream, err := h.calls.Stream(t.Context(), h.sessions["ben"], r.Slug, ticket.Participant, ticket.Position)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	h.media.SetDown(true)
	h.sql(`update rooms set switches = '{"microphone": false, "camera": true, "share": false, "chat": true, "reactions": true}' where id = $1`, r.ID)
	var told []string
	h.waitFor("ben's page is told", func() bool {
		for _, event := range h.next(stream) {
			if event.Name == "permissions" {
				told = append(told, string(event.Data))
			}
		}
		return len(told) > 0
	})
	if want := `{"may":{"chat":true,"share":false,"camera":true,"reactions":true,"microphone":false}}`; !slices.Equal(told, []string{want}) {
		t.Errorf("told %q, want %q", told, want)
	}
	select {
	case <-connection.Done():
		t.Error("put out for what a page can do")
	default:
	}
}

// A service that is asked for each room by itself is asked about no more than
// what nobody tells.
func TestSweepsAreSparing(t *testing.T) {
	t.Parallel()
	const rounds = 12 // a minute
	for name, test := range map[string]struct {
		reports bool
		peopled int // rounds that ask about the room where somebody is
		removed int // rounds that ask about the room somebody was removed from
	}{
		"the service reports":   {true, 1, rounds - 1},
		"the service is silent": {false, rounds - 1, rounds - 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newPlainHouse(t, &plain{reports: test.reports}, "ana", "ben")
			quiet, peopled, removed := h.room("private", "ana"), h.room("private", "ana"), h.room("private", "ana", "ben")
			h.enter("ana", peopled)
			_, connection := h.enter("ben", removed)
			if _, err := h.rooms.RemoveMember(t.Context(), removed.ID, h.id("ana"), "ben"); err != nil {
				t.Fatal(err)
			}
			h.waitClosed("ben", connection)
			h.sql(`update grants set issued_at = now() - interval '1 hour' where room_id = $1`, peopled.ID)
			// Rooms of another service are none of this one's business, unless it
			// carried them when a token was issued.
			elsewhere, moved := h.room("private", "ana"), h.room("private", "ana")
			h.join("ana", elsewhere)
			h.join("ana", moved)
			h.sql(`update rooms set backend = 'other', generation = 1 where id = $1`, elsewhere.ID)
			h.sql(`update rooms set backend = 'other' where id = $1`, moved.ID)
			h.sql(`update grants set generation = 2 where room_id = $1`, elsewhere.ID)
			service := &plain{reports: test.reports}
			sweeper := h.apart(service)
			all, asked := 0, make(map[room.ID]int)
			for round := range rounds {
				if err := sweeper.SweepRound(t.Context(), round); err != nil {
					t.Fatal(err)
				}
			}
			for _, rooms := range service.take() {
				if len(rooms) == 0 {
					all++
				}
				for _, name := range rooms {
					const uuid = 36
					asked[room.ID(name[len(media.RoomPrefix):][:uuid])]++
				}
			}
			if all != 1 {
				t.Errorf("asked about everything %d times a minute", all)
			}
			for r, want := range map[room.ID]int{quiet.ID: 0, peopled.ID: test.peopled, removed.ID: test.removed, elsewhere.ID: 0, moved.ID: rounds - 1} {
				if got := asked[r]; got != want {
					t.Errorf("asked about room %s %d times a minute, want %d", r, got, want)
				}
			}
		})
	}
}

// A service that refuses our credentials is not asked again and again, but is
// once they are right.
func TestMisconfiguredServiceIsLeftAlone(t *testing.T) {
	t.Parallel()
	service := &plain{reports: true}
	h := newPlainHouse(t, service, "ana", "ben")
	r := h.room("private", "ana", "ben")
	_, connection := h.enter("ben", r)
	service.refuse(true)
	if _, err := h.rooms.RemoveMember(t.Context(), r.ID, h.id("ana"), "ben"); err != nil {
		t.Fatal(err)
	}
	h.settled(service)
	for round := range 12 {
		if err := h.reconciler.SweepRound(t.Context(), round); (err != nil) != (round == 0) {
			t.Errorf("round %d: %v", round, err)
		}
	}
	if asked := service.take(); len(asked) > 3 {
		t.Errorf("asked %d times in a minute: %v", len(asked), asked)
	}
	service.refuse(false)
	if err := h.reconciler.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.waitClosed("ben, removed while the service refused us", connection)
}

// settled waits until the reconciler has nothing more to ask about rooms.
func (h *house) settled(service *plain) {
	h.Helper()
	h.waitFor("the reconciler is quiet", func() bool {
		service.take()
		time.Sleep(300 * time.Millisecond)
		return len(service.take()) == 0
	})
}

// A service takes so many into a room and no more, whatever the room's capacity.
func TestMostOfTheService(t *testing.T) {
	t.Parallel()
	h := newPlainHouse(t, &plain{reports: true, most: 2}, "ana", "ben", "cleo")
	r := h.room("private", "ana", "ben", "cleo")
	h.join("ana", r)
	h.join("ben", r)
	if _, err := h.calls.Join(t.Context(), h.sessions["cleo"], r.Slug, ""); !errors.Is(err, room.Full) {
		t.Errorf("a third joins: got %v, want %v", err, room.Full)
	}
}

// One service that does not answer does not keep the others from being looked
// at.
func TestSweepWithOneServiceDown(t *testing.T) {
	t.Parallel()
	memory, down := mediatest.NewMemory(), mediatest.NewMemory()
	down.SetDown(true)
	h := newHouseOver(t, memory, call.Backends{"memory": memory, "other": down}, "ana")
	r := h.room("private", "ana")
	ticket := h.join("ana", r)
	if _, err := memory.Connect(t.Context(), ticket.Grant.Token); err != nil {
		t.Fatal(err)
	}
	if err := h.reconciler.Sweep(t.Context()); !errors.Is(err, media.ErrUnavailable) {
		t.Errorf("got %v, want what is wrong with the other", err)
	}
	h.waitFor("ana is seen", func() bool { return slices.Contains(h.present(r), "ana") })
}

// A call whose media service no node has any more is left by all who were in it, so
// that the room can be moved to another; while some node has it, they stay.
func TestServiceThatIsNotConfiguredAnyMore(t *testing.T) {
	t.Parallel()
	memory, gone := mediatest.NewMemory(), mediatest.NewMemory()
	h := newUnsweptHouseOver(t, memory, call.Backends{"memory": memory, "gone": gone}, "ana")
	r, err := h.rooms.Create(t.Context(), h.id("ana"), room.Draft{Name: "Elsewhere", Visibility: room.Private, Backend: "gone"})
	if err != nil {
		t.Fatal(err)
	}
	ticket := h.join("ana", r)
	if _, err := gone.Connect(t.Context(), ticket.Grant.Token); err != nil {
		t.Fatal(err)
	}
	if err := h.reconciler.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.waitFor("ana is in", func() bool { return slices.Contains(h.present(r), "ana") })
	gone.SetDown(true)
	h.sql(`update grants set held_until = null`)

	without := newReconciler(h.pool, call.Backends{"memory": memory})
	attend := func(queued bool) {
		t.Helper()
		if err := without.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if without.IsQueued(r) != queued {
			t.Fatalf("the room is looked at: %v, want %v", !queued, queued)
		}
		if err := without.Reconcile(t.Context(), r.ID); err != nil {
			t.Fatal(err)
		}
	}
	attend(false)
	if h.taken(r) != 1 {
		t.Error("she has left a call that another node carries")
	}
	h.sql(`update media_services set seen_at = now() - interval '4 minutes' where name = 'gone'`)
	attend(true)
	if h.taken(r) != 0 {
		t.Error("she is in a call that nobody carries")
	}
	var left bool
	if err := h.pool.QueryRow(t.Context(), `select exists (select from ledger where kind = 'left' and subject = $1)`, ticket.Participant).Scan(&left); err != nil || !left {
		t.Errorf("the ledger says that she left: %v, %v", left, err)
	}
	h.sql(`update users set administrator = true`)
	if _, err := h.rooms.Move(t.Context(), r.ID, h.id("ana"), "memory"); err != nil {
		t.Errorf("moving the room: %v", err)
	}
}

// silent is a service that takes questions and never answers them.
type silent struct{ *mediatest.Memory }

func (silent) Live(ctx context.Context, _ ...media.RoomID) (map[media.RoomID][]media.Connected, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Nor do its rooms, however many, keep those of others waiting.
func TestOneServiceKeepsOnlyItsOwnWaiting(t *testing.T) {
	t.Parallel()
	memory := mediatest.NewMemory()
	h := newUnsweptHouseOver(t, memory, call.Backends{"memory": memory, "other": silent{mediatest.NewMemory()}}, "ana", "ben")
	memory.Signalling(h.ctx, h.calls.Admit, h.reconciler)
	r := h.room("private", "ana", "ben")
	_, connection := h.enter("ben", r)
	for range 20 {
		elsewhere, err := h.rooms.Create(t.Context(), h.id("ana"), room.Draft{Name: "Elsewhere", Visibility: room.Private, Backend: "other"})
		if err != nil {
			t.Fatal(err)
		}
		h.join("ana", elsewhere)
		h.reconciler.Seen(media.RoomID("foyer-" + string(elsewhere.ID) + "-1"))
	}
	start := time.Now()
	if _, err := h.rooms.RemoveMember(t.Context(), r.ID, h.id("ana"), "ben"); err != nil {
		t.Fatal(err)
	}
	h.waitClosed("ben", connection)
	t.Logf("out after %v", time.Since(start).Round(time.Millisecond))
}
