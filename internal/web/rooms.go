package web

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"foyer/internal/account"
	"foyer/internal/chat"
	"foyer/internal/input"
	"foyer/internal/problem"
	"foyer/internal/room"
	"foyer/internal/words"
)

func people(participants []room.Participant) []Person {
	var people []Person
	for _, p := range participants {
		people = append(people, Person{Username: p.Username, DisplayName: p.DisplayName})
	}
	return people
}

func (s *Server) newRoomPage(w http.ResponseWriter, r *http.Request, _ account.Session) error {
	form := Form{Values: map[string]string{"visibility": "private"}}
	s.render(w, r, http.StatusOK, "new_room", NewRoomPage{Page: s.base(r, words.Text("room.new_room")), Form: form, Address: s.origin(r) + "/r/"})
	return nil
}

func (s *Server) createRoom(w http.ResponseWriter, r *http.Request, session account.Session) error {
	values, err := readForm(r, "name", "topic", "visibility")
	if err != nil {
		return err
	}
	created, err := s.Rooms.Create(r.Context(), session.User.ID, room.Draft{
		Name: values["name"], Topic: values["topic"], Visibility: room.Visibility(values["visibility"]), Backend: s.Backend,
		Capacity: s.Settings.Now().Capacity,
	})
	if err == nil {
		return s.leave(w, r, "/r/"+created.Slug, "")
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	s.render(w, r, status, "new_room", NewRoomPage{Page: s.base(r, words.Text("room.new_room")), Form: form, Address: s.origin(r) + "/r/"})
	return nil
}

// visitHandler is a handler for somebody who may know of the room of the path.
type visitHandler func(w http.ResponseWriter, r *http.Request, visit room.Visit) error

func (s *Server) visiting(h visitHandler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		visit, _, err := s.visit(r)
		if err != nil {
			return err
		}
		r = withVisitor(r, visit)
		return h(w, r, visit)
	}
}

// withAccount is visiting for what only an account does, whichever guest's pass
// the browser holds besides.
func (s *Server) withAccount(h visitHandler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		visit, err := s.Rooms.Visit(r.Context(), s.token(r), chi.URLParam(r, "slug"))
		if errors.Is(err, room.ErrSignIn) {
			return s.visiting(h)(w, r)
		}
		if err == nil {
			err = s.Accounts.Touch(r.Context(), visit.Session)
		}
		if err != nil {
			return err
		}
		return h(w, withVisitor(r, visit), visit)
	}
}

func header(v room.Visit) RoomHeader {
	topic := v.Room.Topic
	if v.May(room.Ask{Action: room.SeePeople}) != nil {
		topic = ""
	}
	return RoomHeader{
		Slug: v.Room.Slug, Name: v.Room.Name, Topic: topic,
		Visibility: string(v.Room.Visibility), Locked: v.Room.LockedAt != nil, Role: string(v.Person.Role),
		CanSeeMembers: v.May(room.Ask{Action: room.ListMembers}) == nil,
		CanManageBans: v.May(room.Ask{Action: room.ManageBans}) == nil,
		CanRename:     v.May(room.Ask{Action: room.Rename}) == nil,
		CanInvite:     len(mayRevoke(v)) > 0,

		CanSeeAttendance:  v.May(room.Ask{Action: room.SeeAttendance}) == nil,
		CanSeeAudit:       v.May(room.Ask{Action: room.SeeAudit}) == nil,
		CanManageWebhooks: v.May(room.Ask{Action: room.ManageWebhooks}) == nil,
	}
}

func (s *Server) roomPage(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if mustBelong(v.May) {
		return s.askPage(w, r, v, http.StatusOK, Form{})
	}
	page := RoomPage{Page: s.base(r, v.Room.Name), Room: header(v), DisplayName: v.DisplayName, Backend: v.Room.Backend,
		HistoryDays: v.Room.HistoryDays, FileLimit: s.Chat.Limits().File, MostFiles: chat.MostFiles, MostText: chat.MostText}
	if v.May(room.Ask{Action: room.SeePeople}) == nil {
		live, err := s.Rooms.Live(r.Context(), v.Room.ID)
		if err != nil {
			return err
		}
		page.Live = people(live[v.Room.ID])
	}
	if v.Person.Guest != "" && s.token(r) != "" {
		own, err := s.Rooms.Visit(r.Context(), s.token(r), v.Room.Slug)
		page.CanAsk = err == nil && mustBelong(own.May)
	}
	page.Notice = s.takeNotice(w, r)
	err := v.May(room.Ask{Action: room.Enter})
	switch {
	case errors.Is(err, room.NotAdmitted):
		page.Lobby = "denied"
	case errors.Is(err, room.MustWait) && v.Person.Answer == room.Waiting:
		page.Lobby = "waiting"
	case errors.Is(err, room.MustWait):
		page.Lobby = "ask"
	case err != nil:
		page.Closed = problem.Of(err).Message
	}
	s.render(w, r, http.StatusOK, "room", page)
	return nil
}

func (s *Server) setLocked(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	values, err := readEither(r, "locked")
	if err != nil {
		return err
	}
	locked, err := strconv.ParseBool(values["locked"])
	if err != nil {
		return input.Invalid{"locked": words.Text("room.choose_one_of_the_options")}
	}
	if err := s.Rooms.SetLocked(r.Context(), v.Room.ID, v.Person.User, locked); err != nil {
		return err
	}
	notice := words.Text("room.the_room_is_unlocked")
	if locked {
		notice = words.Text("room.the_room_is_locked_nobody")
	}
	return s.done(w, r, struct{}{}, roomPath(v)+"/settings", notice)
}

func (s *Server) deleteRoom(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	values, err := readForm(r, "confirm")
	if err != nil {
		return err
	}
	if err := v.May(room.Ask{Action: room.Delete}); err != nil {
		return err
	}
	if err := sameName(values["confirm"], v.Room.Name); err != nil {
		form, status, _ := again(w, values, err)
		return s.showSettings(w, r, v, status, Form{}, form)
	}
	if err := s.Rooms.Delete(r.Context(), v.Room.ID, v.Person.User); err != nil {
		return err
	}
	return s.leave(w, r, "/", words.Text("room.is_deleted", "room", v.Room.Name))
}
