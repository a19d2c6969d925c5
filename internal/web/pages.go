package web

// The data of each page: one struct a template. Templates are in templates/,
// named as the comment of each struct says; they hold no rules, only what to
// show, so everything that depends on who is looking is decided before it gets
// here.

// Page is what every page has. The layout template uses it.
type Page struct {
	Title  string // of the browser tab, without the product's name
	Viewer *Viewer
	Notice string // one sentence about what the last action did, or empty
}

// Viewer is the person looking at the page; nil when nobody is signed in.
type Viewer struct {
	Username    string
	DisplayName string
}

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
	Rooms []RoomCard // live ones first
}

// RoomCard is one room on the dashboard.
type RoomCard struct {
	Slug, Name, Topic string
	Role              string // "owner", "moderator" or "member"
	Open              bool   // any registered person may enter
	Live              []Person
}

// Person is someone shown by name.
type Person struct {
	Username, DisplayName string
}

// NewRoomPage is templates/new_room.html. Fields: name, topic, visibility
// ("private" or "open").
type NewRoomPage struct {
	Page
	Form    Form
	Address string // what comes before the slug in the room's address, like https://host/r/
}

// RoomHeader is what pages about one room say of it, and which of its pages the
// viewer may open.
type RoomHeader struct {
	Slug, Name, Topic string
	Open              bool
	Locked            bool
	Role              string // the viewer's; empty for none
	CanSeeMembers     bool
	CanRename         bool // sees the settings page, and name and topic on it
}

// RoomPage is templates/room.html: before the call and in it.
type RoomPage struct {
	Page
	Room        RoomHeader
	DisplayName string // of the viewer, to begin with
	Live        []Person
	Backend     string // "livekit" or "twilio": which adapter the script loads
	// Closed says in a sentence why nobody may enter just now (locked, full),
	// empty when the way is free. The script asks again on Join all the same.
	Closed string
}

// MembersPage is templates/members.html. The add form, when AddRoles is not
// empty: POST /r/{slug}/members with fields login and role.
type MembersPage struct {
	Page
	Room     RoomHeader
	Members  []MemberRow
	AddRoles []string // roles that the viewer may give to someone new; empty: may not add
	Form     Form
}

// MemberRow is one member and what the viewer may do with them. Role form:
// POST /r/{slug}/members/{username} with field role. Remove form:
// POST /r/{slug}/members/{username}/remove.
type MemberRow struct {
	Person
	Role      string
	You       bool
	Live      bool     // in the call now
	Roles     []string // roles that the viewer may set, the present one among them; empty: none
	CanRemove bool     // for You it means leaving the room
}

// SettingsPage is templates/settings.html. POST /r/{slug}/settings with fields
// name and topic, and from owners visibility ("private" or "open"), capacity
// (a whole number). POST /r/{slug}/lock with field locked ("true" or "false").
// POST /r/{slug}/delete with field confirm (the room's name, typed).
type SettingsPage struct {
	Page
	Room         RoomHeader
	Form         Form
	Address      string // the room's whole address, to copy
	CanConfigure bool   // visibility and capacity
	CanLock      bool
	CanDelete    bool
	DeleteForm   Form
	MinCapacity  int
	MaxCapacity  int
}

// AccountPage is templates/account.html. POST /account with display_name;
// POST /account/password with current_password and password;
// POST /account/sign-out-everywhere; POST /logout.
type AccountPage struct {
	Page
	Email        string
	Form         Form
	PasswordForm Form
	Sessions     int // how many places one is signed in, this one included
	// Administrator says that the viewer administers the site.
	Administrator bool
}

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
	Rooms       int    // how many rooms it carries
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

// ErrorPage is templates/error.html: every refusal and every failure.
type ErrorPage struct {
	Page
	Status    int
	Heading   string // what happened
	Message   string // what to do next
	RequestID string // to quote to an administrator; only for failures
}
