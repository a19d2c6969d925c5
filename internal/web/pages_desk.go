package web

import (
	"time"

	"foyer/internal/health"
)

// Place is where a page about records stands: among the pages of a room, or of
// the administrators' desk.
type Place struct {
	Admin   bool
	Title   string // at the desk
	Back    string // address of the room's page at the desk, or empty
	Current string // which entry of the navigation it is
	Path    string // of the page itself
	Room    RoomHeader
}

// Choice is something to choose in a form.
type Choice struct{ Value, Title string }

// AuditPage is templates/audit.html: who changed who may do what.
type AuditPage struct {
	Page
	Place   Place
	Sought  SoughtRecords
	Kinds   []Choice
	Records []AuditRow
	Pages   Pages
	CSV     string // address of the table
}

// SoughtRecords are the fields of the form that looks for records. From and Until
// are days, like 2026-01-31, both included.
type SoughtRecords struct{ Person, Kind, Room, Address, From, Until string }

// Any says that something is looked for.
func (s SoughtRecords) Any() bool { return s != SoughtRecords{} }

// AuditRow is one record.
type AuditRow struct {
	At            time.Time
	By            string // name of who did it
	ByUsername    string // empty for guests and for Foyer itself
	Administrator bool   // they administer the site
	Sentence      string // what they did
	Detail        string // more of it, or empty
	Address       string // where the request came from, or empty
	Slug          string // of the room, empty for the site
	RoomName      string
	RoomDeleted   bool
}

// AttendancePage is templates/attendance.html: the calls of a room, or one of
// them with who was in it. GET with field call.
type AttendancePage struct {
	Page
	Place Place
	Calls []MeetingRow
	Pages Pages
	Call  *MeetingRow // nil: the list
	Stays []StayRow
	CSV   string
}

// MeetingRow is one call.
type MeetingRow struct {
	ID        string
	StartedAt time.Time
	EndedAt   *time.Time // nil: it goes on
	Lasted    string
	People    int
}

// StayRow is one stay in a call.
type StayRow struct {
	Person
	JoinedAt time.Time
	LeftAt   *time.Time // nil: they are in
	Stayed   string
	Way      string // how they came in, in words
	Ended    string // what ended it, when they did not just leave
}

// WebhooksPage is templates/webhooks.html. POST to Place.Path with fields url and
// topic_access, topic_call and topic_site (checkboxes).
type WebhooksPage struct {
	Page
	Place    Place
	Form     Form
	Topics   []string // that can be chosen
	Webhooks []WebhookRow
}

// WebhookRow is one webhook.
type WebhookRow struct {
	ID, URL string
	Topics  []string // in words
	By      string
	At      time.Time
	Paused  bool // its receiver said that it is gone
	Failing bool
}

// WebhookPage is templates/webhook.html. POST Place.Path/{ID}/try and /remove, and
// /deliveries/{id}/again, without fields.
type WebhookPage struct {
	Page
	Place      Place
	Webhook    WebhookRow
	Secret     string
	Deliveries []DeliveryRow
	Pages      Pages
}

// DeliveryRow is one delivery.
type DeliveryRow struct {
	ID, Kind string
	Body     string // JSON
	State    string // in words
	Bad      bool
	Waits    bool
	At       time.Time
	Attempts int
	Next     *time.Time // of the next attempt after one that failed
	Problem  string
}

// HealthPage is templates/admin_health.html. POST /admin/look.
type HealthPage struct {
	Page
	Findings []health.Finding
	Worst    string
	At       time.Time // zero: nobody has looked yet
}

// DeskUsersPage is templates/admin_users.html: GET /admin/users with fields q and
// only ("administrators" or "disabled").
type DeskUsersPage struct {
	Page
	Query, Only string
	Users       []DeskUserRow
	Pages       Pages
}

// DeskUserRow is one account.
type DeskUserRow struct {
	Person
	ID, Email     string
	You           bool
	Administrator bool
	Service       bool // nobody logs in to it
	DisabledAt    *time.Time
	CreatedAt     time.Time
	SeenAt        *time.Time
	Sessions      int
	Rooms         int
}

// DeskUserPage is templates/admin_user.html. POST /admin/users/{ID}/disable,
// enable, administrator, no-administrator, sign-out and reset, without fields.
type DeskUserPage struct {
	Page
	User    DeskUserRow
	Rooms   []DeskRoomRow
	Pages   Pages // of rooms
	Records []AuditRow
}

// DeskRoomsPage is templates/admin_rooms.html: GET /admin/rooms with fields q and
// only ("live").
type DeskRoomsPage struct {
	Page
	Query string
	Live  bool
	Rooms []DeskRoomRow
	Pages Pages
}

