package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"foyer/internal/account/apitoken"
	"foyer/internal/admin"
	"foyer/internal/health"
	"foyer/internal/ledger"
	"foyer/internal/mail"
	"foyer/internal/settings"
)

// Health is whether each part of Foyer works.
type Health struct {
	At       *time.Time `json:"at,omitempty" doc:"When was looked; left out: not yet."`
	Worst    string     `json:"worst" enum:"well,notable,broken"`
	Findings []Finding  `json:"findings"`
}

// Finding is how one part is.
type Finding struct {
	Part   string `json:"part"`
	State  string `json:"state" enum:"well,notable,broken"`
	Says   string `json:"says"`
	Advice string `json:"advice" doc:"What to do; empty when there is nothing."`
}

// Storage is how much there is of everything.
type Storage struct {
	Database int64      `json:"database" doc:"Bytes."`
	Files    int64      `json:"files" doc:"Bytes of the files in chats, wherever they are stored; about."`
	Parts    []Stored   `json:"parts"`
	Oldest   *time.Time `json:"oldest,omitempty" doc:"The first entry of the ledger."`
	Purges   []Record   `json:"purges" doc:"The last times that what was too old was deleted."`
}

// Stored is how much there is of one thing.
type Stored struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Rows  int64  `json:"rows" doc:"About."`
}

// Setting is a setting of the site.
type Setting struct {
	Name  settings.Name `json:"name"`
	Value any           `json:"value" doc:"What applies."`
	Usual any           `json:"usual" doc:"What the environment says."`
	SetAt *time.Time    `json:"set_at,omitempty" doc:"When it was set at the desk; left out: it was not, and the environment's applies."`
	SetBy string        `json:"set_by"`
}

// Mail is a mail of the outbox.
type Mail struct {
	ID        mail.ID    `json:"id" format:"uuid"`
	Kind      mail.Kind  `json:"kind"`
	State     mail.State `json:"state"`
	To        string     `json:"to"`
	Name      string     `json:"name"`
	Subject   string     `json:"subject"`
	Attempts  int        `json:"attempts"`
	Error     string     `json:"error" doc:"What went wrong last."`
	CreatedAt time.Time  `json:"created_at"`
	NextAt    *time.Time `json:"next_at,omitempty"`
	SentAt    *time.Time `json:"sent_at,omitempty"`
	LapsesAt  time.Time  `json:"lapses_at"`
}

func (a *API) siteOperations() {
	s := a.section("Site")
	add(s, op{method: http.MethodGet, path: "/admin/health", id: "readHealth", summary: "Whether everything works", scope: apitoken.Admin}, a.readHealth)
	add(s, op{method: http.MethodPost, path: "/admin/health/look", id: "lookAtHealth", summary: "Look now whether everything works", scope: apitoken.Admin},
		a.lookAtHealth)
	add(s, op{method: http.MethodGet, path: "/admin/audit", id: "listSiteAudit", summary: "The audit log", scope: apitoken.Admin,
		about: "Of the site and all rooms, the newest first."}, a.listSiteAudit)
	addTable(s, op{path: "/admin/audit.csv", id: "exportSiteAudit", summary: "The audit log as a table", scope: apitoken.Admin,
		about: "All records that the filters leave, the newest first."}, a.exportSiteAudit)
	add(s, op{method: http.MethodGet, path: "/admin/storage", id: "readStorage", summary: "How much there is of everything", scope: apitoken.Admin}, a.readStorage)
	add(s, op{method: http.MethodGet, path: "/admin/settings", id: "listSettings", summary: "Settings", scope: apitoken.Admin}, a.listSettings)
	add(s, op{method: http.MethodPatch, path: "/admin/settings", id: "changeSettings", summary: "Change settings", scope: apitoken.Admin,
		about: "What is left out stays as it is; those named by reset go back to what the environment says."}, a.changeSettings)
	add(s, op{method: http.MethodGet, path: "/admin/media", id: "listMedia", summary: "Where calls are carried", scope: apitoken.Admin}, a.listMedia)
	add(s, op{method: http.MethodGet, path: "/admin/mails", id: "listMails", summary: "The outbox", scope: apitoken.Admin, about: "The newest first."}, a.listMails)
	add(s, op{method: http.MethodGet, path: "/admin/mails/{mail}", id: "readMail", summary: "A mail", scope: apitoken.Admin,
		about: "Without its text: that may hold a link that lets somebody in."}, a.readMail)
	add(s, op{method: http.MethodPost, path: "/admin/mails/{mail}/send", id: "sendMail", summary: "Send a mail now, or again", scope: apitoken.Admin}, a.sendMail)
	add(s, op{method: http.MethodDelete, path: "/admin/mails/{mail}", id: "deleteMail", summary: "Delete a mail", scope: apitoken.Admin}, a.deleteMail)
}

