package web

import (
	"net/http"

	"foyer/internal/input"
	"foyer/internal/room"
	"foyer/internal/words"
)

// setSwitches turns what people below moderator may do in calls: the script those
// that it names, a form all of them.
func (s *Server) setSwitches(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	values, err := readEither(r, room.SwitchNames...)
	if err != nil {
		return err
	}
	turned := room.Switches{} // as the form or script says
	for name, value := range values {
		at := turned.At(name)
		switch {
		case at == nil: // the form's field next
		case value == "on":
			*at = true
		case value != "off" && (value != "" || isJSON(r)):
			return input.Invalid{name: words.Text("switches.unknown")}
		}
	}
	was := shownBefore(r.PostForm.Get("was"))
	err = s.Rooms.SetSwitches(r.Context(), v.Room.ID, v.Person.User, func(now *room.Switches) {
		for name := range values {
			at := now.At(name)
			if at == nil || was.Has(name) && (was.Get(name) == "on") == *turned.At(name) {
				continue // others may have turned it since
			}
			*at = *turned.At(name)
		}
	})
	if err != nil {
		return err
	}
	return s.done(w, r, struct{}{}, roomPath(v)+"/settings", words.Text("switches.saved"))
}

// switchesWere are switches as a form says that it showed them.
func switchesWere(s room.Switches) string {
	were := make(map[string]string)
	for _, name := range room.SwitchNames {
		were[name] = "off"
		if *s.At(name) {
			were[name] = "on"
		}
	}
	return encoded(were)
}
