package web

import (
	"net/http"
	"net/url"
	"time"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/record"
	"foyer/internal/room"
	"foyer/internal/words"
)

// recordsPerPage is how many records a page of the audit log shows.
const recordsPerPage = 50

// auditKinds are what can be looked for in a room's audit log, in the order in
// which they are offered; siteKinds and signInKinds in the site's besides.
var (
	auditKinds = []ledger.Kind{
		ledger.MemberAdded, ledger.RoleChanged, ledger.MemberRemoved, ledger.Transferred, ledger.Removed,
		ledger.Banned, ledger.BanLifted, ledger.InvitationMade, ledger.InvitationAccepted, ledger.InvitationRevoked,
		ledger.JoinRequested, ledger.JoinWithdrawn, ledger.JoinGranted, ledger.JoinDeclined,
		ledger.LobbyAdmitted, ledger.LobbyDenied, ledger.SentToLobby, ledger.CallEnded,
		ledger.RoomCreated, ledger.RoomRenamed, ledger.RoomConfigured, ledger.RoomSwitched, ledger.RoomLocked, ledger.RoomUnlocked,
		ledger.RoomMoved, ledger.RoomDeleted, ledger.WebhookMade, ledger.WebhookRemoved,
	}
	siteKinds = []ledger.Kind{
		ledger.AdministratorMade, ledger.AdministratorUnmade, ledger.UserDisabled, ledger.UserEnabled, ledger.UserSignedOut,
		ledger.ResetMade, ledger.TokenMade, ledger.TokenRevoked, ledger.ServiceMade, ledger.SettingsChanged, ledger.Purged,
		ledger.AccountMade, ledger.AccountDeleted, ledger.PasswordChanged, ledger.EmailChanged, ledger.SessionsEnded,
		ledger.AppAdded, ledger.AppRemoved, ledger.PasskeyAdded, ledger.PasskeyRemoved, ledger.CodesMade, ledger.CodeUsed,
		ledger.ProviderConnected, ledger.ProviderDisconnected, ledger.DataExported,
	}
	signInKinds = []ledger.Kind{ledger.SignedIn, ledger.SignedOut, ledger.LogInsFailed, ledger.SecondStepFailed}
)

func (s *Server) roomAudit(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if err := v.May(room.Ask{Action: room.SeeAudit}); err != nil {
		return err
	}
	place := Place{Room: header(v), Current: "audit", Path: "/r/" + v.Room.Slug + "/audit"}
	return s.showAudit(w, r, place, words.Text("audit.title_of", "room", v.Room.Name), ledger.Search{Room: ledger.Room(v.Room.ID)})
}

func (s *Server) siteAudit(w http.ResponseWriter, r *http.Request, _ account.Session) error {
	place := Place{Admin: true, Current: "audit", Path: "/admin/audit", Title: words.Text("audit.title")}
	return s.showAudit(w, r, place, place.Title, ledger.Search{})
}

func (s *Server) showAudit(w http.ResponseWriter, r *http.Request, place Place, title string, search ledger.Search) error {
	page := AuditPage{Page: s.base(r, title), Place: place, Sought: soughtRecords(r.URL.Query()), Kinds: kindChoices(place.Admin)}
	search, known, err := s.search(r, search, page.Sought)
	if err != nil {
		return err
	}
	var records []ledger.Record
	if known {
		if records, err = ledger.Audit(r.Context(), s.Pool, search, recordsPerPage+1); err != nil {
			return err
		}
	}
	next := ledger.Mark{}
	if len(records) > recordsPerPage {
		records = records[:recordsPerPage]
		next = ledger.MarkOf(records[recordsPerPage-1])
	}
	for _, r := range records {
		page.Records = append(page.Records, auditRow(r))
	}
	page.Pages = pagesOf(place.Path, page.Sought.values(), search.Before.String(), next.String())
	page.CSV = place.Path + ".csv?" + encoded(page.Sought.values())
	s.render(w, r, http.StatusOK, "audit", page)
	return nil
}

