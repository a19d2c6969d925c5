package call_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"foyer/internal/account"
	"foyer/internal/call"
	"foyer/internal/input"
	"foyer/internal/media"
	"foyer/internal/postgres/postgrestest"
	"foyer/internal/room"
)

func TestJoin(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "eve")
	r := h.room("private", "ana", "ben")
	first, _ := h.enter("ana", r)
	ticket, err := h.calls.Join(t.Context(), h.sessions["ben"], r.Slug, "  Benny   B ")
	if err != nil {
		t.Fatal(err)
	}
	if len(ticket.People) != 2 || ticket.People[0].Participant != first.Participant && ticket.People[1].Participant != first.Participant {
		t.Errorf("people %+v, want both", ticket.People)
	}
	i := slices.IndexFunc(ticket.People, func(w call.Who) bool { return w.Participant == ticket.Participant })
	if want := (call.Who{Participant: ticket.Participant, Username: "ben", DisplayName: "Benny B", Role: room.Member}); i < 0 || ticket.People[i] != want {
		t.Errorf("people %+v, want %+v among them", ticket.People, want)
	}
	if life := time.Until(ticket.Grant.Expires); life > 2*time.Minute || life < time.Minute {
		t.Errorf("the token lives %v, want at most two minutes", life)
	}
	if _, err := h.calls.Join(t.Context(), h.sessions["eve"], r.Slug, ""); !errors.Is(err, room.ErrHidden) {
		t.Errorf("stranger: %v", err)
	}
	if _, err := h.calls.Join(t.Context(), "", r.Slug, ""); !errors.Is(err, room.ErrSignIn) {
		t.Errorf("anonymous: %v", err)
	}
	var invalid input.Invalid
	if _, err := h.calls.Join(t.Context(), h.sessions["ben"], r.Slug, "a\u202eb"); !errors.As(err, &invalid) || invalid["display_name"] == "" {
		t.Errorf("bad name: %v", err)
	}
}

func TestJoinWithoutItsBackend(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.room("private", "ana")
	h.sql(`update rooms set backend = 'gone' where id = $1`, r.ID)
	if _, err := h.calls.Join(t.Context(), h.sessions["ana"], r.Slug, ""); !errors.Is(err, call.ErrNoBackend) {
		t.Errorf("got %v, want %v", err, call.ErrNoBackend)
	}
}

// Loading the page again and again holds one place, not one for each time.
func TestReloadingHoldsOnePlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	h.sql(`update rooms set capacity = 2 where id = $1`, r.ID)
	for range 3 {
		h.join("ben", r)
	}
	if got := h.taken(r); got != 1 {
		t.Errorf("%d places are taken, want 1", got)
	}
	h.join("ana", r)
	if _, err := h.calls.Join(t.Context(), h.session(h.people["ana"]), r.Slug, ""); !errors.Is(err, room.Full) {
		t.Errorf("one too many: %v", err)
	}
}

// The gate asks the policy on every connect, whatever the token says.
func TestGateAsksAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	waiting := h.join("ben", r)
	inside, connection := h.enter("ben", r)
	h.sql(`update rooms set locked_at = now() where id = $1`, r.ID)

	refused := func(what string, ticket call.Ticket, reason string) {
		t.Helper()
		_, err := h.media.Connect(t.Context(), ticket.Grant.Token)
		var refusal *media.Refusal
		if !errors.As(err, &refusal) || refusal.Reason != reason {
			t.Errorf("%s: got %v, want refusal %q", what, err, reason)
		}
	}
	refused("somebody new to a locked room", waiting, "locked")
	connection.Leave()
	h.waitFor("ben has left", func() bool { return len(h.present(r)) == 0 })
	if _, err := h.media.Connect(t.Context(), inside.Grant.Token); err != nil {
		t.Errorf("coming back to a locked room: %v", err)
	}
	if _, connection := h.enter("ana", r); connection == nil {
		t.Error("the owner of a locked room")
	}
	h.sql(`update rooms set locked_at = null, capacity = 2 where id = $1`, r.ID)
	h.sql(`update grants set held_until = now() - interval '1 minute' where id = $1`, waiting.Participant)

	other := h.room("private", "ben")
	if _, err := h.calls.Admit(t.Context(), media.RoomID("foyer-"+string(other.ID)+"-1"), inside.Participant, media.Coming); err == nil {
		t.Error("a grant of one room admits to another")
	}
	if _, err := h.calls.Admit(t.Context(), "foyer-x", "nobody", media.Coming); err == nil {
		t.Error("an unknown grant admits")
	}
}

// Who comes in the instant in which the call ends comes into the next one; in that
// in which the room or their account goes, nowhere.
func TestJoinWaitsForTheEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo")
	for _, test := range []struct {
		what, statement string
		want            error
	}{
		{"the call ends", `update calls set ended_at = now() where room_id = $1; update rooms set generation = generation + 1 where id = $1`, nil},
		{"the room goes", `update rooms set deleted_at = now(), generation = generation + 1 where id = $1`, room.ErrHidden},
		{"their account goes", `delete from users where id = $2`, account.ErrSignedOut},
	} {
		for _, former := range []media.ParticipantID{"", "somebody"} {
			name := "ben"
			if former != "" {
				name = "cleo"
			}
			r := h.room("private", "ana", name)
			end, err := h.pool.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer end.Rollback(context.Background())
			statement := strings.NewReplacer("$1", "'"+string(r.ID)+"'", "$2", "'"+string(h.id(name))+"'").Replace(test.statement)
			for _, step := range []string{`select pg_advisory_xact_lock(ledger_key('` + string(r.ID) + `'))`, statement} {
				if _, err := end.Exec(t.Context(), step); err != nil {
					t.Fatal(err)
				}
			}
			type result struct {
				ticket call.Ticket
				err    error
			}
			joined := make(chan result, 1)
			go func() {
				ticket, err := h.calls.Rejoin(t.Context(), h.sessions[name], r.Slug, "", former)
				joined <- result{ticket, err}
			}()
			h.somebodyWaits()
			if err := end.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := <-joined
			if !errors.Is(got.err, test.want) {
				t.Errorf("%s, former %q: %v, want %v", test.what, former, got.err, test.want)
			}
			if test.want != nil {
				continue
			}
			if reason, err := h.calls.Over(t.Context(), got.ticket.Participant); err != nil || reason != "" {
				t.Errorf("%s, former %q: they came in and are out again: %q, %v", test.what, former, reason, err)
			}
			h.connect(name, r, got.ticket)
		}
	}
}

