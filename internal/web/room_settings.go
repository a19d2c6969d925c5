package web

import (
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"foyer/internal/room"
	"foyer/internal/words"
)

func (s *Server) settingsPage(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	return s.showSettings(w, r, v, http.StatusOK, Form{}, Form{})
}

func (s *Server) showSettings(w http.ResponseWriter, r *http.Request, v room.Visit, status int, form, deleteForm Form) error {
	if err := v.May(room.Ask{Action: room.Rename}); err != nil {
		return err
	}
	configures := v.May(room.Ask{Action: room.Configure}) == nil
	if form.Values == nil {
		form.Values = settingsOf(v.Room)
		was := form.Values
		if !configures {
			was = map[string]string{"name": v.Room.Name, "topic": v.Room.Topic}
		}
		form.Values["was"] = encoded(was)
	}
	page := SettingsPage{
		Page: s.base(r, words.Text("room_settings.title_of", "room", v.Room.Name)), Room: header(v), Form: form, DeleteForm: deleteForm,
		Address:      s.origin(r) + "/r/" + v.Room.Slug,
		CanConfigure: configures,
		CanLock:      v.May(room.Ask{Action: room.Lock}) == nil,
		CanDelete:    v.May(room.Ask{Action: room.Delete}) == nil,
		MinCapacity:  room.LeastCapacity,
		MaxCapacity:  room.MostCapacity,
		MaxHistory:   room.MostHistoryDays,
	}
	if v.May(room.Ask{Action: room.SetSwitches}) == nil {
		page.Switches, page.SwitchesWere = &v.Room.Switches, switchesWere(v.Room.Switches)
	}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, status, "settings", page)
	return nil
}

// settingsOf are a room's settings as their form has them.
func settingsOf(r room.Room) map[string]string {
	return map[string]string{
		"name": r.Name, "topic": r.Topic,
		"visibility": string(r.Visibility), "guests": checked(r.Guests), "lobby": string(r.Lobby),
		"succession": string(r.Succession), "capacity": strconv.Itoa(r.Capacity),
		"history_days": strconv.Itoa(r.HistoryDays),
	}
}

// checked is the value of a checkbox as a form sends it.
func checked(on bool) string {
	if on {
		return "on"
	}
	return ""
}

// whole is the number that somebody typed, or out of every range when that is no number.
func whole(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}

func (s *Server) changeSettings(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	values, err := readForm(r, "name", "topic", "visibility", "guests", "lobby", "succession", "capacity", "history_days", "was")
	if err != nil {
		return err
	}
	was := shownBefore(values["was"])
	configures := v.May(room.Ask{Action: room.Configure}) == nil || values["visibility"] != "" || values["capacity"] != ""
	if was != nil && !was.Has("visibility") {
		configures = false // they may since the page was made
	}
	err = s.Rooms.Change(r.Context(), v.Room.ID, v.Person.User, func(now room.Room) room.Change {
		return changeTo(withOthersChanges(values, was, now), configures)
	})
	if err == nil {
		return s.leave(w, r, "/r/"+v.Room.Slug+"/settings", words.Text("room.saved"))
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	return s.showSettings(w, r, v, status, form, Form{})
}

// shownBefore is what a form showed, as its field was has it; nil when a program sent
// the form, which means all of it.
func shownBefore(was string) url.Values {
	shown, err := url.ParseQuery(was)
	if err != nil || len(shown) == 0 {
		return nil
	}
	return shown
}

// withOthersChanges are the values of a form of settings, but those that somebody left
// as they were shown are what others have made of them meanwhile.
func withOthersChanges(values map[string]string, was url.Values, now room.Room) map[string]string {
	if was == nil {
		return values
	}
	merged := maps.Clone(values)
	for name, current := range settingsOf(now) {
		if values[name] == was.Get(name) {
			merged[name] = current
		}
	}
	return merged
}

// changeTo is the change to what a form says, of more than what the room is called
// where somebody configures it.
func changeTo(values map[string]string, configures bool) room.Change {
	change := room.Change{Name: values["name"], Topic: values["topic"]}
	if configures {
		change.Configuration = &room.Configuration{
			Visibility: room.Visibility(values["visibility"]), Guests: values["guests"] != "",
			Lobby: room.Lobby(values["lobby"]), Succession: room.Succession(values["succession"]), Capacity: whole(values["capacity"]),
			HistoryDays: whole(values["history_days"]),
		}
	}
	return change
}
