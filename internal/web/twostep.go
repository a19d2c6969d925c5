package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/postgres"
	"foyer/internal/words"
)

const twoStepPath = "/account/two-step"

func (s *Server) twoStepPage(w http.ResponseWriter, r *http.Request, session account.Session) error {
	state, err := s.Factors.State(r.Context(), session.User.ID)
	if err != nil {
		return err
	}
	page := TwoStepPage{Page: s.base(r, words.Text("twostep.title")), On: state.Any(), AppSince: state.AppSince, Passkeys: state.Passkeys, Codes: state.Codes}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, http.StatusOK, "account_two_step", page)
	return nil
}

func (s *Server) beginApp(w http.ResponseWriter, r *http.Request, session account.Session) error {
	if err := s.Factors.BeginApp(r.Context(), session.User); err != nil {
		return err
	}
	return s.leave(w, r, twoStepPath+"/app", "")
}

func (s *Server) appPage(w http.ResponseWriter, r *http.Request, session account.Session) error {
	return s.showApp(w, r, session, http.StatusOK, Form{})
}

func (s *Server) showApp(w http.ResponseWriter, r *http.Request, session account.Session, status int, form Form) error {
	pending, err := s.Factors.PendingApp(r.Context(), session.User.ID)
	if errors.Is(err, postgres.ErrNotFound) {
		return s.leave(w, r, twoStepPath, "")
	}
	if err != nil {
		return err
	}
	qr, err := newQR(pending.URL)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	s.render(w, r, status, "account_app", AppPage{Page: s.base(r, words.Text("twostep.app_title")), QR: qr, Secret: inFours(pending.Secret), Form: form})
	return nil
}

// inFours makes a long secret readable to who types it.
func inFours(secret string) string {
	var out []byte
	for i := range len(secret) {
		if i > 0 && i%4 == 0 {
			out = append(out, ' ')
		}
		out = append(out, secret[i])
	}
	return string(out)
}

func (s *Server) confirmApp(w http.ResponseWriter, r *http.Request, session account.Session) error {
	values, err := readForm(r, "code")
	if err != nil {
		return err
	}
	token, err := account.Token(""), s.limits.code(w, r, session.User.ID)
	if err == nil {
		token, err = s.Factors.ConfirmApp(r.Context(), session, values["code"], s.tellFactors)
	}
	if err == nil {
		if err := s.setToken(w, r, token); err != nil {
			return err
		}
		return s.leave(w, r, twoStepPath, words.Text("twostep.app_on"))
	}
	form, status, err := again(w, map[string]string{}, wrongCode(err))
	if err != nil {
		return err
	}
	return s.showApp(w, r, session, status, form)
}

func (s *Server) removeApp(w http.ResponseWriter, r *http.Request, session account.Session) error {
	if err := s.Factors.RemoveApp(r.Context(), session.User, s.tellFactors); err != nil {
		return err
	}
	return s.leave(w, r, twoStepPath, words.Text("twostep.app_off"))
}

// newCodes shows codes to use once. They are in this answer only.
func (s *Server) newCodes(w http.ResponseWriter, r *http.Request, session account.Session) error {
	state, err := s.Factors.State(r.Context(), session.User.ID)
	if err != nil {
		return err
	}
	if !state.Any() {
		return s.leave(w, r, twoStepPath, words.Text("twostep.codes_need_factor"))
	}
	codes, err := s.Factors.NewCodes(r.Context(), session.User.ID)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	s.render(w, r, http.StatusOK, "account_codes", CodesPage{Page: s.base(r, words.Text("twostep.codes_title")), Codes: codes})
	return nil
}

// tellFactors writes to somebody whose second step has changed.
func (s *Server) tellFactors(ctx context.Context, tx pgx.Tx, user account.User) error {
	return s.tellAbout(ctx, tx, user, "factors_changed")
}