// somebodyWaits waits until a transaction waits for another.
func (h *house) somebodyWaits() {
	h.Helper()
	if err := postgrestest.UntilWaiting(h.Context(), h.pool, ""); err != nil {
		h.Fatal(err)
	}
}

// Who joins while their account is being deleted waits for that and does not make
// it wait.
func TestJoinAndTheEndOfTheAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	h.join("ben", r) // and has a grant that is not used
	end, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer end.Rollback(context.Background())
	if _, err := end.Exec(t.Context(), `select from users where id = $1 for update`, h.id("ben")); err != nil {
		t.Fatal(err)
	}
	joined := make(chan error, 1)
	go func() {
		_, err := h.calls.Join(t.Context(), h.sessions["ben"], r.Slug, "")
		joined <- err
	}()
	h.somebodyWaits()
	if _, err := end.Exec(t.Context(), `delete from users where id = $1`, h.id("ben")); err != nil {
		t.Errorf("deleting: %v", err)
	}
	if err := end.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-joined; !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("joining: %v", err)
	}
}

// People join while the room and its members are being changed: none of it
// waits for the other in a circle.
func TestJoinsAndChangesDoNotDeadlock(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	h.sql(`update rooms set capacity = 500 where id = $1`, r.ID)
	_, _ = h.enter("ben", r)
	const rounds = 40
	var group sync.WaitGroup
	group.Go(func() {
		for range rounds {
			if _, err := h.calls.Join(t.Context(), h.sessions["ana"], r.Slug, ""); err != nil {
				t.Errorf("join: %v", err)
			}
		}
	})
	group.Go(func() {
		for i := range rounds {
			role := []room.Role{room.Member, room.Moderator}[i%2]
			if _, err := h.rooms.SetRole(t.Context(), r.ID, h.id("ana"), "ben", role); err != nil {
				t.Errorf("set role: %v", err)
			}
		}
	})
	group.Go(func() {
		for i := range rounds {
			if err := h.rooms.SetLocked(t.Context(), r.ID, h.id("ana"), i%2 == 0); err != nil {
				t.Errorf("lock: %v", err)
			}
		}
	})
	group.Go(func() {
		for i := range rounds {
			h.sql(`update rooms set switches = jsonb_set(switches, '{share}', $2) where id = $1`, r.ID, i%2 == 0)
			if err := h.reconciler.Reconcile(t.Context(), r.ID); err != nil {
				t.Errorf("reconcile: %v", err)
			}
		}
	})
	group.Wait()
	var deadlocks int
	if err := h.pool.QueryRow(t.Context(), `select deadlocks from pg_stat_database where datname = current_database()`).Scan(&deadlocks); err != nil {
		t.Fatal(err)
	}
	if deadlocks > 0 {
		t.Errorf("%d deadlocks", deadlocks)
	}
}

// A page that lost the call comes back as another participant: it gives up the
// first, so that nobody is there twice and a full room takes them back.
func TestComingBackAsAnother(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	h.sql(`update rooms set capacity = 2 where id = $1`, r.ID)
	ana, _ := h.enter("ana", r)
	former, lost := h.enter("ben", r)
	stream, err := h.calls.Stream(t.Context(), h.sessions["ana"], r.Slug, ana.Participant, former.Position)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	own, err := h.calls.Stream(t.Context(), h.sessions["ben"], r.Slug, former.Participant, former.Position)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	h.wantJoin("ben", r, room.Full)
	// Nobody takes another's place.
	if _, err := h.calls.Rejoin(t.Context(), h.sessions["ana"], r.Slug, "", former.Participant); !errors.Is(err, room.Full) {
		t.Errorf("ana says that she was ben: %v", err)
	}
	h.wantJoin("ben", r, room.Full)
	var back call.Ticket
	for range 2 { // the first answer is lost
		if back, err = h.calls.Rejoin(t.Context(), h.sessions["ben"], r.Slug, "", former.Participant); err != nil {
			t.Fatal(err)
		}
	}
	h.waitClosed("ben of before", lost)
	h.refusedAtTheDoor(former, call.Replaced)
	h.waitForEvent(stream, "left", `{"participant":"`+string(former.Participant)+`"}`)
	h.connect("ben", r, back)
	// The page's first stream is not told that this is the end.
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		events, err := own.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range events {
			if event.Name == "ended" || event.Name == "left" {
				t.Errorf("told %s %s", event.Name, event.Data)
			}
		}
	}
	// Nor does it go on for somebody who may not hear the room any more.
	if _, err := h.rooms.RemoveMember(t.Context(), r.ID, h.id("ana"), "ben"); err != nil {
		t.Fatal(err)
	}
	h.waitFor("the first stream is over", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err := own.Next(ctx)
		return errors.Is(err, call.ErrNotYours)
	})
}
