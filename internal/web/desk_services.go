package web

import (
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/words"
)

const servicesPath = "/admin/services"

func servicePath(id account.UserID) string { return servicesPath + "/" + string(id) }

// provingAtDesk is administering for what gives somebody a way in for good.
func (s *Server) provingAtDesk(h signedInHandler) handler {
	return s.administering(func(w http.ResponseWriter, r *http.Request, session account.Session) error {
		if session.Proved() {
			return h(w, r, session)
		}
		http.Redirect(w, r, "/account/confirm?"+url.Values{"next": {formPage(r)}}.Encode(), http.StatusSeeOther)
		return nil
	})
}

func (s *Server) servicesPage(w http.ResponseWriter, r *http.Request, _ account.Session) error {
	return s.showServices(w, r, http.StatusOK, Form{})
}

func (s *Server) showServices(w http.ResponseWriter, r *http.Request, status int, form Form) error {
	services, err := s.Tokens.Services(r.Context())
	if err != nil {
		return err
	}
	page := ServicesPage{Page: s.base(r, words.Text("admin.services")), Form: form}
	for _, service := range services {
		page.Services = append(page.Services, serviceRow(service))
	}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, status, "admin_services", page)
	return nil
}

func serviceRow(v apitoken.Service) ServiceRow {
	return ServiceRow{
		Person: Person{Username: v.Username, DisplayName: v.DisplayName}, ID: string(v.ID), Tokens: v.Tokens, Rooms: v.Rooms, Disabled: v.DisabledAt != nil,
	}
}

func (s *Server) makeService(w http.ResponseWriter, r *http.Request, session account.Session) error {
	values, err := readForm(r, "username", "display_name")
	if err != nil {
		return err
	}
	id, err := s.Tokens.MakeService(r.Context(), session.User.ID, values["username"], values["display_name"])
	if err == nil {
		return s.leave(w, r, servicePath(id), words.Text("service.made"))
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	return s.showServices(w, r, status, form)
}

// serviceHandler is a handler for an administrator about the service of the path.
type serviceHandler func(w http.ResponseWriter, r *http.Request, session account.Session, service apitoken.Service) error

func (s *Server) ofService(h serviceHandler) signedInHandler {
	return func(w http.ResponseWriter, r *http.Request, session account.Session) error {
		service, err := s.Tokens.Service(r.Context(), account.UserID(chi.URLParam(r, "service")))
		if err != nil {
			return err
		}
		return h(w, r, session, service)
	}
}

func (s *Server) servicePage(w http.ResponseWriter, r *http.Request, _ account.Session, service apitoken.Service) error {
	return s.showService(w, r, service, http.StatusOK, newTokenForm())
}

func (s *Server) showService(w http.ResponseWriter, r *http.Request, service apitoken.Service, status int, form Form) error {
	tokens, err := s.Tokens.List(r.Context(), service.ID)
	if err != nil {
		return err
	}
	path := servicePath(service.ID) + "/tokens"
	page := ServicePage{Page: s.base(r, service.DisplayName), Service: serviceRow(service), TokenForm: tokenForm(path, form, true)}
	page.Tokens = tokenRows(path, tokens)
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, status, "admin_service", page)
	return nil
}

func (s *Server) makeServiceToken(w http.ResponseWriter, r *http.Request, session account.Session, service apitoken.Service) error {
	values, draft, err := readToken(r)
	if err != nil {
		return err
	}
	secret, err := s.Tokens.Make(r.Context(), session, service.ID, draft)
	if err != nil {
		form, status, err := again(w, values, err)
		if err != nil {
			return err
		}
		return s.showService(w, r, service, status, form)
	}
	s.showMadeToken(w, r, MadeTokenPage{
		Page: s.base(r, words.Text("service.made_title", "name", service.DisplayName)), Secret: string(secret), Path: servicePath(service.ID), Admin: true,
	})
	return nil
}

func (s *Server) revokeServiceToken(w http.ResponseWriter, r *http.Request, session account.Session, service apitoken.Service) error {
	err := s.Tokens.Revoke(r.Context(), session.User.ID, service.ID, account.SessionID(chi.URLParam(r, "token")))
	if err != nil {
		return err
	}
	return s.leave(w, r, servicePath(service.ID), words.Text("apitoken.revoked"))
}
