package web

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"foyer/internal/account"
	"foyer/internal/admin"
	"foyer/internal/call"
	"foyer/internal/health"
	"foyer/internal/media"
	"foyer/internal/room"
	"foyer/internal/words"
)

// desk is a room that an administrator looks at, without being in it.
type desk struct {
	room    admin.Room
	visit   room.Visit // for asking the policy
	session account.Session
}

// deskHandler is a handler for an administrator about the room of the path.
type deskHandler func(w http.ResponseWriter, r *http.Request, d desk) error

func (s *Server) atDesk(h deskHandler) handler {
	return s.administering(func(w http.ResponseWriter, r *http.Request, session account.Session) error {
		found, err := s.Admin.Room(r.Context(), room.ID(chi.URLParam(r, "room")))
		if err != nil {
			return err
		}
		who := room.Person{User: session.User.ID, Administrator: true, AtDesk: true}
		return h(w, r, desk{found, room.Visit{Session: session, Person: who, Room: found.Room}, session})
	})
}

func deskPath(id room.ID) string { return "/admin/rooms/" + string(id) }

// healthPage is the first page of the desk: whether everything works.
func (s *Server) healthPage(w http.ResponseWriter, r *http.Request, _ account.Session) error {
	findings, at := s.Health.Latest()
	page := HealthPage{Page: s.base(r, words.Text("admin.health")), Findings: findings, At: at, Worst: string(health.Worst(findings))}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, http.StatusOK, "admin_health", page)
	return nil
}

func (s *Server) lookAgain(w http.ResponseWriter, r *http.Request, _ account.Session) error {
	s.Health.Look(r.Context())
	return s.leave(w, r, "/admin", words.Text("admin.looked"))
}

func (s *Server) deskRooms(w http.ResponseWriter, r *http.Request, _ account.Session) error {
	query := r.URL.Query()
	search := admin.RoomSearch{Text: shown(query.Get("q")), Live: query.Get("only") == "live", After: room.ParseCursor(query.Get("after"))}
	rooms, next, err := s.Admin.Rooms(r.Context(), search)
	if err != nil {
		return err
	}
	page := DeskRoomsPage{Page: s.base(r, words.Text("admin.rooms")), Query: search.Text, Live: search.Live}
	for _, found := range rooms {
		page.Rooms = append(page.Rooms, deskRoomRow(found))
	}
	values := map[string]string{"q": search.Text}
	if search.Live {
		values["only"] = "live"
	}
	page.Pages = pagesOf("/admin/rooms", values, search.After.String(), next.String())
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, http.StatusOK, "admin_rooms", page)
	return nil
}

func deskRoomRow(r admin.Room) DeskRoomRow {
	return DeskRoomRow{
		ID: string(r.ID), Slug: r.Slug, Name: r.Name, Visibility: string(r.Visibility), Owner: r.Owner, OwnerName: r.OwnerName,
		Ownerless: r.Owners == 0, Members: r.Members, Present: r.Present, LiveSince: r.LiveSince, CreatedAt: r.CreatedAt,
		Service: media.Title(r.Backend), Deleted: r.DeletedAt != nil, Locked: r.LockedAt != nil, Topic: r.Topic,
	}
}

func (s *Server) deskRoom(w http.ResponseWriter, r *http.Request, d desk) error {
	return s.showDeskRoom(w, r, d, http.StatusOK, deskForms{})
}

// deskForms are the forms of a room's page at the desk as they were sent.
type deskForms struct{ add, transfer, delete Form }

func (s *Server) showDeskRoom(w http.ResponseWriter, r *http.Request, d desk, status int, forms deskForms) error {
	page := DeskRoomPage{
		Page: s.base(r, d.room.Name), Room: deskRoomRow(d.room), Roles: names(room.Roles),
		AddForm: forms.add, TransferForm: forms.transfer, DeleteForm: forms.delete,
	}
	if err := d.visit.May(room.Ask{Action: room.ListMembers}); err == nil {
		after := room.ParseCursor(r.URL.Query().Get("after"))
		roll, err := s.Rooms.Roll(r.Context(), d.room.ID, room.Sought{After: after})
		if err != nil {
			return err
		}
		for _, m := range roll.Members {
			page.Members = append(page.Members, memberRow(d.visit, m))
		}
		page.Pages = pagesOf(deskPath(d.room.ID), nil, after.String(), roll.Next.String())
		people, err := s.Admin.InCall(r.Context(), d.room.ID)
		if err != nil {
			return err
		}
		page.People = seatRows(d.room.ID, people)
		page.Open = true
	}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, status, "admin_room", page)
	return nil
}

func seatRows(in room.ID, people []admin.Participant) []SeatRow {
	var rows []SeatRow
	for _, p := range people {
		row := SeatRow{
			Person: Person{Username: p.Username, DisplayName: p.DisplayName}, ID: string(p.ID), Room: string(in), Guest: p.Guest, Since: p.Since,
			Quality: p.Quality, Path: words.Text("admin.path_" + cmp.Or(p.Path, "unsaid")),
		}
		if p.Path != "" {
			row.RoundTrip, row.Loss = int(p.RoundTrip/time.Millisecond), int(p.Loss*100+0.5)
			row.QualityWord = words.Text("admin.quality_" + p.Quality)
		}
		rows = append(rows, row)
	}
	return rows
}

