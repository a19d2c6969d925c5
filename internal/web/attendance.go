package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"foyer/internal/call"
	"foyer/internal/record"
	"foyer/internal/room"
	"foyer/internal/words"
)

// meetingsPerPage is how many calls a page of attendance lists.
const meetingsPerPage = 50

func (s *Server) roomAttendance(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	place := Place{Room: header(v), Current: "attendance", Path: "/r/" + v.Room.Slug + "/attendance"}
	return s.showAttendance(w, r, v, place)
}

func (s *Server) deskAttendance(w http.ResponseWriter, r *http.Request, d desk) error {
	place := Place{Admin: true, Current: "rooms", Path: deskPath(d.room.ID) + "/attendance", Title: d.room.Name, Back: deskPath(d.room.ID)}
	return s.showAttendance(w, r, d.visit, place)
}

// showAttendance lists the calls of a room, or shows the one that the query
// names.
func (s *Server) showAttendance(w http.ResponseWriter, r *http.Request, v room.Visit, place Place) error {
	if err := v.May(room.Ask{Action: room.SeeAttendance}); err != nil {
		return err
	}
	page := AttendancePage{Page: s.base(r, words.Text("attendance.title_of", "room", v.Room.Name)), Place: place}
	if id := r.URL.Query().Get("call"); id != "" {
		meeting, stays, err := call.Attended(r.Context(), s.Pool, v.Room.ID, id)
		if err != nil {
			return err
		}
		row := meetingRow(meeting)
		page.Call = &row
		page.CSV = place.Path + ".csv?" + url.Values{"call": {meeting.ID}}.Encode()
		for _, stay := range stays {
			page.Stays = append(page.Stays, stayRow(stay))
		}
		s.render(w, r, http.StatusOK, "attendance", page)
		return nil
	}
	at := r.URL.Query().Get("after")
	meetings, err := call.Meetings(r.Context(), s.Pool, v.Room.ID, parseMoment(at), meetingsPerPage+1)
	if err != nil {
		return err
	}
	next := ""
	if len(meetings) > meetingsPerPage {
		meetings = meetings[:meetingsPerPage]
		next = momentMark(meetings[meetingsPerPage-1].StartedAt)
	}
	for _, m := range meetings {
		page.Calls = append(page.Calls, meetingRow(m))
	}
	page.CSV = place.Path + ".csv"
	page.Pages = pagesOf(place.Path, nil, at, next)
	s.render(w, r, http.StatusOK, "attendance", page)
	return nil
}

// momentMark is a moment as an address carries it, to the microsecond, as exactly
// as the database knows it.
func momentMark(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 36) }

// parseMoment is the inverse of momentMark. What that does not make is the zero
// time.
func parseMoment(text string) time.Time {
	micros, err := strconv.ParseInt(text, 36, 54) // so many that Postgres knows the year
	if err != nil || micros <= 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros)
}

func meetingRow(m call.Meeting) MeetingRow {
	row := MeetingRow{ID: m.ID, StartedAt: m.StartedAt, EndedAt: m.EndedAt, People: m.People}
	end := time.Now()
	if m.EndedAt != nil {
		end = *m.EndedAt
	}
	row.Lasted = record.Lasting(end.Sub(m.StartedAt))
	return row
}

func stayRow(a call.Attendance) StayRow {
	return StayRow{
		Person: Person{Username: a.Username, DisplayName: a.DisplayName}, JoinedAt: a.JoinedAt, LeftAt: a.LeftAt,
		Stayed: record.Lasting(a.Stayed), Way: record.Way(a), Ended: record.End(a),
	}
}

func (s *Server) roomAttendanceCSV(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	return s.exportAttendance(w, r, v)
}

func (s *Server) deskAttendanceCSV(w http.ResponseWriter, r *http.Request, d desk) error {
	return s.exportAttendance(w, r, d.visit)
}

// exportAttendance writes who was in one call of a room, or in all of them.
func (s *Server) exportAttendance(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if err := v.May(room.Ask{Action: room.SeeAttendance}); err != nil {
		return err
	}
	table, err := record.Attendance(r.Context(), s.Pool, v.Room, r.URL.Query().Get("call"))
	if err != nil {
		return err
	}
	table.Send(r.Context(), w, s.Log)
	return nil
}
