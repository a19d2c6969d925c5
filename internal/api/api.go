// Package api is Foyer for programs: the same calls and the same policy as the
// pages, as JSON under /api/v1, described by an OpenAPI document that is made from
// this code.
//
// What lets a program in is a token of its account (package apitoken), as a bearer
// of the Authorization header. The cookie of a browser opens nothing here: pages of
// other sites can have browsers send it, but not that header.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/account/recovery"
	"foyer/internal/admin"
	"foyer/internal/call"
	"foyer/internal/chat"
	"foyer/internal/health"
	"foyer/internal/mail"
	"foyer/internal/problem"
	"foyer/internal/room"
	"foyer/internal/seal"
	"foyer/internal/settings"
	"foyer/internal/webhook"
)

// Root is where the API is served.
const Root = "/api/v1"

// Config is what an API is made of.
type Config struct {
	// Origin is how links that are answered say that the service is reached.
	Origin string
	// Key seals stored answers and signs cursors: 32 random bytes.
	Key []byte

	Pool     *pgxpool.Pool
	Accounts *account.Store
	Recovery *recovery.Store
	Tokens   *apitoken.Store
	Rooms    *room.Store
	Mails    *mail.Store
	Webhooks *webhook.Store
	Settings *settings.Store
	Health   *health.Monitor
	Admin    *admin.Store
	Calls    *call.Service
	Chat     *chat.Store
	Backends call.Backends
	// Backend names the one that new rooms use.
	Backend string
	Letters Letters
	// Limit counts what somebody does, of the Limited things, together with what
	// they do on the pages, and returns problem.ErrTooMany when it is too much.
	Limit func(what Limited, person string) error
	// WrongLink counts a link of an invitation that leads nowhere, together with
	// those on the pages; TooManyWrongLinks stops an address that tries them.
	WrongLink         func(address string)
	TooManyWrongLinks func(address string) bool
	// Bounded keeps requests from being slow or large, Patient those that carry
	// files.
	Bounded, Patient func(http.Handler) http.Handler
	// Minute is how long that minute is in which requests are counted.
	Minute time.Duration
	// Address is where a request comes from, as limits count it.
	Address func(*http.Request) string
	Log     *slog.Logger
}

// Letters write to people what happens, in the transaction in which it does.
type Letters struct {
	Invited                      InvitationWriter
	Requested, Granted, Declined func(room.Visit) room.Tell
	Reset                        account.Then
	Link                         recovery.Write
}

// Limited is something that one person may do so often and no more.
type Limited string

// What is limited.
const (
	Knocks    Limited = "knocks"
	Checks    Limited = "checks"
	Writing   Limited = "messages"
	Uploads   Limited = "uploads"
	Reactions Limited = "reactions"
	Hands     Limited = "hands"
	Mailings  Limited = "mailings"
	Requests  Limited = "requests"
	Links     Limited = "links"
)

// API answers programs.
type API struct {
	Config
	seal     seal.Seal
	limits   limits
	router   chi.Router
	huma     huma.API // of most operations
	patient  huma.API // of those that carry files
	lasting  huma.API // of those whose answer goes on
	document document

	description *huma.OpenAPI // while it is made
}

// New returns the API with all its operations.
func New(c Config) (*API, error) {
	sealed, err := seal.New(c.Key)
	if err != nil {
		return nil, err
	}
	tellProblems()
	a := &API{Config: c, seal: sealed, limits: newLimits(c.Minute), router: chi.NewRouter()}
	a.router.Use(problem.Recoverer(a.plain), unkept)
	a.router.NotFound(a.plain(func(http.ResponseWriter, *http.Request) error { return room.ErrHidden }))
	a.router.MethodNotAllowed(a.plain(problem.NoMethod))
	config := describe()
	a.description = config.OpenAPI
	a.router.Group(func(r chi.Router) {
		r.Use(c.Bounded, a.authenticate, a.limited, a.idempotent)
		a.huma = humachi.New(r, config)
	})
	a.router.Group(func(r chi.Router) {
		r.Use(c.Patient, a.authenticate, a.limited, a.idempotentUpload)
		a.patient = humachi.New(r, config)
	})
	a.router.Group(func(r chi.Router) {
		r.Use(a.whole, a.authenticate, a.limited)
		a.lasting = humachi.New(r, config)
	})
	for _, register := range []func(){
		a.accountOperations, a.roomOperations, a.memberOperations, a.invitationOperations, a.requestOperations, a.banOperations,
		a.callOperations, a.eventOperations, a.participantOperations, a.lobbyOperations, a.chatOperations, a.recordOperations, a.webhookOperations,
		a.userOperations, a.deskOperations, a.siteOperations,
	} {
		register()
	}
	a.document = newDocument(a.description)
	a.router.Get("/openapi.json", a.plain(a.document.json))
	a.router.Get("/openapi.yaml", a.plain(a.document.yaml))
	return a, nil
}

// Handler answers requests whose path is below Root. They have to pass
// eventstream.Until before.
func (a *API) Handler() chi.Router { return a.router }

// unkept keeps answers out of every cache.
func unkept(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// Purge forgets answers that are kept for requests that come again.
func (a *API) Purge(ctx context.Context) error { return a.forget(ctx) }

// keepAnswers is for how long.
const keepAnswers = 24 * time.Hour