// liveCalls lists the calls that go on, with who is in them.
func (s *Server) liveCalls(w http.ResponseWriter, r *http.Request, _ account.Session) error {
	at := r.URL.Query().Get("after")
	mark := admin.CallMark{}
	if began, in, ok := strings.Cut(at, "."); ok && !parseMoment(began).IsZero() && uuid.Validate(in) == nil {
		mark = admin.CallMark{StartedAt: parseMoment(began), Room: room.ID(in)}
	}
	calls, more, err := s.Admin.Calls(r.Context(), mark)
	if err != nil {
		return err
	}
	page := LivePage{Page: s.base(r, words.Text("admin.live"))}
	for _, c := range calls {
		page.Calls = append(page.Calls, LiveCall{
			Room: string(c.Room), Slug: c.Slug, Name: c.Name, Service: media.Title(c.Backend), StartedAt: c.StartedAt, People: seatRows(c.Room, c.People),
		})
	}
	next := ""
	if more {
		last := calls[len(calls)-1]
		next = momentMark(last.StartedAt) + "." + string(last.Room)
	}
	if mark == (admin.CallMark{}) {
		at = ""
	}
	page.Pages = pagesOf("/admin/live", nil, at, next)
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, http.StatusOK, "admin_live", page)
	return nil
}

func (s *Server) deskEnd(w http.ResponseWriter, r *http.Request, d desk) error {
	if err := s.Calls.AtDesk().End(r.Context(), d.room.ID, d.session.User.ID); err != nil {
		return err
	}
	return s.leave(w, r, s.backFrom(r, d), words.Text("admin.ended", "room", d.room.Name))
}

func (s *Server) deskExpel(w http.ResponseWriter, r *http.Request, d desk) error {
	err := s.Calls.AtDesk().Expel(r.Context(), d.room.ID, d.session.User.ID, media.ParticipantID(chi.URLParam(r, "participant")))
	if err != nil {
		return err
	}
	return s.leave(w, r, s.backFrom(r, d), words.Text("admin.expelled"))
}

// backFrom is where an act on a live call was asked for: the list of calls, or the
// room.
func (s *Server) backFrom(r *http.Request, d desk) string {
	if values, err := readForm(r, "next"); err == nil && values["next"] == "/admin/live" {
		return "/admin/live"
	}
	return deskPath(d.room.ID)
}

func (s *Server) deskAdd(w http.ResponseWriter, r *http.Request, d desk) error {
	values, err := readForm(r, "login", "role")
	if err != nil {
		return err
	}
	added, err := s.Rooms.AtDesk().AddMember(r.Context(), d.room.ID, d.session.User.ID, values["login"], room.Role(values["role"]))
	if err == nil {
		return s.leave(w, r, deskPath(d.room.ID), words.Text("admin.added", "name", added.DisplayName))
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	return s.showDeskRoom(w, r, d, status, deskForms{add: form})
}

func (s *Server) deskSetRole(w http.ResponseWriter, r *http.Request, d desk) error {
	values, err := readForm(r, "role")
	if err != nil {
		return err
	}
	role := room.Role(values["role"])
	name, err := s.Rooms.AtDesk().SetRole(r.Context(), d.room.ID, d.session.User.ID, chi.URLParam(r, "username"), role)
	if err != nil {
		return err
	}
	return s.leave(w, r, deskPath(d.room.ID), words.Text("admin.role_set", "name", name, "role", words.Text("role."+string(role))))
}

func (s *Server) deskRemove(w http.ResponseWriter, r *http.Request, d desk) error {
	name, err := s.Rooms.AtDesk().RemoveMember(r.Context(), d.room.ID, d.session.User.ID, chi.URLParam(r, "username"))
	if err != nil {
		return err
	}
	return s.leave(w, r, deskPath(d.room.ID), words.Text("admin.member_removed", "name", name))
}

func (s *Server) deskTransfer(w http.ResponseWriter, r *http.Request, d desk) error {
	values, err := readForm(r, "heir")
	if err != nil {
		return err
	}
	name, err := s.Rooms.AtDesk().HandOver(r.Context(), d.room.ID, d.session.User.ID, values["heir"])
	if err == nil {
		return s.leave(w, r, deskPath(d.room.ID), words.Text("admin.transferred", "name", name))
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	return s.showDeskRoom(w, r, d, status, deskForms{transfer: form})
}

func (s *Server) deskDelete(w http.ResponseWriter, r *http.Request, d desk) error {
	values, err := readForm(r, "confirm")
	if err != nil {
		return err
	}
	if err := sameName(values["confirm"], d.room.Name); err != nil {
		form, status, _ := again(w, values, err)
		return s.showDeskRoom(w, r, d, status, deskForms{delete: form})
	}
	if err := s.Rooms.AtDesk().Delete(r.Context(), d.room.ID, d.session.User.ID); err != nil {
		return err
	}
	return s.leave(w, r, "/admin/rooms", words.Text("admin.room_deleted", "room", d.room.Name))
}

// reportConnection takes how a participant says that they are connected.
func (s *Server) reportConnection(w http.ResponseWriter, r *http.Request) error {
	var connection call.Connection
	if err := readJSON(r, &connection); err != nil {
		return err
	}
	id := chi.URLParam(r, "participant")
	if !participantPattern.MatchString(id) {
		return call.ErrNotYours
	}
	if err := s.Calls.Report(r.Context(), s.roomToken(r), chi.URLParam(r, "slug"), media.ParticipantID(id), connection); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct{}{})
	return nil
}
