package web

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"foyer/internal/account"
	"foyer/internal/account/factor"
	"foyer/internal/problem"
	"foyer/internal/words"
)

const passkeysPath = "/account/passkeys"

func (s *Server) passkeysPage(w http.ResponseWriter, r *http.Request, session account.Session) error {
	keys, err := s.Factors.Passkeys(r.Context(), session.User.ID)
	if err != nil {
		return err
	}
	browser, system := device(r.UserAgent())
	page := PasskeysPage{Page: s.base(r, words.Text("passkey.title")), Proved: session.Proved(), Suggested: deviceName(browser, system)}
	for _, k := range keys {
		page.Passkeys = append(page.Passkeys, PasskeyRow{ID: string(k.ID), Name: k.Name, CreatedAt: k.CreatedAt, UsedAt: k.UsedAt})
	}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, http.StatusOK, "account_passkeys", page)
	return nil
}

func (s *Server) removePasskey(w http.ResponseWriter, r *http.Request, session account.Session) error {
	err := s.Factors.RemovePasskey(r.Context(), session.User, factor.PasskeyID(chi.URLParam(r, "passkey")), s.tellFactors)
	if errors.Is(err, factor.ErrOnlyWay) {
		return s.leave(w, r, passkeysPath, words.Text("passkey.only_way"))
	}
	if err != nil {
		return err
	}
	return s.leave(w, r, passkeysPath, words.Text("passkey.removed"))
}

// What the script asks for: first what the browser is to sign, then, with its
// answer, what that is good for. The answers to the second say where to go on.

type (
	// ceremonyAnswer is a browser's answer.
	ceremonyAnswer struct {
		Ceremony   account.Token `json:"ceremony"`
		Credential string        `json:"credential"`
		Name       string        `json:"name"`
		Next       string        `json:"next"`
	}
	ceremonyBegun struct {
		Ceremony account.Token `json:"ceremony"`
		Options  any           `json:"options"`
	}
	goOn struct {
		Next string `json:"next"`
	}
)

func (s *Server) beginCeremony(w http.ResponseWriter, r *http.Request, purpose factor.Purpose, user account.User) error {
	if err := s.limits.ceremony(w, r); err != nil {
		return err
	}
	options, token, err := s.Factors.Begin(r.Context(), purpose, user, s.origin(r))
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, ceremonyBegun{token, options})
	return nil
}

func (s *Server) readCeremony(w http.ResponseWriter, r *http.Request) (factor.Ceremony, ceremonyAnswer, error) {
	var body ceremonyAnswer
	if err := readJSON(r, &body); err != nil {
		return factor.Ceremony{}, body, err
	}
	return factor.Ceremony{Token: body.Ceremony, Answer: body.Credential, Origin: s.origin(r)}, body, s.limits.ceremony(w, r)
}

// goOn sets the session's token and says where to go on.
func (s *Server) goOn(w http.ResponseWriter, r *http.Request, token account.Token, next string) error {
	if err := s.setToken(w, r, token); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, goOn{ownPath(next)})
	return nil
}

func (s *Server) beginPasskeyLogin(w http.ResponseWriter, r *http.Request) error {
	return s.beginCeremony(w, r, factor.Enter, account.User{})
}

func (s *Server) passkeyLogin(w http.ResponseWriter, r *http.Request) error {
	ceremony, body, err := s.readCeremony(w, r)
	if err != nil {
		return err
	}
	token, err := s.Factors.EnterByPasskey(r.Context(), ceremony, s.token(r), origin(r))
	if err != nil {
		return err
	}
	return s.goOn(w, r, token, body.Next)
}

func (s *Server) beginPasskeySecond(w http.ResponseWriter, r *http.Request) error {
	user, err := s.Accounts.Halfway(r.Context(), s.halfway(r))
	if err != nil {
		return err
	}
	return s.beginCeremony(w, r, factor.Second, user)
}

func (s *Server) passkeySecond(w http.ResponseWriter, r *http.Request) error {
	ceremony, body, err := s.readCeremony(w, r)
	if err != nil {
		return err
	}
	token, err := s.Factors.ArriveByPasskey(r.Context(), s.halfway(r), ceremony, s.token(r), origin(r))
	if err != nil {
		return err
	}
	return s.goOn(w, r, token, body.Next)
}

func (s *Server) beginPasskeyProof(w http.ResponseWriter, r *http.Request, session account.Session) error {
	return s.beginCeremony(w, r, factor.Prove, session.User)
}

func (s *Server) passkeyProof(w http.ResponseWriter, r *http.Request, session account.Session) error {
	ceremony, body, err := s.readCeremony(w, r)
	if err != nil {
		return err
	}
	token, err := s.Factors.ProveByPasskey(r.Context(), session, ceremony)
	if err != nil {
		return err
	}
	return s.goOn(w, r, token, body.Next)
}

// beginPasskey and addPasskey need proof like every change of how one signs in.
func (s *Server) beginPasskey(w http.ResponseWriter, r *http.Request, session account.Session) error {
	if !session.Proved() {
		return problem.ErrUnproved
	}
	return s.beginCeremony(w, r, factor.Add, session.User)
}

func (s *Server) addPasskey(w http.ResponseWriter, r *http.Request, session account.Session) error {
	ceremony, body, err := s.readCeremony(w, r)
	if err != nil {
		return err
	}
	if !session.Proved() {
		return problem.ErrUnproved
	}
	token, err := s.Factors.AddPasskey(r.Context(), session, ceremony, body.Name, s.tellFactors)
	if err != nil {
		return err
	}
	state, err := s.Factors.State(r.Context(), session.User.ID)
	if err != nil {
		return err
	}
	if state.Codes == 0 {
		return s.goOn(w, r, token, twoStepPath)
	}
	return s.goOn(w, r, token, passkeysPath)
}
