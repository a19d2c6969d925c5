package web

import "time"

// The data of the pages about one's account, and of those that lead back into it:
// see pages.go.

// ProfilePage is templates/account.html. POST /account with display_name; POST
// /account/email/verify.
type ProfilePage struct {
	Page
	Form     Form
	Email    string
	Verified bool // mail to it was shown to reach them
}

// EmailPage is templates/account_email.html. POST /account/email with email.
type EmailPage struct {
	Page
	Form  Form
	Email string // the present one
}

// PasswordPage is templates/account_password.html. POST /account/password with
// current_password and password.
type PasswordPage struct {
	Page
	Form Form
}

// ConfirmPage is templates/confirm.html: showing that it is really they who are
// signed in. POST /account/confirm with password, and next in a hidden field.
type ConfirmPage struct {
	Page
	Username string
	Form     Form
}

// PlacesPage is templates/account_sessions.html. POST
// /account/sessions/end-others, /account/sign-out-everywhere.
type PlacesPage struct {
	Page
	Path   string
	Places []PlaceRow
	Pages  Pages
}

// PlaceRow is a browser in which one is signed in. POST
// /account/sessions/{id}/end.
type PlaceRow struct {
	ID, Device      string
	Handheld        bool
	Address         string // may be empty
	BegunAt, SeenAt time.Time
	Here            bool // the one that looks at the page
}

// ForgotPage is templates/forgot.html. POST /login/forgot with login (a username
// or an email address).
type ForgotPage struct {
	Page
	Form  Form
	Sends bool // mails go out by themselves
	Asked bool
}

// ResetPage is templates/reset.html, reached by a mailed link. POST to the same
// Path with password.
type ResetPage struct {
	Page
	Path     string
	Username string
	Form     Form
}

// VerifyPage is templates/verify.html, reached by a mailed link. POST to the same
// Path, without fields.
type VerifyPage struct {
	Page
	Path     string
	Username string
	Email    string
	Form     Form
}