func (s *Server) roomAuditCSV(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if err := v.May(room.Ask{Action: room.SeeAudit}); err != nil {
		return err
	}
	return s.exportAudit(w, r, v.Room.Slug+"-audit", ledger.Search{Room: ledger.Room(v.Room.ID)})
}

func (s *Server) siteAuditCSV(w http.ResponseWriter, r *http.Request, _ account.Session) error {
	return s.exportAudit(w, r, "audit", ledger.Search{})
}

// exportAudit writes all records that are looked for.
func (s *Server) exportAudit(w http.ResponseWriter, r *http.Request, name string, search ledger.Search) error {
	search, known, err := s.search(r, search, soughtRecords(r.URL.Query()))
	if err != nil {
		return err
	}
	record.Audit(s.Pool, name, search, known).Send(r.Context(), w, s.Log)
	return nil
}

// soughtRecords is what the form of an audit log looks for.
func soughtRecords(query url.Values) SoughtRecords {
	day := func(name string) string {
		if _, err := time.Parse(time.DateOnly, query.Get(name)); err != nil {
			return ""
		}
		return query.Get(name)
	}
	return SoughtRecords{
		Person: shown(query.Get("person")), Kind: shown(query.Get("kind")), Room: shown(query.Get("room")),
		Address: shown(query.Get("address")), From: day("from"), Until: day("until"),
	}
}

func (f SoughtRecords) values() map[string]string {
	return map[string]string{"person": f.Person, "kind": f.Kind, "room": f.Room, "address": f.Address, "from": f.From, "until": f.Until}
}

// search makes of what a form looks for the search of the ledger. It is not known
// when nobody and nothing has the name that is looked for.
func (s *Server) search(r *http.Request, search ledger.Search, sought SoughtRecords) (_ ledger.Search, known bool, err error) {
	search.Kind, search.Address = ledger.Kind(sought.Kind), sought.Address
	switch sought.Kind {
	case "site":
		search.Kind, search.Site = "", true
	case "sign_in":
		search.Kind, search.SignIns = "", true
	}
	search.Before = ledger.ParseMark(r.URL.Query().Get("after"))
	// They were checked.
	search.From, _ = time.Parse(time.DateOnly, sought.From)
	if until, err := time.Parse(time.DateOnly, sought.Until); err == nil {
		search.Until = until.AddDate(0, 0, 1) // that day too
	}
	if sought.Person != "" {
		id, err := s.Admin.UserNamed(r.Context(), sought.Person)
		if err != nil {
			return search, false, unlessNotFound(err)
		}
		search.Person = string(id)
	}
	if sought.Room != "" && search.Room == "" {
		id, err := s.Admin.RoomNamed(r.Context(), sought.Room)
		if err != nil {
			return search, false, unlessNotFound(err)
		}
		search.Room = ledger.Room(id)
	}
	return search, true, nil
}

func kindChoices(site bool) []Choice {
	var choices []Choice
	add := func(kinds []ledger.Kind) {
		for _, kind := range kinds {
			choices = append(choices, Choice{string(kind), words.Text("audit.choice_" + string(kind))})
		}
	}
	add(auditKinds)
	if site {
		choices = append(choices, Choice{"site", words.Text("audit.choice_site")})
		add(siteKinds)
		choices = append(choices, Choice{"sign_in", words.Text("audit.choice_sign_in")})
		add(signInKinds)
	}
	return choices
}

// auditRow is a record in words.
func auditRow(r ledger.Record) AuditRow {
	told := record.Tell(r)
	return AuditRow{
		At: r.At, By: told.By, ByUsername: r.ActorUsername, Administrator: r.Administrator, Sentence: told.Sentence, Detail: told.Detail,
		Address: r.Address, Slug: r.Slug, RoomName: r.RoomName, RoomDeleted: r.RoomDeleted,
	}
}