func (a *API) readHealth(context.Context, *struct{}) (*body[Health], error) {
	findings, at := a.Health.Latest()
	out := Health{Worst: string(health.Worst(findings)), Findings: each(findings, func(f health.Finding) Finding {
		return Finding{f.Part, string(f.State), f.Says, f.Advice}
	})}
	if !at.IsZero() {
		out.At = &at
	}
	return answer(out, nil)
}

func (a *API) lookAtHealth(ctx context.Context, in *struct{}) (*body[Health], error) {
	a.Health.Look(ctx)
	return a.readHealth(ctx, in)
}

// AboutSiteAudit is what is looked for in the audit log of the site.
type AboutSiteAudit struct {
	Sought
	Room    string `query:"room" maxLength:"64" doc:"The address of a room."`
	Site    bool   `query:"site" doc:"Only what concerns the site."`
	SignIns bool   `query:"sign_ins" doc:"Only log-ins. Without it, or one of their kinds, a person or an address, they are left out."`
}

type siteAuditInput struct {
	Paged
	AboutSiteAudit
}

func (a *API) listSiteAudit(ctx context.Context, in *siteAuditInput) (*body[page[Record]], error) {
	search, err := a.ofSite(ctx, in.AboutSiteAudit)
	if err != nil {
		return nil, err
	}
	return a.audit(ctx, search, in.Sought, in.After)
}

func (a *API) exportSiteAudit(ctx context.Context, in *AboutSiteAudit) (*stream, error) {
	search, err := a.ofSite(ctx, *in)
	if err != nil {
		return nil, err
	}
	return a.auditTable(ctx, "audit", search, in.Sought)
}

func (a *API) ofSite(ctx context.Context, in AboutSiteAudit) (ledger.Search, error) {
	search := ledger.Search{Site: in.Site, SignIns: in.SignIns}
	if in.Room != "" {
		id, err := a.Admin.RoomNamed(ctx, in.Room)
		if err != nil {
			return search, err
		}
		search.Room = ledger.Room(id)
	}
	return search, nil
}

func (a *API) readStorage(ctx context.Context, _ *struct{}) (*body[Storage], error) {
	found, err := a.Admin.Storage(ctx)
	return answer(Storage{
		found.Database, found.Files, each(found.Parts, func(p admin.Part) Stored { return Stored(p) }), found.Oldest, each(found.Purges, recordOf),
	}, err)
}

func (a *API) listSettings(context.Context, *struct{}) (*body[list[Setting]], error) {
	now, usual, set := settingValues(a.Settings.Now()), settingValues(a.Settings.Defaults()), a.Settings.Set()
	return answer(list[Setting]{each(settings.Names, func(name settings.Name) Setting {
		out := Setting{Name: name, Value: now[name], Usual: usual[name]}
		if s, ours := set[name]; ours {
			out.SetAt, out.SetBy = &s.At, s.By
		}
		return out
	})}, nil)
}

// settingValues are settings by their names.
func settingValues(v settings.Values) map[settings.Name]any {
	if v.MailDomains == nil {
		v.MailDomains = []string{}
	}
	values := make(map[settings.Name]any)
	_ = json.Unmarshal(ledger.Data(v), &values) // what was an object a moment ago
	return values
}

