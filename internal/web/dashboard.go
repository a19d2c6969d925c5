package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"

	"foyer/internal/account"
	"foyer/internal/problem"
	"foyer/internal/room"
	"foyer/internal/words"
)

// home is the landing page, or the dashboard of somebody who is signed in.
func (s *Server) home(w http.ResponseWriter, r *http.Request) error {
	session, err := s.Accounts.Resume(r.Context(), s.token(r))
	if err != nil {
		if problem.Of(err).Status != http.StatusUnauthorized {
			return err
		}
		page := LandingPage{Page: s.base(r, ""), SignupOpen: s.signupOpen()}
		page.Notice = s.takeNotice(w, r)
		s.render(w, r, http.StatusOK, "landing", page)
		return nil
	}
	r = withViewer(r, session.User)
	cards, err := s.Rooms.Mine(r.Context(), session.User.ID)
	if err != nil {
		return err
	}
	page := DashboardPage{Page: s.base(r, words.Text("dashboard.your_rooms"))}
	page.Notice = s.takeNotice(w, r)
	for _, card := range cards {
		page.Rooms = append(page.Rooms, roomCard(card))
	}
	if err := s.fillDesks(r, &page, cards); err != nil {
		return err
	}
	s.render(w, r, http.StatusOK, "dashboard", page)
	return nil
}

// fillDesks puts on a dashboard who waits for an answer of its viewer.
func (s *Server) fillDesks(r *http.Request, page *DashboardPage, cards []room.Card) error {
	var lobbies, deciding []room.ID
	for _, card := range cards {
		if card.May(room.Ask{Action: room.ManageLobby}) == nil {
			lobbies = append(lobbies, card.ID)
			page.Watch = page.Watch || card.State().SomeWait()
		}
		if card.May(room.DecideRequests) == nil {
			deciding = append(deciding, card.ID)
		}
	}
	waiting, err := s.Rooms.WaitingIn(r.Context(), lobbies...)
	if err != nil {
		return err
	}
	requests, err := s.Rooms.Requests(r.Context(), deciding...)
	if err != nil {
		return err
	}
	for _, card := range cards {
		desk := Desk{
			Slug: card.Slug, Name: card.Name, CanBlock: card.May(room.Ask{Action: room.Ban}) == nil, Requests: requestRows(requests[card.ID]),
		}
		for _, e := range waiting[card.ID] {
			desk.Waiting = append(desk.Waiting, Waiter{
				Person: Person{Username: e.Username, DisplayName: e.DisplayName}, ID: string(e.ID), Guest: e.Guest, Invited: e.Invited, Since: e.AskedAt,
			})
		}
		if len(desk.Waiting)+len(desk.Requests) > 0 {
			page.Desks = append(page.Desks, desk)
		}
	}
	// Who stands at a door goes before who can wait.
	slices.SortStableFunc(page.Desks, func(a, b Desk) int { return cmp.Compare(min(len(b.Waiting), 1), min(len(a.Waiting), 1)) })
	return nil
}

func requestRows(requests []room.JoinRequest) []RequestRow {
	var rows []RequestRow
	for _, q := range requests {
		rows = append(rows, RequestRow{
			Person: Person{Username: q.Username, DisplayName: q.DisplayName}, ID: string(q.ID), Message: q.Message, At: q.At,
		})
	}
	return rows
}

// roomCard is a room as its viewer may see it.
func roomCard(c room.Card) RoomCard {
	card := RoomCard{
		Slug: c.Slug, Name: c.Name, Role: string(c.Person.Role), Visibility: string(c.Visibility), Live: people(c.Live), Asked: c.Asked,
		CanAsk: mustBelong(c.May),
	}
	if c.May(room.Ask{Action: room.SeePeople}) == nil {
		card.Topic = c.Topic
	}
	return card
}

// mustBelong says whether asking to join is somebody's only way into a room.
func mustBelong(may func(room.Ask) error) bool {
	return errors.Is(may(room.Ask{Action: room.Enter}), room.MembersOnly) && may(room.Ask{Action: room.RequestToJoin}) == nil
}

// findRooms lists the rooms that somebody may know of without belonging to them.
func (s *Server) findRooms(w http.ResponseWriter, r *http.Request, session account.Session) error {
	q, after := r.URL.Query().Get("q"), room.ParseCursor(r.URL.Query().Get("after"))
	cards, next, err := s.Rooms.InSight(r.Context(), session.User.ID, nil, q, after)
	if err != nil {
		return err
	}
	page := FindPage{Page: s.base(r, words.Text("dashboard.find_a_room")), Query: shown(q)}
	page.Pages = pagesOf("/rooms", map[string]string{"q": page.Query}, after.String(), next.String())
	page.Notice = s.takeNotice(w, r)
	for _, card := range cards {
		page.Rooms = append(page.Rooms, roomCard(card))
	}
	s.render(w, r, http.StatusOK, "find", page)
	return nil
}
