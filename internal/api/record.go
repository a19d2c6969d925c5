package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"foyer/internal/account/apitoken"
	"foyer/internal/call"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/record"
	"foyer/internal/room"
)

// Call is one time that people met in a room.
type Call struct {
	ID        string     `json:"id" format:"uuid"`
	StartedAt time.Time  `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at,omitempty" doc:"Left out while it goes on."`
	People    int        `json:"people" doc:"Different ones who were in it."`
}

func callOf(m call.Meeting) Call { return Call(m) }

// Attended is a call with who was in it.
type Attended struct {
	Call
	Stays []Stay `json:"stays" doc:"In the order of their coming."`
}

// Stay is one stay of one person in a call.
type Stay struct {
	Username    string      `json:"username" doc:"Empty for guests."`
	DisplayName string      `json:"display_name"`
	Role        room.Role   `json:"role" enum:"owner,moderator,member,guest," doc:"That they came in with."`
	Way         call.Way    `json:"way" enum:"membership,open,invitation,guest,program" doc:"How they came in."`
	Invitation  string      `json:"invitation" doc:"Note of the invitation that a guest came by."`
	Lobby       bool        `json:"lobby" doc:"Somebody let them in."`
	JoinedAt    time.Time   `json:"joined_at"`
	LeftAt      *time.Time  `json:"left_at,omitempty" doc:"Left out while they are in."`
	Seconds     int         `json:"seconds" doc:"How long they were there, without the times when they were away."`
	Reason      call.Reason `json:"reason" doc:"Why it ended, if somebody or something ended it."`
}

func attendedOf(m call.Meeting, stays []call.Attendance) Attended {
	return Attended{callOf(m), each(stays, func(s call.Attendance) Stay {
		return Stay{s.Username, s.DisplayName, s.Role, s.Way, s.Invitation, s.Lobby, s.JoinedAt, s.LeftAt, int(s.Stayed / time.Second), s.Reason}
	})}
}

// Record is an entry of the audit log.
type Record struct {
	ID      ledger.Position `json:"id"`
	At      time.Time       `json:"at"`
	Kind    ledger.Kind     `json:"kind"`
	Room    string          `json:"room" doc:"The room's address; empty for the site."`
	By      Actor           `json:"by"`
	Subject string          `json:"subject" doc:"Id of whom or what it was done to."`
	Name    string          `json:"name" doc:"Of the subject, where it is somebody who is still known."`
	Address string          `json:"address" doc:"Where the request came from."`
	Data    map[string]any  `json:"data" doc:"What it holds depends on the kind."`
}

// Actor is who did something. All is empty when the system did, or nobody is
// there any more.
type Actor struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Name     string `json:"name"`
}

func recordOf(r ledger.Record) Record {
	data := make(map[string]any)
	_ = json.Unmarshal(r.Data, &data) // an object, as the database says
	return Record{r.ID, r.At, r.Kind, r.Slug, Actor{r.Actor, r.ActorUsername, r.ActorName}, r.Subject, r.SubjectName, r.Address, data}
}

func (a *API) recordOperations() {
	s := a.section("Attendance and audit log")
	addRoom(s, op{method: http.MethodGet, path: "/rooms/{slug}/calls", id: "listCalls", summary: "A room's calls", scope: apitoken.RoomsRead,
		about: "The newest first; for owners and moderators."}, a.listCalls)
	addRoom(s, op{method: http.MethodGet, path: "/rooms/{slug}/calls/{call}", id: "readCall", summary: "Who was in a call", scope: apitoken.RoomsRead,
		about: "For owners and moderators."}, a.readCall)
	addRoom(s, op{method: http.MethodGet, path: "/rooms/{slug}/audit", id: "listAudit", summary: "A room's audit log", scope: apitoken.RoomsRead,
		about: "Who changed who may do what, the newest first; for owners."}, a.listAudit)
	addTable(s, op{path: "/rooms/{slug}/attendance.csv", id: "exportAttendance", summary: "Who was in a room's calls, as a table", scope: apitoken.RoomsRead,
		about: "All of them, or one. For owners and moderators."}, visiting(a, a.exportAttendance))
	addTable(s, op{path: "/rooms/{slug}/audit.csv", id: "exportAudit", summary: "A room's audit log as a table", scope: apitoken.RoomsRead,
		about: "All records that the filters leave, the newest first; for owners."}, visiting(a, a.exportAudit))
}

type listCallsInput struct {
	AboutRoom
	Paged
}

const callsPerPage = 50

func (a *API) listCalls(ctx context.Context, v room.Visit, in *listCallsInput) (*body[page[Call]], error) {
	return a.meetings(ctx, v, in.After)
}

