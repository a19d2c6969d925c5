package web

import (
	"html/template"
	"time"
)

// The data of the pages about programs: see pages.go.

// TokensPage is templates/account_tokens.html. POST /account/tokens as TokenForm
// says; POST …/{token}/revoke.
type TokensPage struct {
	Page
	TokenForm TokenForm
	Tokens    []TokenRow
}

// TokenForm makes a token. Fields: name, days, rooms, and one of each scope.
type TokenForm struct {
	Path   string
	Form   Form
	Scopes []ScopeChoice
	Lives  []int
}

// ScopeChoice is something that a token can be for.
type ScopeChoice struct {
	Name, Title, Help string
	On                bool
}

// TokenRow is a token in a list. POST Path/revoke.
type TokenRow struct {
	ID, Path, Name, Hint string
	Scopes               []string
	Rooms                int // that it is limited to; 0: it is not
	CreatedAt, ExpiresAt time.Time
	UsedAt               *time.Time
}

// MadeTokenPage is templates/token_made.html: a token, once.
type MadeTokenPage struct {
	Page
	Secret string
	Path   string // where to go on
	Admin  bool   // at the desk
}

// ServicesPage is templates/admin_services.html. POST /admin/services with
// username and display_name.
type ServicesPage struct {
	Page
	Services []ServiceRow
	Form     Form
}

// ServiceRow is a service in a list.
type ServiceRow struct {
	Person
	ID            string
	Tokens, Rooms int
	Disabled      bool
}

// ServicePage is templates/admin_service.html.
type ServicePage struct {
	Page
	Service   ServiceRow
	TokenForm TokenForm
	Tokens    []TokenRow
}

// ReferencePage is templates/reference.html: the API, for people.
type ReferencePage struct {
	Page
	reference
	Base string // address of the API
}

// reference is the API's document as the page shows it.
type reference struct {
	About    []Prose
	Tokens   []Prose
	Sections []ReferenceSection
	Shapes   []ReferenceShape
}

// Prose is a paragraph, or a list when Items are there.
type Prose struct {
	Text  template.HTML // escaped, with code marked
	Items []template.HTML
}

// ReferenceSection is a heading with its operations.
type ReferenceSection struct {
	ID, Name   string
	Operations []ReferenceOperation
}

// ReferenceOperation is one operation.
type ReferenceOperation struct {
	ID, Method, Path, Summary, Scope string
	About                            []Prose
	Parameters, Body                 []ReferenceField
	Answer                           ReferenceType
	Status                           string
	Bytes                            bool // takes a file
}

// ReferenceShape is what requests and answers are made of.
type ReferenceShape struct {
	ID, Name string
	Fields   []ReferenceField
}

// ReferenceField is a field of a shape, or a parameter.
type ReferenceField struct {
	Name, In, Meaning string
	Type              ReferenceType
	Required          bool
}

// ReferenceType is what a value is: words, and the shape that they lead to.
type ReferenceType struct{ Text, Shape string }
