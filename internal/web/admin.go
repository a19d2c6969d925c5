package web

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/go-chi/chi/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/media"
	"foyer/internal/room"
	"foyer/internal/words"
)

// administering is for administrators of the site. To anybody else there is
// nothing here.
func (s *Server) administering(h signedInHandler) handler {
	return s.signedIn(func(w http.ResponseWriter, r *http.Request, session account.Session) error {
		if !session.User.Administrator {
			return room.ErrHidden
		}
		if s.Accounts.Policy().FactorForAdministrators && session.FactorAt == nil {
			return s.wantFactor(w, r, session)
		}
		return h(w, r, session)
	})
}

// wantFactor leads an administrator to show a second factor in this session, or to
// set one up.
func (s *Server) wantFactor(w http.ResponseWriter, r *http.Request, session account.Session) error {
	state, err := s.Factors.State(r.Context(), session.User.ID)
	if err != nil {
		return err
	}
	if !state.Any() {
		return s.leave(w, r, twoStepPath, words.Text("policy.factor_needed"))
	}
	next := r.URL.Path
	if r.Method != http.MethodGet {
		next = formPage(r)
	}
	return s.leave(w, r, "/account/confirm?"+url.Values{"by": {"factor"}, "next": {next}}.Encode(), "")
}

// roomsAtOnce is how many rooms of one service the page lists at once.
const roomsAtOnce = 50

func (s *Server) mediaPage(w http.ResponseWriter, r *http.Request, _ account.Session) error {
	counts, err := s.Rooms.Backends(r.Context())
	if err != nil {
		return err
	}
	page := AdminMediaPage{Page: s.base(r, words.Text("admin.media"))}
	state := s.services.ask(r.Context(), s.Backends, s.Pace.Ready)
	only, after := r.URL.Query().Get("on"), room.ID(r.URL.Query().Get("after"))
	for _, name := range s.servicesWith(counts) {
		service := MediaService{
			Name: name, Title: media.Title(name), ForNew: name == s.Backend, Rooms: roomsInWords(counts[name]), Configured: s.Backends[name] != nil,
		}
		switch err, asked := state[name]; {
		case !asked:
			service.Problem = words.Text("admin_media.it_is_not_set_up")
		case err != nil:
			service.Problem = adviceIn(err, words.Text("admin_media.it_does_not_answer"))
		}
		if only == "" || only == name {
			if err := s.listCarried(r.Context(), &service, after); err != nil {
				return err
			}
		}
		page.Services = append(page.Services, service)
	}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, http.StatusOK, "admin_media", page)
	return nil
}

// roomsInWords says how many rooms were counted.
func roomsInWords(count int) string {
	if count > room.MostCounted {
		return words.Text("admin_media.more_than_rooms", "count", room.MostCounted)
	}
	return words.Text("admin_media.how_many_rooms", "count", count)
}

// servicesWith names the configured services and those that rooms are counted
// for: the one for new rooms first.
func (s *Server) servicesWith(counts map[string]int) []string {
	all := make(map[string]bool)
	for name := range s.Backends {
		all[name] = true
	}
	for name := range counts {
		all[name] = true
	}
	delete(all, s.Backend)
	return append([]string{s.Backend}, slices.Sorted(maps.Keys(all))...)
}

// listCarried adds to what is shown of a service its rooms after one.
func (s *Server) listCarried(ctx context.Context, service *MediaService, after room.ID) error {
	rooms, err := s.Rooms.Carried(ctx, service.Name, after, roomsAtOnce+1)
	if err != nil {
		return err
	}
	if len(rooms) > roomsAtOnce {
		rooms = rooms[:roomsAtOnce]
		service.NextAfter = string(rooms[roomsAtOnce-1].ID)
	}
	for _, carried := range rooms {
		service.Listed = append(service.Listed, CarriedRoom{
			ID: string(carried.ID), Slug: carried.Slug, Name: carried.Name, Present: carried.Present,
		})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Backends)) {
		if name != service.Name {
			service.Others = append(service.Others, MediaChoice{Name: name, Title: media.Title(name)})
		}
	}
	return nil
}

func (s *Server) moveRoom(w http.ResponseWriter, r *http.Request, session account.Session) error {
	values, err := readForm(r, "backend")
	if err != nil {
		return err
	}
	to := values["backend"]
	if s.Backends[to] == nil {
		return input.Invalid{"backend": words.Text("admin_media.choose_one_of_the_services")}
	}
	moved, err := s.Rooms.Move(r.Context(), room.ID(chi.URLParam(r, "room")), session.User.ID, to)
	if err != nil {
		return err
	}
	return s.leave(w, r, "/admin/media", words.Text("admin_media.moved", "service", media.Title(to), "room", moved.Name))
}

// adviceIn is what an error of a media service advises to set right, or the words
// given when it does not.
func adviceIn(err error, otherwise string) string {
	var wrong *media.Misconfigured
	if errors.As(err, &wrong) {
		return wrong.Advice
	}
	return otherwise
}