func (a *API) meetings(ctx context.Context, v room.Visit, cursor string) (*body[page[Call]], error) {
	if err := v.May(room.Ask{Action: room.SeeAttendance}); err != nil {
		return nil, err
	}
	at, err := a.place(listOf("calls", v.Room.ID), cursor)
	if err != nil {
		return nil, err
	}
	var before time.Time
	if at != "" {
		micros, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return nil, err
		}
		before = time.UnixMicro(micros)
	}
	found, err := call.Meetings(ctx, a.Pool, v.Room.ID, before, callsPerPage+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, callsPerPage, func(m call.Meeting) string { return strconv.FormatInt(m.StartedAt.UnixMicro(), 10) })
	return answer(page[Call]{each(found, callOf), a.next(listOf("calls", v.Room.ID), next)}, nil)
}

type oneCall struct {
	AboutRoom
	Call string `path:"call" maxLength:"64"`
}

func (a *API) readCall(ctx context.Context, v room.Visit, in *oneCall) (*body[Attended], error) {
	return a.attended(ctx, v, in.Call)
}

func (a *API) attended(ctx context.Context, v room.Visit, id string) (*body[Attended], error) {
	if err := v.May(room.Ask{Action: room.SeeAttendance}); err != nil {
		return nil, err
	}
	meeting, stays, err := call.Attended(ctx, a.Pool, v.Room.ID, id)
	return answer(attendedOf(meeting, stays), err)
}

type attendanceTable struct {
	AboutRoom
	WhichCall
}

// WhichCall is the call that a table is of.
type WhichCall struct {
	Call string `query:"call" maxLength:"64" doc:"The id of a call; left out: all."`
}

func (a *API) exportAttendance(ctx context.Context, v room.Visit, in *attendanceTable) (*stream, error) {
	return a.attendanceTable(ctx, v, in.Call)
}

func (a *API) attendanceTable(ctx context.Context, v room.Visit, call string) (*stream, error) {
	if err := v.May(room.Ask{Action: room.SeeAttendance}); err != nil {
		return nil, err
	}
	table, err := record.Attendance(ctx, a.Pool, v.Room, call)
	return a.table(ctx, table, err)
}

// Sought is what is looked for in an audit log.
type Sought struct {
	Person  string    `query:"person" maxLength:"254" doc:"Username or email address of who did it, or to whom it was done."`
	Kind    string    `query:"kind" maxLength:"40"`
	Address string    `query:"address" maxLength:"64" doc:"Where the request came from."`
	From    time.Time `query:"from" doc:"Not before."`
	Until   time.Time `query:"until" doc:"Before."`
}

// AboutAudit is the audit log of a room that a request is about.
type AboutAudit struct {
	AboutRoom
	Sought
}

type auditInput struct {
	Paged
	AboutAudit
}

func (a *API) listAudit(ctx context.Context, v room.Visit, in *auditInput) (*body[page[Record]], error) {
	if err := v.May(room.Ask{Action: room.SeeAudit}); err != nil {
		return nil, err
	}
	return a.audit(ctx, ledger.Search{Room: ledger.Room(v.Room.ID)}, in.Sought, in.After)
}

func (a *API) exportAudit(ctx context.Context, v room.Visit, in *AboutAudit) (*stream, error) {
	if err := v.May(room.Ask{Action: room.SeeAudit}); err != nil {
		return nil, err
	}
	return a.auditTable(ctx, v.Room.Slug+"-audit", ledger.Search{Room: ledger.Room(v.Room.ID)}, in.Sought)
}

const recordsPerPage = 50

// audit looks for records, from a place in their list on.
func (a *API) audit(ctx context.Context, search ledger.Search, in Sought, after string) (*body[page[Record]], error) {
	at, err := a.place(listOf("audit", search.Room), after)
	if err != nil {
		return nil, err
	}
	search, known, err := a.searched(ctx, search, in)
	if err != nil || !known {
		return answer(page[Record]{Items: []Record{}}, err)
	}
	search.Before = ledger.ParseMark(at)
	records, err := ledger.Audit(ctx, a.Pool, search, recordsPerPage+1)
	if err != nil {
		return nil, err
	}
	records, next := cut(records, recordsPerPage, func(r ledger.Record) string { return ledger.MarkOf(r).String() })
	return answer(page[Record]{each(records, recordOf), a.next(listOf("audit", search.Room), next)}, nil)
}

func (a *API) auditTable(ctx context.Context, name string, search ledger.Search, in Sought) (*stream, error) {
	search, known, err := a.searched(ctx, search, in)
	return a.table(ctx, record.Audit(a.Pool, name, search, known), err)
}

// searched is a search for what a request looks for. It is not known when nobody has
// the name that is looked for: then there are no records.
func (a *API) searched(ctx context.Context, search ledger.Search, in Sought) (_ ledger.Search, known bool, err error) {
	search.Kind, search.Address, search.From, search.Until = ledger.Kind(input.Searchable(in.Kind)), input.Searchable(in.Address), in.From, in.Until
	if in.Person != "" {
		id, err := a.Admin.UserNamed(ctx, in.Person)
		if errors.Is(err, postgres.ErrNotFound) {
			return search, false, nil
		}
		if err != nil {
			return search, false, err
		}
		search.Person = string(id)
	}
	return search, true, nil
}
