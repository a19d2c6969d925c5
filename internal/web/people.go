package web

import (
	"net/http"
	"strings"

	"foyer/internal/problem"
	"foyer/internal/record"
	"foyer/internal/room"
	"foyer/internal/words"
)

// addMembers adds people by a list. What of it could not be done comes back to
// be mended; when everything was, the page starts anew.
func (s *Server) addMembers(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	values, err := readForm(r, "people")
	if err != nil {
		return err
	}
	additions, err := s.Rooms.AddMembers(r.Context(), v.Room.ID, v.Person.User, values["people"])
	if err != nil {
		form, status, err := again(w, values, err)
		if err != nil {
			return err
		}
		return s.showMembers(w, r, v, status, membersForms{list: form})
	}
	var left []string
	for _, a := range additions {
		if !a.Done() {
			left = append(left, a.Line)
		}
	}
	if len(left) == 0 {
		return s.leave(w, r, membersPath(v), sumOf(additions))
	}
	forms := membersForms{list: Form{Values: map[string]string{"people": strings.Join(left, "\n")}}}
	for _, a := range additions {
		forms.results = append(forms.results, lineResult(a))
	}
	return s.showMembers(w, r, v, http.StatusUnprocessableEntity, forms)
}

func lineResult(a room.Addition) LineResult {
	result := LineResult{Line: a.Line, Done: a.Done()}
	switch {
	case a.Belongs:
		result.Sentence = words.Text("members.belongs_already", "name", a.Name)
	case a.Unknown:
		result.Sentence = words.Text("members.nobody_with_this_username_or")
		if strings.Contains(a.Login, "@") {
			result.Invite = a.Login
		}
	case a.Err != nil:
		result.Sentence = problem.Of(a.Err).Sentences()
	default:
		result.Sentence = words.Text("members.belongs_now", "name", a.Name)
	}
	return result
}

// sumOf says what became of a list of which nothing is left to do.
func sumOf(additions []room.Addition) string {
	belonged := 0
	for _, a := range additions {
		if a.Belongs {
			belonged++
		}
	}
	added := len(additions) - belonged
	switch {
	case added == 0:
		return words.Text("members.all_of_them_belong_to")
	case belonged == 0:
		return words.Text("members.more_belong", "count", added)
	}
	return words.Text("members.more_belong_some", "count", added, "already", belonged)
}

func (s *Server) exportMembers(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if err := v.May(room.Ask{Action: room.ListMembers}); err != nil {
		return err
	}
	members, err := s.Rooms.Members(r.Context(), v.Room.ID)
	if err != nil {
		return err
	}
	record.Members(v.Room, members).Send(r.Context(), w, s.Log)
	return nil
}
