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
// current_password and password; GET /account/connect, POST /account/disconnect.
type PasswordPage struct {
	Page
	Form      Form
	First     bool   // they have none yet
	Provider  string // of signing in through it; empty: there is none
	Connected bool
}

// ConfirmPage is templates/confirm.html: showing that it is really they who are
// signed in, by any of the ways they have. POST /account/confirm with password or
// code, and next in a hidden field.
type ConfirmPage struct {
	Page
	Username string
	Form     Form
	Password bool
	Code     bool // a code of an app, or to use once
	Passkeys bool
	// Provider is the name of one that they sign in through; empty: they do not.
	Provider, ProviderAddress string
}

// SecondPage is templates/second.html: the second step of a log-in. POST
// /login/second with code, and next in a hidden field.
type SecondPage struct {
	Page
	Form          Form
	App, Passkeys bool // what they have
}

// TwoStepPage is templates/account_two_step.html. POST /account/two-step/app,
// …/app/remove, …/codes.
type TwoStepPage struct {
	Page
	On       bool
	AppSince *time.Time // nil: no app
	Passkeys int
	Codes    int // left
}

// AppPage is templates/account_app.html. POST /account/two-step/app/confirm with
// code.
type AppPage struct {
	Page
	QR     QR
	Secret string // to type
	Form   Form
}

// CodesPage is templates/account_codes.html.
type CodesPage struct {
	Page
	Codes []string
}

// PasskeysPage is templates/account_passkeys.html. The script adds one; POST
// /account/passkeys/{id}/remove.
type PasskeysPage struct {
	Page
	Proved    bool   // may add one now, without showing first that it is they
	Suggested string // name for a new one
	Passkeys  []PasskeyRow
}

// PasskeyRow is one passkey.
type PasskeyRow struct {
	ID, Name  string
	CreatedAt time.Time
	UsedAt    *time.Time
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

// DataPage is templates/account_data.html. GET /account/data/export; POST
// /account/delete with confirm, the username.
type DataPage struct {
	Page
	OwnedAlone []OwnedRoom // that need another owner first
	Form       Form
}

// OwnedRoom is a room that one owns.
type OwnedRoom struct{ Slug, Name string }

// ForgotPage is templates/forgot.html. POST /login/forgot with login (a username
// or an email address).
type ForgotPage struct {
	Page
	Form  Form
	Sends bool // mails go out by themselves
	Asked bool
}

// UnverifiedPage is templates/unverified.html. POST /login/confirm-address with
// login.
type UnverifiedPage struct {
	Page
	Form  Form
	Sends bool
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
