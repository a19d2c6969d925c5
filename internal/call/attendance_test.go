package call_test

import (
	"errors"
	"testing"
	"time"

	"foyer/internal/account"
	"foyer/internal/call"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

// Who was in a call, as what, and for how long, without the time when they were
// away in between.
func TestAttendance(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "eve")
	r := h.room("open", "ana", "ben")
	h.enter("ana", r)
	h.enter("ben", r)
	_, eve := h.enter("eve", r)
	h.sql(`update grants set connected_at = now() - interval '60 minutes' where display_name = 'The ana'`)
	h.sql(`update grants set connected_at = now() - interval '60 minutes', away = interval '20 minutes' where display_name = 'The ben'`)
	eve.Leave()
	h.waitFor("eve has left", func() bool { return len(h.present(r)) == 2 })
	meetings, err := call.Meetings(t.Context(), h.pool, r.ID, time.Time{}, 10)
	if err != nil || len(meetings) != 1 || meetings[0].People != 3 || meetings[0].EndedAt != nil {
		t.Fatalf("calls: %+v, %v", meetings, err)
	}
	_, stays, err := call.Attended(t.Context(), h.pool, r.ID, meetings[0].ID)
	if err != nil || len(stays) != 3 {
		t.Fatalf("%d stays, %v", len(stays), err)
	}
	for _, stay := range stays {
		want := map[string]struct {
			way  call.Way
			role room.Role
			most time.Duration
			in   bool
		}{
			"ana": {call.ByMembership, room.Owner, 61 * time.Minute, true},
			"ben": {call.ByMembership, room.Member, 41 * time.Minute, true},
			"eve": {call.ByOpenDoor, room.None, time.Minute, false},
		}[stay.Username]
		if stay.Way != want.way || stay.Role != want.role || stay.Stayed > want.most || stay.Stayed < want.most-90*time.Second || (stay.LeftAt == nil) != want.in {
			t.Errorf("%s: %+v", stay.Username, stay)
		}
	}
	other := h.room("private", "eve")
	if _, _, err := call.Attended(t.Context(), h.pool, other.ID, meetings[0].ID); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("by another room: %v", err)
	}
	if _, _, err := call.Attended(t.Context(), h.pool, r.ID, "no id"); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("no id: %v", err)
	}
}

// How somebody says that they are connected is theirs alone to say.
func TestReport(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	ticket, _ := h.enter("ana", r)
	good := call.Connection{Path: "udp", Quality: "good", RTT: 0.042, Loss: 0.01}
	if err := h.calls.Report(t.Context(), h.sessions["ana"], r.Slug, ticket.Participant, good); err != nil {
		t.Fatal(err)
	}
	good.Path = "tcp"
	if err := h.calls.Report(t.Context(), h.sessions["ana"], r.Slug, ticket.Participant, good); err != nil {
		t.Fatal(err)
	}
	var path string
	var rtt, rows int
	if err := h.pool.QueryRow(t.Context(), `select max(path), max(rtt_ms), count(*) from connections`).Scan(&path, &rtt, &rows); err != nil || path != "tcp" || rtt != 42 || rows != 1 {
		t.Errorf("%s, %d ms, %d rows, %v", path, rtt, rows, err)
	}
	for name, refused := range map[string]error{
		"another person":      h.calls.Report(t.Context(), h.sessions["ben"], r.Slug, ticket.Participant, good),
		"nobody":              h.calls.Report(t.Context(), account.NewToken(), r.Slug, ticket.Participant, good),
		"another room":        h.calls.Report(t.Context(), h.sessions["ana"], "there-is-none", ticket.Participant, good),
		"another participant": h.calls.Report(t.Context(), h.sessions["ana"], r.Slug, "abc", good),
	} {
		if !errors.Is(refused, call.ErrNotYours) {
			t.Errorf("%s: %v", name, refused)
		}
	}
	for _, bad := range []call.Connection{
		{Path: "pigeon", Quality: "good"}, {Path: "udp", Quality: "fine"}, {Path: "udp", Quality: "good", RTT: -1}, {Path: "udp", Quality: "good", Loss: 2},
	} {
		if err := h.calls.Report(t.Context(), h.sessions["ana"], r.Slug, ticket.Participant, bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

// What administrators do to a call at their desk is done, and is in the room's
// ledger under their name; who is none can do none of it there.
func TestAtDesk(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "boss", "eve")
	h.sql(`update users set administrator = true where username = 'boss'`)
	r := h.room("private", "ana", "ben")
	ben, connection := h.enter("ben", r)
	h.enter("ana", r)
	desk := h.calls.AtDesk()
	ctx := ledger.From(t.Context(), "192.0.2.7")
	if err := desk.Expel(ctx, r.ID, h.id("eve"), ben.Participant); !errors.Is(err, room.ErrHidden) {
		t.Errorf("a stranger at the desk: %v", err)
	}
	if err := desk.Expel(ctx, r.ID, h.id("ana"), ben.Participant); !errors.Is(err, room.ErrHidden) {
		t.Errorf("an owner at the desk: %v", err)
	}
	if err := h.calls.Expel(ctx, r.ID, h.id("boss"), ben.Participant); !errors.Is(err, room.ErrHidden) {
		t.Errorf("an administrator who is not at the desk: %v", err)
	}
	if err := desk.Expel(ctx, r.ID, h.id("boss"), ben.Participant); err != nil {
		t.Fatal(err)
	}
	h.waitClosed("whom the administrator put out", connection)
	if err := desk.End(ctx, r.ID, h.id("boss")); err != nil {
		t.Fatal(err)
	}
	h.waitFor("nobody is in", func() bool { return len(h.present(r)) == 0 })
	if name, err := h.rooms.AtDesk().HandOver(ctx, r.ID, h.id("boss"), "eve"); err != nil || name != "The eve" {
		t.Fatalf("handed over to %q, %v", name, err)
	}
	members, err := h.rooms.Members(ctx, r.ID)
	if err != nil || len(members) != 3 || members[0].Username != "eve" || members[0].Role != room.Owner || members[1].Role != room.Moderator {
		t.Errorf("then the members are %+v, %v", members, err)
	}
	if err := h.rooms.AtDesk().Delete(ctx, r.ID, h.id("boss")); err != nil {
		t.Fatal(err)
	}
	records, err := ledger.Audit(ctx, h.pool, ledger.Search{Room: ledger.Room(r.ID), Person: string(h.id("boss"))}, 10)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []ledger.Kind
	for _, record := range records {
		kinds = append(kinds, record.Kind)
		if record.Address != "192.0.2.7" || !record.Administrator {
			t.Errorf("%s from %q, administrator: %v", record.Kind, record.Address, record.Administrator)
		}
	}
	if len(kinds) != 4 {
		t.Errorf("the room's ledger says %v of the administrator, want all four acts", kinds)
	}
}