type changeSettingsInput struct {
	Body struct {
		Signup         *string   `json:"signup,omitempty" enum:"open,invitation,closed"`
		MailDomains    *[]string `json:"mail_domains,omitempty" maxItems:"100" doc:"Of addresses that may sign up; empty: any."`
		AdminFactor    *bool     `json:"administrators_second_factor,omitempty"`
		Capacity       *int      `json:"room_capacity,omitempty" doc:"Of new rooms."`
		KeepCalls      *int      `json:"keep_calls,omitempty" doc:"Days; 0: for good."`
		KeepAudit      *int      `json:"keep_audit,omitempty" doc:"Days; 0: for good."`
		KeepSignIns    *int      `json:"keep_sign_ins,omitempty" doc:"Days; 0: for good."`
		KeepDeliveries *int      `json:"keep_deliveries,omitempty" doc:"Days; 0: for good."`
		Reset          []string  `json:"reset,omitempty" enum:"signup,mail_domains,administrators_second_factor,room_capacity,keep_calls,keep_audit,keep_sign_ins,keep_deliveries" maxItems:"8"`
	}
}

func (a *API) changeSettings(ctx context.Context, in *changeSettingsInput) (*body[list[Setting]], error) {
	v := a.Settings.Now()
	if in.Body.MailDomains != nil {
		v.MailDomains = nil // not to be written into
	}
	// What is named, over what is: the names are the same.
	given := make(map[settings.Name]json.RawMessage)
	raw := ledger.Data(in.Body)
	if err := errors.Join(json.Unmarshal(raw, &v), json.Unmarshal(raw, &given)); err != nil {
		return nil, err
	}
	var set, reset []settings.Name
	for _, name := range settings.Names {
		switch {
		case given[name] != nil:
			set = append(set, name)
		case slices.Contains(in.Body.Reset, string(name)):
			reset = append(reset, name)
		}
	}
	if err := a.Settings.Change(ctx, callerOf(ctx).user(), v, set, reset); err != nil {
		return nil, err
	}
	return a.listSettings(ctx, nil)
}

// Media is a media service.
type Media struct {
	Name       string `json:"name"`
	Configured bool   `json:"configured"`
	ForNew     bool   `json:"for_new" doc:"It carries the calls of new rooms."`
	Rooms      int    `json:"rooms" doc:"Whose calls it carries: counted up to 1,001."`
}

func (a *API) listMedia(ctx context.Context, _ *struct{}) (*body[list[Media]], error) {
	counts, err := a.Rooms.Backends(ctx)
	if err != nil {
		return nil, err
	}
	for name := range a.Backends {
		counts[name] += 0 // those that carry nothing, too
	}
	items := []Media{}
	for name, rooms := range counts {
		items = append(items, Media{name, a.Backends[name] != nil, name == a.Backend, rooms})
	}
	return answer(list[Media]{items}, nil)
}

const mailsPerPage = 50

func (a *API) listMails(ctx context.Context, in *Paged) (*body[page[Mail]], error) {
	at, err := a.place("mails", in.After)
	if err != nil {
		return nil, err
	}
	found, err := a.Mails.List(ctx, mail.ID(at), mailsPerPage+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, mailsPerPage, func(m mail.Mail) string { return string(m.ID) })
	return answer(page[Mail]{each(found, func(m mail.Mail) Mail { return Mail(m) }), a.next("mails", next)}, nil)
}

type mailInput struct {
	Mail mail.ID `path:"mail" maxLength:"64"`
}

func (a *API) readMail(ctx context.Context, in *mailInput) (*body[Mail], error) {
	found, _, err := a.Mails.Read(ctx, in.Mail)
	return answer(Mail(found), err)
}

func (a *API) sendMail(ctx context.Context, in *mailInput) (*none, error) {
	return done(a.Mails.Send(ctx, in.Mail))
}

func (a *API) deleteMail(ctx context.Context, in *mailInput) (*none, error) {
	return done(a.Mails.Delete(ctx, in.Mail))
}
