package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/room"
	"foyer/internal/words"
)

const (
	dataPath   = "/account/data"
	exportPath = dataPath + "/export"
)

func (s *Server) dataPage(w http.ResponseWriter, r *http.Request, session account.Session) error {
	return s.showData(w, r, session, http.StatusOK, Form{})
}

func (s *Server) showData(w http.ResponseWriter, r *http.Request, session account.Session, status int, form Form) error {
	alone, err := s.Rooms.OwnedAlone(r.Context(), session.User.ID)
	if err != nil {
		return err
	}
	page := DataPage{Page: s.base(r, words.Text("mydata.title")), Form: form}
	for _, o := range alone {
		page.OwnedAlone = append(page.OwnedAlone, OwnedRoom{Slug: o.Slug, Name: o.Name})
	}
	s.render(w, r, status, "account_data", page)
	return nil
}

// exportData sends what is stored about who asks. Once it has begun, a failure can
// only cut it short, which leaves no whole document.
func (s *Server) exportData(w http.ResponseWriter, r *http.Request, session account.Session) error {
	if err := s.limits.mailing(w, r, room.Person{User: session.User.ID}); err != nil {
		return err
	}
	const longest = 5 * time.Minute // to be made; a recorder in a test has no deadlines
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(longest)) // what ends it would be taken for the end of the connection
	_ = control.SetWriteDeadline(time.Now().Add(longest))
	document, err := s.Archives.Make(r.Context(), session.User.ID)
	if err != nil {
		return err
	}
	defer document.Close()
	if err := account.Note(r.Context(), s.Pool, session.User.ID, ledger.DataExported, nil); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Disposition", `attachment; filename="foyer-`+session.User.Username+`.json"`)
	h.Set("Content-Length", strconv.FormatInt(document.Size, 10))
	h.Set("Cache-Control", "no-store")
	if _, err := io.Copy(w, document); err != nil {
		s.Log.Info("data of a user not sent to its end", "user_id", session.User.ID, "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// deleteAccount takes the account away for good, when every room that they own has
// another owner.
func (s *Server) deleteAccount(w http.ResponseWriter, r *http.Request, session account.Session) error {
	values, err := readForm(r, "confirm")
	if err != nil {
		return err
	}
	if values["confirm"] != session.User.Username {
		err = input.Invalid{"confirm": words.Text("mydata.type_username", "username", session.User.Username)}
	}
	if err == nil {
		// The form may have been a while on its way, and the session have ended meanwhile.
		_, err = s.Accounts.Resume(r.Context(), s.token(r))
	}
	if err == nil {
		err = s.Rooms.DeleteAccount(r.Context(), session.User, s.tellDeleted)
	}
	switch {
	case err == nil:
		return s.goneForGood(w, r)
	case errors.Is(err, room.LastOwner):
		err = input.Invalid{"": words.Text("mydata.rooms_first")}
	case errors.Is(err, account.ErrLastAdministrator):
		err = input.Invalid{"": words.Text("mydata.last_administrator")}
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	return s.showData(w, r, session, status, form)
}

func (s *Server) tellDeleted(ctx context.Context, tx pgx.Tx, user account.User) error {
	return s.writeAbout(ctx, tx, user, "account_deleted", "name", user.DisplayName, "username", user.Username)
}

// goneForGood says good-bye to a browser whose session went with its account.
func (s *Server) goneForGood(w http.ResponseWriter, r *http.Request) error {
	forgetPages(w)
	session := s.cookie(r)
	delete(session.Values, tokenKey)
	session.Values[noticeKey] = words.Text("mydata.deleted")
	if err := session.Save(r, w); err != nil {
		return err
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}
