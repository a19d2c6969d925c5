package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"foyer/internal/account"
	"foyer/internal/settings"
	"foyer/internal/words"
)

func (s *Server) siteSettings(w http.ResponseWriter, r *http.Request, _ account.Session) error {
	return s.showSiteSettings(w, r, http.StatusOK, Form{})
}

func (s *Server) showSiteSettings(w http.ResponseWriter, r *http.Request, status int, form Form) error {
	set, usual := s.Settings.Set(), settingTexts(s.Settings.Defaults())
	if form.Values == nil {
		form.Values = make(map[string]string)
		for name, text := range settingTexts(s.Settings.Now()) {
			form.Values[string(name)], form.Values["was_"+string(name)] = text, text
			if _, ours := set[name]; ours {
				form.Values["set_"+string(name)], form.Values["was_set_"+string(name)] = "here", "here"
			}
		}
	}
	page := SiteSettingsPage{Page: s.base(r, words.Text("settings.title")), Form: form, Settings: make(map[string]SettingRow)}
	for _, name := range settings.Names {
		row := SettingRow{
			Name: string(name), Usual: settingWord(name, usual[name]), Set: form.Value("set_"+string(name)) == "here",
			Was: form.Value("was_" + string(name)), WasSet: form.Value("was_set_" + string(name)),
		}
		if setting, ours := set[name]; ours {
			row.By, row.At = cmp.Or(setting.By, words.Text("audit.by_gone")), &setting.At
		}
		page.Settings[string(name)] = row
	}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, status, "admin_settings", page)
	return nil
}

// settingTexts are settings as a form holds them.
func settingTexts(v settings.Values) map[settings.Name]string {
	return map[settings.Name]string{
		settings.Signup: v.Signup, settings.MailDomains: strings.Join(v.MailDomains, "\n"), settings.AdminFactor: checked(v.AdminFactor),
		settings.Capacity: strconv.Itoa(v.Capacity), settings.KeepCalls: strconv.Itoa(v.KeepCalls),
		settings.KeepAudit: strconv.Itoa(v.KeepAudit), settings.KeepSignIns: strconv.Itoa(v.KeepSignIns),
		settings.KeepDeliveries: strconv.Itoa(v.KeepDeliveries),
	}
}

// settingWord is what a setting's text means.
func settingWord(name settings.Name, text string) string {
	switch name {
	case settings.Signup:
		return words.Text("site_settings.signup_" + text)
	case settings.MailDomains:
		return cmp.Or(strings.ReplaceAll(text, "\n", ", "), words.Text("site_settings.any_domain"))
	case settings.AdminFactor:
		if text == "" {
			return words.Text("site_settings.factor_not_required")
		}
		return words.Text("site_settings.factor_required")
	case settings.Capacity:
		return text
	}
	if text == "0" {
		return words.Text("site_settings.for_good")
	}
	days, _ := strconv.Atoi(text) // it was made of a number
	return words.Text("site_settings.days", "count", days)
}

func (s *Server) changeSiteSettings(w http.ResponseWriter, r *http.Request, session account.Session) error {
	var fields []string
	for _, name := range settings.Names {
		fields = append(fields, string(name), "set_"+string(name), "was_"+string(name), "was_set_"+string(name))
	}
	values, err := readForm(r, fields...)
	if err != nil {
		return err
	}
	var set, reset []settings.Name
	for _, name := range settings.Names {
		switch here := values["set_"+string(name)] == "here"; {
		case !settingChanged(values, string(name)):
		case here:
			set = append(set, name)
		default:
			reset = append(reset, name)
		}
	}
	if err = s.Settings.Change(r.Context(), session.User.ID, s.settingsOf(values, set), set, reset); err == nil {
		return s.leave(w, r, "/admin/settings", words.Text("site_settings.saved"))
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	return s.showSiteSettings(w, r, status, form)
}

// settingChanged says whether somebody made something else of a setting than what
// the form showed. What they left alone stays as others have set it meanwhile.
func settingChanged(values map[string]string, name string) bool {
	here := values["set_"+name]
	if here != values["was_set_"+name] {
		return true
	}
	// Browsers end lines in their own way.
	return here != "" && !slices.Equal(strings.Fields(values[name]), strings.Fields(values["was_"+name]))
}

// settingsOf makes of a form the settings that it sets; the others are the
// environment's.
func (s *Server) settingsOf(values map[string]string, set []settings.Name) settings.Values {
	v := s.Settings.Defaults()
	number := func(name settings.Name) int {
		n, err := strconv.Atoi(strings.TrimSpace(values[string(name)]))
		if err != nil {
			return -1 // out of every range
		}
		return n
	}
	for _, name := range set {
		switch name {
		case settings.Signup:
			v.Signup = values[string(name)]
		case settings.MailDomains:
			v.MailDomains = settings.Domains(values[string(name)])
		case settings.AdminFactor:
			v.AdminFactor = values[string(name)] != ""
		case settings.Capacity:
			v.Capacity = number(name)
		case settings.KeepCalls:
			v.KeepCalls = number(name)
		case settings.KeepAudit:
			v.KeepAudit = number(name)
		case settings.KeepSignIns:
			v.KeepSignIns = number(name)
		case settings.KeepDeliveries:
			v.KeepDeliveries = number(name)
		}
	}
	return v
}

// storagePage says how much there is of everything, and for how long it is kept.
func (s *Server) storagePage(w http.ResponseWriter, r *http.Request, _ account.Session) error {
	storage, err := s.Admin.Storage(r.Context())
	if err != nil {
		return err
	}
	page := StoragePage{Page: s.base(r, words.Text("admin.storage")), Database: size(storage.Database), Files: size(storage.Files)}
	for _, part := range storage.Parts {
		page.Parts = append(page.Parts, StorageRow{Name: words.Text("admin.part_" + part.Name), Size: size(part.Bytes), Rows: part.Rows})
	}
	now := s.Settings.Now()
	for _, name := range []settings.Name{settings.KeepCalls, settings.KeepAudit, settings.KeepSignIns, settings.KeepDeliveries} {
		page.Kept = append(page.Kept, KeptRow{Name: words.Text("site_settings." + string(name)), For: settingWord(name, settingTexts(now)[name])})
	}
	page.Kept = append(page.Kept, KeptRow{Name: words.Text("admin.chats"), For: words.Text("admin.chats_kept")})
	page.Oldest = storage.Oldest
	for _, record := range storage.Purges {
		page.Purges = append(page.Purges, auditRow(record))
	}
	s.render(w, r, http.StatusOK, "admin_storage", page)
	return nil
}

// size is a number of bytes for people.
func size(bytes int64) string {
	const kib, mib, gib = 1 << 10, 1 << 20, 1 << 30
	switch {
	case bytes >= gib:
		return words.Text("unit.gib", "size", strconv.FormatFloat(float64(bytes)/gib, 'f', 1, 64))
	case bytes >= mib:
		return words.Text("unit.mib", "size", strconv.FormatFloat(float64(bytes)/mib, 'f', 1, 64))
	}
	return words.Text("unit.kib", "size", int(bytes/kib))
}
