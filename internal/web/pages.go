package web

import (
	"time"

	"foyer/internal/room"
)

// The data of each page: one struct a template. Templates are in templates/,
// named as the comment of each struct says; they hold no rules, only what to
// show, so everything that depends on who is looking is decided before it gets
// here.

// Page is what every page has. The layout template uses it.
type Page struct {
	Title  string // of the browser tab, without the product's name
	Viewer *Viewer
	Guest  *GuestViewer
	Notice string // one sentence about what the last action did, or empty
}

// Viewer is the person looking at the page; nil when nobody is signed in.
type Viewer struct {
	Username      string
	DisplayName   string
	Administrator bool // of the site
}

// GuestViewer is who looks at a page of the one room that they are a guest of;
// nil for everybody else. POST /r/{slug}/guest/leave ends their stay.
type GuestViewer struct{ Slug, DisplayName string }

// Form is a form as it was sent, to be shown again with what is wrong beside
// each field. Passwords are never kept in it.
type Form struct {
	Values map[string]string
	Errors map[string]string // by field name; under "" what concerns the whole form
}

// Value is what was typed into the named field.
func (f Form) Value(name string) string { return f.Values[name] }

// Error is what is wrong with the named field, or empty. The empty name stands
// for the form as a whole.
func (f Form) Error(name string) string { return f.Errors[name] }

// LandingPage is templates/landing.html: / for people who are not signed in.
type LandingPage struct {
	Page
	SignupOpen bool
}

// SignupPage is templates/signup.html. Fields: username, email, display_name,
// password, next.
type SignupPage struct {
	Page
	Form Form
	Next string // path to go on to afterwards, or empty; in a hidden field "next"
}

// LoginPage is templates/login.html. Fields: login (a username or an email
// address), password, next.
type LoginPage struct {
	Page
	Form       Form
	Next       string
	SignupOpen bool
	// Provider is the name of one to sign in through; empty: there is none.
	Provider, ProviderAddress string
}

// SetupPage is templates/setup.html, reached by the one-time link that the
// first start prints. Fields: token, username, email, display_name, password.
type SetupPage struct {
	Page
	Form  Form
	Token string // from the link; empty when the link is used up or wrong
}

// DashboardPage is templates/dashboard.html: / for people who are signed in.
type DashboardPage struct {
	Page
	Desks []Desk     // those where somebody waits in the lobby first
	Rooms []RoomCard // live ones first
	Watch bool       // the viewer lets people into one of the rooms, so the page should be fresh
}

// Desk is who waits for an answer of the viewer in one room. Forms, each with a
// field next that holds "/": POST /r/{slug}/lobby/{id}/admit, deny and block (with
// invitation: "on" to close the one that a guest came by too),
// /r/{slug}/lobby/admit-all; RequestRow has those of requests.
type Desk struct {
	Slug, Name string
	CanBlock   bool
	Waiting    []Waiter
	Requests   []RequestRow
}

// Waiter is somebody in a room's lobby.
type Waiter struct {
	Person
	ID      string // in paths
	Guest   bool
	Invited bool // a guest who came by an invitation
	Since   time.Time
}

// RequestRow is somebody's request to join a room. Forms:
// POST /r/{slug}/requests/{id}/accept and decline with field next, the path of
// this page.
type RequestRow struct {
	Person
	ID      string // in paths
	Message string // may be empty
	At      time.Time
}

// RoomCard is one room in a list of rooms.
type RoomCard struct {
	Slug, Name, Topic string
	Role              string // "owner", "moderator" or "member"; empty for none
	Visibility        string // "private", "listed" or "open"
	Live              []Person
	CanAsk            bool // asking to join is the only way in
	Asked             bool // and they did
}

// Pages are the links between the pages of a list.
type Pages struct {
	First string // empty on the first page
	Next  string // empty on the last page
}

// FindPage is templates/find.html: GET /rooms with field q, a part of a name.
type FindPage struct {
	Page
	Query string
	Rooms []RoomCard
	Pages Pages
}

// Person is someone shown by name.
type Person struct {
	Username, DisplayName string
}

// NewRoomPage is templates/new_room.html. Fields: name, topic, visibility
// ("private", "listed" or "open").
type NewRoomPage struct {
	Page
	Form    Form
	Address string // what comes before the slug in the room's address, like https://host/r/
}

// RoomHeader is what pages about one room say of it, and which of its pages the
// viewer may open.
type RoomHeader struct {
	Slug, Name, Topic string
	Visibility        string // "private", "listed" or "open"
	Locked            bool
	Role              string // the viewer's; empty for none
	CanSeeMembers     bool
	CanManageBans     bool
	CanRename         bool // sees the settings page, and name and topic on it
	CanInvite         bool // sees the invitations page
	CanSeeAttendance  bool
	CanSeeAudit       bool
	CanManageWebhooks bool
}

// RoomPage is templates/room.html: before the call and in it.
type RoomPage struct {
	Page
	Room        RoomHeader
	DisplayName string // of the viewer, to begin with
	Live        []Person
	Backend     string // "livekit" or "twilio": which adapter the script loads
	HistoryDays int    // for how long messages are kept; 0: as long as the call
	FileLimit   int64  // bytes of a file in the chat; 0: no files
	MostFiles   int    // with a message
	MostText    int    // characters of a message
	// Closed says in a sentence why nobody may enter just now (locked, full),
	// empty when the way is free. The script asks again on Join all the same.
	Closed string
	// Lobby says that a moderator has to let the viewer in: "ask" when they have
	// not asked yet, "waiting" or "denied" when they have; empty: they may enter.
	Lobby string
	// CanAsk says that whoever came as a guest can ask to belong to the room with
	// the account that they are signed in to.
	CanAsk bool
}

