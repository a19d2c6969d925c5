package record

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"foyer/internal/call"
	"foyer/internal/postgres"
	"foyer/internal/room"
	"foyer/internal/words"
)

// Attendance is the table of who was in a call of a room, or in all of its calls
// when none is named. It returns postgres.ErrNotFound.
func Attendance(ctx context.Context, db postgres.Querier, in room.Room, id string) (Table, error) {
	table := Table{name: in.Slug + "-attendance", columns: []string{
		"call began (UTC)", "call ended (UTC)", "name", "username", "came in as", "how", "joined (UTC)", "left (UTC)", "stayed", "seconds", "how it ended",
	}}
	if id == "" {
		table.rows = func(ctx context.Context, write func(...string)) error { return writeCalls(ctx, db, in.ID, write) }
		return table, nil
	}
	meeting, stays, err := call.Attended(ctx, db, in.ID, id)
	table.rows = func(_ context.Context, write func(...string)) error {
		writeStays(meeting, stays, write)
		return nil
	}
	return table, err
}

// writeCalls writes all calls of a room, some at a time.
func writeCalls(ctx context.Context, db postgres.Querier, in room.ID, write func(...string)) error {
	const some = 50
	for before := (time.Time{}); ; {
		meetings, err := call.Meetings(ctx, db, in, before, some)
		if err != nil {
			return err
		}
		for _, m := range meetings {
			m, stays, err := call.Attended(ctx, db, in, m.ID)
			switch {
			case errors.Is(err, postgres.ErrNotFound): // purged meanwhile
				continue
			case err != nil:
				return err
			}
			writeStays(m, stays, write)
		}
		if len(meetings) < some {
			return nil
		}
		before = meetings[len(meetings)-1].StartedAt
	}
}

func writeStays(m call.Meeting, stays []call.Attendance, write func(...string)) {
	for _, a := range stays {
		write(moment(m.StartedAt), momentOf(m.EndedAt), a.DisplayName, a.Username, string(a.Role), Way(a),
			moment(a.JoinedAt), momentOf(a.LeftAt), Lasting(a.Stayed), strconv.Itoa(int(a.Stayed/time.Second)), End(a))
	}
}

// Way says how somebody came into a call.
func Way(a call.Attendance) string {
	way := words.Text("attendance.way_"+string(a.Way), "role", roleWord(string(a.Role)), "note", a.Invitation)
	if a.Way == call.ByInvitation && a.Invitation != "" {
		way = words.Text("attendance.way_invitation_named", "note", a.Invitation)
	}
	if a.Lobby {
		return words.Text("attendance.through_lobby", "way", way)
	}
	return way
}

// End says why a stay ended that did not end by leaving; empty otherwise.
func End(a call.Attendance) string {
	if key := "attendance.end_" + string(a.Reason); a.Reason != "" && words.Has(key) {
		return words.Text(key)
	}
	return ""
}

// Lasting is a length of time as a clock shows it, to the second.
func Lasting(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	return fmt.Sprintf("%d:%02d:%02d", int(d/time.Hour), int(d/time.Minute)%60, int(d/time.Second)%60)
}

func roleWord(role string) string {
	if role == "" {
		return ""
	}
	return words.Text("role." + role)
}