// DeskRoomRow is one room.
type DeskRoomRow struct {
	ID, Slug, Name, Topic string
	Visibility            string
	Owner, OwnerName      string // name and username; empty: nobody owns it
	Ownerless             bool   // no active account owns it
	Members, Present      int
	LiveSince             *time.Time
	CreatedAt             time.Time
	Service               string
	Locked, Deleted       bool
}

// DeskRoomPage is templates/admin_room.html. POST /admin/rooms/{ID}/end,
// /participants/{participant}/remove, /members (login, role),
// /members/{username} (role), /members/{username}/remove, /transfer (heir) and
// /delete (confirm: the room's name).
type DeskRoomPage struct {
	Page
	Room         DeskRoomRow
	Open         bool // it is not deleted: there is something to do
	Roles        []string
	Members      []MemberRow
	Pages        Pages
	People       []SeatRow
	AddForm      Form
	TransferForm Form
	DeleteForm   Form
}

// LivePage is templates/admin_live.html.
type LivePage struct {
	Page
	Calls []LiveCall
	Pages Pages
}

// LiveCall is one call that goes on.
type LiveCall struct {
	Room, Slug, Name, Service string
	StartedAt                 time.Time
	People                    []SeatRow
}

// SeatRow is somebody in a call, with how they are connected.
type SeatRow struct {
	Person
	ID, Room    string
	Guest       bool
	Since       time.Time
	Path        string // in words
	Quality     string // "good", "poor", "lost"; empty: not known
	QualityWord string
	RoundTrip   int // milliseconds
	Loss        int // per cent
}

// SiteSettingsPage is templates/admin_settings.html. POST /admin/settings with a
// field of each setting's name, and set_ before it: "here" to set it, else the
// environment's applies.
type SiteSettingsPage struct {
	Page
	Form     Form
	Settings map[string]SettingRow
}

// SettingRow says which value of a setting applies.
type SettingRow struct {
	Name  string
	Usual string // the environment's, in words
	Set   bool   // another is set here
	By    string // who set it, when it is
	At    *time.Time
	// As the form showed it first: what is still so, nobody has changed.
	Was, WasSet string
}

// StoragePage is templates/admin_storage.html.
type StoragePage struct {
	Page
	Database string
	Files    string // about
	Parts    []StorageRow
	Oldest   *time.Time
	Kept     []KeptRow
	Purges   []AuditRow
}

// StorageRow is one kind of thing that is stored.
type StorageRow struct {
	Name, Size string
	Rows       int64 // about
}

// KeptRow says for how long something is kept.
type KeptRow struct{ Name, For string }

// AdminMediaPage is templates/admin_media.html, for administrators of the site.
// POST /admin/media/{room} with field backend moves a room.
type AdminMediaPage struct {
	Page
	Services []MediaService // the one for new rooms first
}

// MediaService is a service that carries calls, or should.
type MediaService struct {
	Name, Title string
	Configured  bool
	ForNew      bool   // new rooms are given to it
	Problem     string // what is wrong with it in words, empty when it is ready
	Rooms       string // how many rooms it carries, in words
	Listed      []CarriedRoom
	NextAfter   string        // where the list goes on, empty at its end
	Others      []MediaChoice // where its rooms can be moved to
}

// MediaChoice is a service to choose.
type MediaChoice struct{ Name, Title string }

// CarriedRoom is one room of a service.
type CarriedRoom struct {
	ID, Slug, Name string
	Present        int // people in the call, or about to be
}

// MailsPage is templates/mails.html: the outbox, for administrators.
type MailsPage struct {
	Page
	Mails  []MailRow
	Sends  bool   // there is a mail server
	Before string // where this page begins, empty for the newest
	Older  string // where the next page begins, empty when there is none
}

// MailRow is one mail in words.
type MailRow struct {
	ID, To, Subject string
	State           string // in a word or two
	Bad             bool   // an administrator should look at it
	At              time.Time
	Attempts        int
	Problem         string // what went wrong last, or empty
}

// MailPage is templates/mail.html. POST /admin/mail/{id}/send and
// POST /admin/mail/{id}/delete, both without fields.
type MailPage struct {
	Page
	MailRow
	Name    string // of the recipient, or empty
	Kind    string // what it is for, like "invitation"
	Meaning string // of the state, in sentences
	Next    *time.Time
	Text    string // empty once it is erased
	Erased  time.Time
	Send    string // what the button says; empty: no button
	Twice   bool   // the recipient may have it already
}