// AskPage is templates/ask.html: a listed room for somebody who does not belong
// to it. POST /r/{slug}/request with field message, a line;
// POST /r/{slug}/request/withdraw.
type AskPage struct {
	Page
	Room  RoomHeader
	Form  Form
	Asked *RequestRow // the viewer's own; nil when they have not asked
}

// MembersPage is templates/members.html: GET /r/{slug}/members with fields q (a
// part of a name) and role. The add form, when AddRoles is not empty:
// POST /r/{slug}/members with fields login and role; the list form:
// POST /r/{slug}/add-members with field people. The transfer form:
// POST /r/{slug}/transfer with fields username and confirm_transfer (the room's
// name, typed). GET /r/{slug}/members.csv is the whole list.
type MembersPage struct {
	Page
	Room      RoomHeader
	Query     string
	Role      string   // looked for; empty: any
	AllRoles  []string // that can be looked for
	Members   []MemberRow
	Found     int // on all pages
	Pages     Pages
	AddRoles  []string // roles that the viewer may give to someone new; empty: may not add
	Form      Form
	ListForm  Form
	Results   []LineResult // of the list form
	MostLines int
	Requests  []RequestRow

	CanTransfer  bool
	TransferForm Form
	CanLeave     bool
	LastOwner    bool // may not leave before somebody else owns the room
}

// MemberRow is one member and what the viewer may do with them. Role form:
// POST /r/{slug}/members/{username} with field role. Remove and ban forms:
// POST /r/{slug}/members/{username}/remove and ban.
type MemberRow struct {
	Person
	Role      string
	You       bool
	Live      bool     // in the call now
	Roles     []string // roles that the viewer may set, the present one among them; empty: none
	CanRemove bool
	CanBan    bool
	CanOwn    bool // the viewer may hand the room over to them
}

// LineResult is what became of one line of a list of people to add.
type LineResult struct {
	Line     string
	Sentence string
	Done     bool   // nothing of it is left to do
	Invite   string // the address of somebody without an account; else empty
}

// BansPage is templates/bans.html. POST /r/{slug}/bans/{id}/lift.
type BansPage struct {
	Page
	Room  RoomHeader
	Bans  []BanRow
	Pages Pages
}

// BanRow is one ban.
type BanRow struct {
	Person        // without a username for guests and invitations; the name may be empty for those
	ID     string // in paths
	Kind   string // "user", "guest" or "invitation"
	At     time.Time
	By     string // name of who did it, or empty
}

// SettingsPage is templates/settings.html. POST /r/{slug}/settings with fields
// name and topic, and from owners visibility ("private", "listed" or "open"),
// guests (a checkbox), lobby ("off", "strangers" or "everyone"), succession
// ("host" or "end"), capacity and history_days (whole numbers), and was: the
// fields as they were shown, encoded as a query. POST /r/{slug}/lock with field
// locked ("true" or "false"). POST /r/{slug}/switches with a checkbox for each
// switch, and was.
// POST /r/{slug}/delete with field confirm (the room's name, typed).
type SettingsPage struct {
	Page
	Room         RoomHeader
	Form         Form
	Address      string         // the room's whole address, to copy
	CanConfigure bool           // visibility and capacity
	Switches     *room.Switches // nil: the viewer may not turn them
	SwitchesWere string         // for their form's field was
	CanLock      bool
	CanDelete    bool
	DeleteForm   Form
	MinCapacity  int
	MaxCapacity  int
	MaxHistory   int // days
}

// InvitationsPage is templates/invitations.html. POST /r/{slug}/invitations with
// fields role, lasts ("hour", "day", "week", "month" or "always"), note, way
// ("link" or "mail"), uses (a whole number, or nothing) and emails.
type InvitationsPage struct {
	Page
	Room        RoomHeader
	Form        Form
	Roles       []string // that the viewer may give; empty: makes no invitations
	Made        *MadeLink
	Invitations []InvitationRow
	Pages       Pages
}

// MadeLink is an invitation's link, right after it was made.
type MadeLink struct {
	Address string
	QR      QR
}

// InvitationRow is one invitation. Revoke form:
// POST /r/{slug}/invitations/{id}/revoke, without fields.
type InvitationRow struct {
	ID, Role, Note, Email string
	Uses, MostUses        int // MostUses 0: any number
	By                    string
	At                    time.Time
	Ends                  *time.Time // nil: never
	State                 string     // in words
	Open                  bool
	CanRevoke             bool
}

// InvitePage is templates/invite.html: what an invitation's link opens. POST to
// the same Path, for guests with fields display_name and attempt (hidden).
type InvitePage struct {
	Page
	Path       string
	RoomName   string
	By         string // name of who invites
	Role, Note string
	AsGuest    bool // comes in without an account
	Form       Form
	SignupOpen bool
}

// DoorPage is templates/door.html: an open room that takes guests, for somebody
// who is not signed in. POST Path + "/guest" with fields display_name and attempt
// (hidden).
type DoorPage struct {
	Page
	Path       string
	RoomName   string
	Form       Form
	SignupOpen bool
}

// ErrorPage is templates/error.html: every refusal and every failure.
type ErrorPage struct {
	Page
	Status    int
	Heading   string // what happened
	Message   string // what to do next
	RequestID string // to quote to an administrator; only for failures
}
