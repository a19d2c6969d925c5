package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/account/recovery"
	"foyer/internal/admin"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/room"
	"foyer/internal/words"
)

func (s *Server) deskUsers(w http.ResponseWriter, r *http.Request, session account.Session) error {
	query := r.URL.Query()
	search := admin.UserSearch{Text: shown(query.Get("q")), Only: shown(query.Get("only")), After: shown(query.Get("after"))}
	users, more, err := s.Admin.Users(r.Context(), search)
	if err != nil {
		return err
	}
	page := DeskUsersPage{Page: s.base(r, words.Text("admin.users")), Query: search.Text, Only: search.Only}
	next := ""
	if more {
		next = users[len(users)-1].Username
	}
	for _, u := range users {
		page.Users = append(page.Users, deskUserRow(u, session))
	}
	page.Pages = pagesOf("/admin/users", map[string]string{"q": search.Text, "only": search.Only}, search.After, next)
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, http.StatusOK, "admin_users", page)
	return nil
}

func deskUserRow(u admin.User, viewer account.Session) DeskUserRow {
	return DeskUserRow{
		Person: Person{Username: u.Username, DisplayName: u.DisplayName}, ID: string(u.ID), Email: u.Email, You: u.ID == viewer.User.ID,
		Administrator: u.Administrator, Service: u.Service, DisabledAt: u.DisabledAt, CreatedAt: u.CreatedAt, SeenAt: u.SeenAt, Sessions: u.Sessions, Rooms: u.Rooms,
	}
}

// deskUser shows one account, its rooms, and what was done to it lately.
func (s *Server) deskUser(w http.ResponseWriter, r *http.Request, session account.Session) error {
	user, err := s.Admin.User(r.Context(), account.UserID(chi.URLParam(r, "user")))
	if err != nil {
		return err
	}
	page := DeskUserPage{Page: s.base(r, user.DisplayName), User: deskUserRow(user, session)}
	search := admin.RoomSearch{Of: user.ID, After: room.ParseCursor(r.URL.Query().Get("after"))}
	rooms, next, err := s.Admin.Rooms(r.Context(), search)
	if err != nil {
		return err
	}
	page.Pages = pagesOf("/admin/users/"+string(user.ID), nil, search.After.String(), next.String())
	for _, found := range rooms {
		page.Rooms = append(page.Rooms, deskRoomRow(found))
	}
	const few = 10
	records, err := ledger.Audit(r.Context(), s.Pool, ledger.Search{Person: string(user.ID)}, few)
	if err != nil {
		return err
	}
	for _, record := range records {
		page.Records = append(page.Records, auditRow(record))
	}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, http.StatusOK, "admin_user", page)
	return nil
}

// changeUser does one of the things that administrators do to accounts.
func (s *Server) changeUser(do func(w http.ResponseWriter, r *http.Request, by, id account.UserID) (notice string, err error)) handler {
	return s.administering(func(w http.ResponseWriter, r *http.Request, session account.Session) error {
		id := chi.URLParam(r, "user")
		notice, err := do(w, r, session.User.ID, account.UserID(id))
		if err != nil {
			return err
		}
		return s.leave(w, r, "/admin/users/"+id, notice)
	})
}

func (s *Server) disableUser(_ http.ResponseWriter, r *http.Request, by, id account.UserID) (string, error) {
	user, err := s.Admin.SetDisabled(r.Context(), by, id, true)
	return words.Text("admin.disabled", "name", user.DisplayName), err
}

func (s *Server) enableUser(_ http.ResponseWriter, r *http.Request, by, id account.UserID) (string, error) {
	user, err := s.Admin.SetDisabled(r.Context(), by, id, false)
	return words.Text("admin.enabled", "name", user.DisplayName), err
}

func (s *Server) makeAdministrator(_ http.ResponseWriter, r *http.Request, by, id account.UserID) (string, error) {
	user, err := s.Admin.SetAdministrator(r.Context(), by, id, true)
	return words.Text("admin.made", "name", user.DisplayName), err
}

func (s *Server) unmakeAdministrator(_ http.ResponseWriter, r *http.Request, by, id account.UserID) (string, error) {
	user, err := s.Admin.SetAdministrator(r.Context(), by, id, false)
	return words.Text("admin.unmade", "name", user.DisplayName), err
}

func (s *Server) signOutUser(_ http.ResponseWriter, r *http.Request, by, id account.UserID) (string, error) {
	user, err := s.Admin.SignOut(r.Context(), by, id)
	return words.Text("admin.signed_out", "name", user.DisplayName), err
}

// resetUser mails somebody a link with which they set a new password.
func (s *Server) resetUser(_ http.ResponseWriter, r *http.Request, by, id account.UserID) (string, error) {
	user, err := s.Admin.SendReset(r.Context(), by, id, s.mailReset)
	notice := "admin.reset_sent"
	if !s.Mails.Sends() {
		notice = "admin.reset_held"
	}
	return words.Text(notice, "name", user.DisplayName), err
}

// mailReset mails somebody a link with which they set a new password.
func (s *Server) mailReset(ctx context.Context, tx pgx.Tx, user account.User) error {
	return recovery.Send(ctx, tx, user, recovery.Reset, user.Email, s.writeLink)
}

// unlessNotFound is an error, unless it says that there is nothing.
func unlessNotFound(err error) error {
	if errors.Is(err, postgres.ErrNotFound) {
		return nil
	}
	return err
}

// sameName refuses what is not a room's name, typed to confirm.
func sameName(typed, name string) error {
	if typed != name {
		return input.Invalid{"confirm": words.Text("form.type_name", "name", name)}
	}
	return nil
}
