package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"foyer/internal/account"
	"foyer/internal/words"
)

// placesAtOnce is how many sessions are listed at once.
const placesAtOnce = 25

func (s *Server) placesPage(w http.ResponseWriter, r *http.Request, session account.Session) error {
	before := account.SessionID(r.URL.Query().Get("before"))
	places, err := s.Accounts.Places(r.Context(), session.User.ID, before, placesAtOnce+1)
	if err != nil {
		return err
	}
	page := PlacesPage{Page: s.base(r, words.Text("places.title")), Path: "/account/sessions"}
	if before != "" {
		page.Pages.First = page.Path
	}
	if len(places) > placesAtOnce {
		places = places[:placesAtOnce]
		page.Pages.Next = page.Path + "?before=" + string(places[placesAtOnce-1].ID)
	}
	for _, p := range places {
		browser, system := device(p.UserAgent)
		page.Places = append(page.Places, PlaceRow{
			ID: string(p.ID), Device: deviceName(browser, system), Handheld: system.handheld, Address: p.Address,
			BegunAt: p.BegunAt, SeenAt: p.SeenAt, Here: p.ID == session.ID,
		})
	}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, http.StatusOK, "account_sessions", page)
	return nil
}

func (s *Server) endPlace(w http.ResponseWriter, r *http.Request, session account.Session) error {
	id := account.SessionID(chi.URLParam(r, "session"))
	if err := s.Accounts.EndPlace(r.Context(), session.User.ID, id); err != nil {
		return err
	}
	if id == session.ID {
		return s.signedOut(w, r)
	}
	return s.leave(w, r, "/account/sessions", words.Text("places.ended"))
}

func (s *Server) endOtherPlaces(w http.ResponseWriter, r *http.Request, session account.Session) error {
	if err := s.Accounts.EndOthers(r.Context(), session.User.ID, session.ID); err != nil {
		return err
	}
	return s.leave(w, r, "/account/sessions", words.Text("places.others_ended"))
}

func (s *Server) signOutEverywhere(w http.ResponseWriter, r *http.Request, session account.Session) error {
	if err := s.Accounts.EndAll(r.Context(), session.User.ID); err != nil {
		return err
	}
	return s.signedOut(w, r)
}

// signedOut takes the cookie away after the session has ended.
func (s *Server) signedOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.clearToken(w, r); err != nil {
		return err
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}
