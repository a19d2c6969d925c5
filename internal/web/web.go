// Package web is what browsers meet: pages, the call's JSON and event stream,
// the media gate's paths, and the callbacks of media services. It turns requests
// into calls of the packages below and their errors into answers, and decides
// nothing itself.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/gorilla/sessions"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/time/rate"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/account/archive"
	"foyer/internal/account/factor"
	"foyer/internal/account/oidc"
	"foyer/internal/account/recovery"
	"foyer/internal/admin"
	"foyer/internal/api"
	"foyer/internal/call"
	"foyer/internal/chat"
	"foyer/internal/eventstream"
	"foyer/internal/health"
	"foyer/internal/mail"
	"foyer/internal/media"
	"foyer/internal/metrics"
	"foyer/internal/problem"
	"foyer/internal/room"
	"foyer/internal/settings"
	"foyer/internal/webhook"
)

// Config is what a Server is made of.
type Config struct {
	// PublicOrigin is how browsers reach the service, like
	// "https://meet.example.org"; empty to go by each request.
	PublicOrigin string
	// LinkOrigin is how mails say that the service is reached: PublicOrigin, or
	// an address of this machine. It never comes from a request, which could name
	// any host.
	LinkOrigin string
	// TrustedProxies are the networks whose X-Forwarded headers count.
	TrustedProxies []netip.Prefix
	// CookieKey signs the session cookie, APIKey seals and signs for the API: 32
	// random bytes each.
	CookieKey, APIKey []byte

	Pool       *pgxpool.Pool
	Accounts   *account.Store
	Archives   *archive.Store
	Tokens     *apitoken.Store
	Recovery   *recovery.Store
	Factors    *factor.Store
	OIDC       *oidc.Store // nil without a provider
	Rooms      *room.Store
	Mails      *mail.Store
	Webhooks   *webhook.Store
	Settings   *settings.Store
	Health     *health.Monitor
	Metrics    *metrics.Metrics
	Admin      *admin.Store
	Calls      *call.Service
	Chat       *chat.Store
	Reconciler *call.Reconciler
	Backends   call.Backends
	// Backend names the one that new rooms use.
	Backend string
	// ConnectSources are where pages may connect besides this origin, as a
	// content security policy names them.
	ConnectSources []string
	Pace           Pace
	Log            *slog.Logger
}

// Server answers requests.
type Server struct {
	Config
	look
	cookies   *sessions.CookieStore
	limits    limits
	refusals  *rate.Sometimes // to be logged: anybody can cause them
	reports   reports
	services  services
	api       *api.API
	reference reference
}

// New returns a server.
func New(c Config) (*Server, error) {
	c.Pace = c.Pace.orUsual()
	look, err := readLook()
	if err != nil {
		return nil, err
	}
	s := &Server{
		Config:   c,
		look:     look,
		cookies:  newCookies(c.CookieKey),
		limits:   newLimits(c.Pace.Minute),
		refusals: &rate.Sometimes{Interval: time.Minute},
	}
	if s.api, err = s.newAPI(); err != nil {
		return nil, err
	}
	s.reference = referenceOf(s.api.Document())
	return s, nil
}

// Purge forgets what is kept for requests of the API that come again.
func (s *Server) Purge(ctx context.Context) error { return s.api.Purge(ctx) }

// WriteLinks mails the links that people ask for, until ctx ends.
func (s *Server) WriteLinks(ctx context.Context) { s.Recovery.Run(ctx, s.writeLink, s.Log) }

// Handler returns the routes, all of them. Live connections through it end when
// ctx is done.
func (s *Server) Handler(ctx context.Context) http.Handler {
	r := chi.NewRouter()
	r.Use(s.Metrics.Count, behind(s.TrustedProxies), noteAddress, problem.Recoverer(s.page), s.secureHeaders, wellFormed, middleware.GetHead)
	r.NotFound(s.page(func(http.ResponseWriter, *http.Request) error { return room.ErrHidden }))
	r.MethodNotAllowed(s.page(problem.NoMethod))

	r.Get("/healthz", alive)
	r.Get("/readyz", s.ready)
	r.Method(http.MethodGet, "/static/*", s.assets)
	r.Get("/favicon.ico", s.assets.favicon)

	// Programs, which no cookie lets in.
	lasting := r.With(eventstream.Until(ctx))
	lasting.Mount(api.Root, s.api.Handler())
	r.With(s.Pace.deadlines).Method(http.MethodGet, "/metrics", s.api.Guarded(apitoken.Metrics, s.Metrics.Handler()))

	// Connections that stay open.
	if gate := s.signalling(ctx); gate != nil {
		r.Method(http.MethodGet, "/rtc", gate)
		r.Method(http.MethodGet, "/rtc/*", gate)
	}
	lasting.Get("/r/{slug}/events", s.json(s.events))
	lasting.Get("/r/{slug}/lobby/events", s.json(s.waiting))

	// Pages and forms.
	r.Group(func(r chi.Router) {
		r.Use(s.Pace.bounded, s.sameOrigin)

		r.Get("/", s.page(s.home))
		r.Get("/setup", s.page(s.setupPage))
		r.Post("/setup", s.page(s.setUp))
		r.Get("/signup", s.page(s.signupPage))
		r.Post("/signup", s.page(s.signUp))
		r.Get("/login", s.page(s.loginPage))
		r.Post("/login", s.page(s.logIn))
		r.Post("/logout", s.page(s.logOut))

		r.Get("/docs/api", s.page(s.referencePage))

		r.Get("/invite/{token}", s.page(s.invitePage))
		r.Post("/invite/{token}", s.page(s.acceptInvite))

		r.Get("/login/second", s.page(s.secondPage))
		r.Post("/login/second", s.page(s.second))
		r.Post("/login/second/passkey/begin", s.json(s.beginPasskeySecond))
		r.Post("/login/second/passkey", s.json(s.passkeySecond))
		r.Post("/login/passkey/begin", s.json(s.beginPasskeyLogin))
		r.Post("/login/passkey", s.json(s.passkeyLogin))
		r.Get("/login/oidc", s.page(s.providing(s.oidcLogin)))
		r.Get(oidcCallback, s.page(s.providing(s.oidcBack)))
		r.Get("/login/confirm-address", s.page(s.unverifiedPage))
		r.Post("/login/confirm-address", s.page(s.askVerify))
		r.Get("/login/forgot", s.page(s.forgotPage))
		r.Post("/login/forgot", s.page(s.forgot))
		r.Get("/reset/{link}", s.page(s.resetPage))
		r.Post("/reset/{link}", s.page(s.reset))
		r.Get("/verify/{link}", s.page(s.verifyPage))
		r.Post("/verify/{link}", s.page(s.verify))

		r.Group(s.accountRoutes)

		r.Get("/rooms", s.page(s.signedIn(s.findRooms)))

		r.Get("/rooms/new", s.page(s.signedIn(s.newRoomPage)))
		r.Post("/rooms", s.page(s.signedIn(s.createRoom)))

		r.Get("/r/{slug}", s.page(s.orDoor(s.visiting(s.roomPage))))
		r.Post("/r/{slug}/guest", s.page(s.comeIn))
		r.Post("/r/{slug}/guest/leave", s.page(s.visiting(s.leaveAsGuest)))
		r.Post("/r/{slug}/join", s.json(s.join))
		r.Post("/r/{slug}/check", s.json(s.visiting(s.checkConnection)))
		r.Post("/r/{slug}/lobby", s.either(s.visiting(s.knock)))
		r.Post("/r/{slug}/lobby/leave", s.either(s.visiting(s.stopWaiting)))
		r.Post("/r/{slug}/lobby/admit-all", s.either(s.visiting(s.admitAll)))
		r.Post("/r/{slug}/lobby/{entry}/admit", s.either(s.visiting(s.admit)))
		r.Post("/r/{slug}/lobby/{entry}/deny", s.either(s.visiting(s.deny)))
		r.Post("/r/{slug}/lobby/{entry}/block", s.either(s.visiting(s.block)))
		r.Get("/r/{slug}/participants", s.json(s.visiting(s.participants)))
		r.Post("/r/{slug}/participants/{participant}/remove", s.either(s.visiting(s.leading(s.Calls.Expel))))
		r.Post("/r/{slug}/participants/{participant}/lobby", s.either(s.visiting(s.leading(s.Calls.SendToLobby))))
		r.Post("/r/{slug}/participants/{participant}/ban", s.either(s.visiting(s.banParticipant)))
		r.Post("/r/{slug}/participants/{participant}/leave", s.either(s.visiting(s.leaveCall)))
		r.Post("/r/{slug}/participants/{participant}/hand", s.either(s.visiting(s.hand)))
		r.Post("/r/{slug}/participants/{participant}/react", s.either(s.visiting(s.react)))
		r.Post("/r/{slug}/participants/{participant}/mute", s.either(s.visiting(s.leading(s.Calls.Mute))))
		r.Post("/r/{slug}/participants/{participant}/ask-to-unmute", s.either(s.visiting(s.leading(s.Calls.AskToUnmute))))
		r.Post("/r/{slug}/participants/{participant}/stop-share", s.either(s.visiting(s.leading(s.Calls.StopShare))))
		r.Post("/r/{slug}/participants/{participant}/lower-hand", s.either(s.visiting(s.leading(s.Calls.LowerHand))))
		r.Post("/r/{slug}/participants/{participant}/spotlight", s.either(s.visiting(s.leading(s.Calls.Spotlight))))
		r.Post("/r/{slug}/mute-all", s.either(s.visiting(s.leadingAll(s.Calls.MuteAll))))
		r.Post("/r/{slug}/lower-hands", s.either(s.visiting(s.leadingAll(s.Calls.LowerHands))))
		r.Post("/r/{slug}/end-spotlight", s.either(s.visiting(s.leadingAll(s.endSpotlight))))
		r.Post("/r/{slug}/switches", s.either(s.visiting(s.setSwitches)))
		r.Post("/r/{slug}/end", s.either(s.visiting(s.endCall)))
		r.Get("/r/{slug}/messages", s.json(s.visiting(s.messages)))
		r.Post("/r/{slug}/messages", s.json(s.visiting(s.sendMessage)))
		r.Post("/r/{slug}/messages/{message}", s.json(s.visiting(s.editMessage)))
		r.Post("/r/{slug}/messages/{message}/delete", s.json(s.visiting(s.deleteMessage)))
		r.Post("/r/{slug}/files/{file}/discard", s.json(s.visiting(s.discardFile)))
		r.Get("/r/{slug}/members", s.page(s.visiting(s.membersPage)))
		r.Post("/r/{slug}/members", s.page(s.visiting(s.addMember)))
		r.Post("/r/{slug}/members/{username}", s.page(s.visiting(s.setRole)))
		r.Post("/r/{slug}/members/{username}/remove", s.page(s.visiting(s.removeMember)))
		r.Post("/r/{slug}/members/{username}/ban", s.page(s.visiting(s.banMember)))
		// Beside members, where every name may be somebody's.
		r.Get("/r/{slug}/members.csv", s.page(s.visiting(s.exportMembers)))
		r.Post("/r/{slug}/add-members", s.page(s.visiting(s.addMembers)))
		r.Post("/r/{slug}/transfer", s.page(s.visiting(s.transferRoom)))
		r.Get("/r/{slug}/request", s.page(s.withAccount(s.requestPage)))
		r.Post("/r/{slug}/request", s.page(s.withAccount(s.requestToJoin)))
		r.Post("/r/{slug}/request/withdraw", s.page(s.withAccount(s.withdrawRequest)))
		r.Post("/r/{slug}/requests/{request}/accept", s.page(s.visiting(s.acceptRequest)))
		r.Post("/r/{slug}/requests/{request}/decline", s.page(s.visiting(s.declineRequest)))
		r.Get("/r/{slug}/bans", s.page(s.visiting(s.bansPage)))
		r.Post("/r/{slug}/bans/{ban}/lift", s.page(s.visiting(s.liftBan)))
		r.Get("/r/{slug}/invitations", s.page(s.visiting(s.invitationsPage)))
		r.Post("/r/{slug}/invitations", s.page(s.visiting(s.invite)))
		r.Post("/r/{slug}/invitations/{invitation}/revoke", s.page(s.visiting(s.revokeInvitation)))
		r.Get("/r/{slug}/settings", s.page(s.visiting(s.settingsPage)))
		r.Post("/r/{slug}/settings", s.page(s.visiting(s.changeSettings)))
		r.Post("/r/{slug}/lock", s.either(s.visiting(s.setLocked)))
		r.Post("/r/{slug}/delete", s.page(s.visiting(s.deleteRoom)))

		r.Get("/r/{slug}/attendance", s.page(s.visiting(s.roomAttendance)))
		r.Get("/r/{slug}/attendance.csv", s.page(s.visiting(s.roomAttendanceCSV)))
		r.Get("/r/{slug}/audit", s.page(s.visiting(s.roomAudit)))
		r.Get("/r/{slug}/audit.csv", s.page(s.visiting(s.roomAuditCSV)))
		s.webhookRoutes(r, "/r/{slug}/webhooks", s.ofRoom)
		r.Post("/r/{slug}/participants/{participant}/connection", s.json(s.reportConnection))

		s.deskRoutes(r)
		r.Get("/admin/mail", s.page(s.administering(s.mailsPage)))
		r.Get("/admin/mail/{id}", s.page(s.administering(s.mailPage)))
		r.Post("/admin/mail/{id}/send", s.page(s.administering(s.sendMail)))
		r.Post("/admin/mail/{id}/delete", s.page(s.administering(s.deleteMail)))
	})

	// Files, which are larger than everything else and take as long as they keep
	// coming.
	r.Group(func(r chi.Router) {
		r.Use(s.Pace.patient(s.Chat.Limits().File), s.sameOrigin)
		r.Post("/r/{slug}/files", s.json(s.visiting(s.upload)))
		r.Get("/r/{slug}/files/{file}", s.page(s.visiting(s.file)))
		r.Get(exportPath, s.page(s.proving(s.exportData)))
	})

	// Callbacks, which media services sign.
	r.Group(func(r chi.Router) {
		r.Use(s.Pace.bounded)
		r.Mount("/hooks", s.Hooks())
	})
	return r
}

// accountRoutes are what one does with one's own account.
func (s *Server) accountRoutes(r chi.Router) {
	r.Get("/account", s.page(s.signedIn(s.accountPage)))
	r.Post("/account", s.page(s.signedIn(s.renameAccount)))
	r.Get("/account/signed-in", s.json(s.signedIn(s.whoIsSignedIn)))
	r.Get("/account/confirm", s.page(s.signedIn(s.confirmPage)))
	r.Post("/account/confirm", s.page(s.signedIn(s.confirm)))
	r.Get("/account/email", s.page(s.proving(s.emailPage)))
	r.Post("/account/email", s.page(s.proving(s.changeEmail)))
	r.Post("/account/email/verify", s.page(s.signedIn(s.sendVerify)))
	r.Get("/account/password", s.page(s.signedIn(s.passwordPage)))
	r.Post("/account/password", s.page(s.signedIn(s.changePassword)))
	r.Post("/account/confirm/passkey/begin", s.json(s.signedIn(s.beginPasskeyProof)))
	r.Post("/account/confirm/passkey", s.json(s.signedIn(s.passkeyProof)))
	r.Get("/account/connect", s.page(s.providing(s.proving(s.oidcConnect))))
	r.Post("/account/disconnect", s.page(s.providing(s.proving(s.oidcDisconnect))))
	r.Get("/account/confirm/oidc", s.page(s.providing(s.signedIn(s.oidcProof))))
	r.Get(twoStepPath, s.page(s.signedIn(s.twoStepPage)))
	r.Get(twoStepPath+"/app", s.page(s.proving(s.appPage)))
	r.Post(twoStepPath+"/app", s.page(s.proving(s.beginApp)))
	r.Post(twoStepPath+"/app/confirm", s.page(s.proving(s.confirmApp)))
	r.Post(twoStepPath+"/app/remove", s.page(s.proving(s.removeApp)))
	r.Post(twoStepPath+"/codes", s.page(s.proving(s.newCodes)))
	r.Get(passkeysPath, s.page(s.signedIn(s.passkeysPage)))
	r.Post(passkeysPath+"/begin", s.json(s.signedIn(s.beginPasskey)))
	r.Post(passkeysPath, s.json(s.signedIn(s.addPasskey)))
	r.Post(passkeysPath+"/{passkey}/remove", s.page(s.proving(s.removePasskey)))
	r.Get("/account/sessions", s.page(s.signedIn(s.placesPage)))
	r.Post("/account/sessions/{session}/end", s.page(s.signedIn(s.endPlace)))
	r.Post("/account/sessions/end-others", s.page(s.signedIn(s.endOtherPlaces)))
	r.Get(tokensPath, s.page(s.signedIn(s.tokensPage)))
	r.Post(tokensPath, s.page(s.proving(s.makeToken)))
	r.Post(tokensPath+"/{token}/revoke", s.page(s.signedIn(s.revokeToken)))
	r.Get(dataPath, s.page(s.proving(s.dataPage)))
	r.Post("/account/delete", s.page(s.proving(s.deleteAccount)))
	r.Post("/account/sign-out-everywhere", s.page(s.signedIn(s.signOutEverywhere)))
}

// deskRoutes are the administrators' pages; to others there is nothing there.
func (s *Server) deskRoutes(r chi.Router) {
	r.Get("/admin", s.page(s.administering(s.healthPage)))
	r.Post("/admin/look", s.page(s.administering(s.lookAgain)))
	r.Get("/admin/live", s.page(s.administering(s.liveCalls)))
	r.Get("/admin/audit", s.page(s.administering(s.siteAudit)))
	r.Get("/admin/audit.csv", s.page(s.administering(s.siteAuditCSV)))
	r.Get("/admin/storage", s.page(s.administering(s.storagePage)))
	r.Get("/admin/settings", s.page(s.administering(s.siteSettings)))
	r.Post("/admin/settings", s.page(s.administering(s.changeSiteSettings)))
	r.Get("/admin/media", s.page(s.administering(s.mediaPage)))
	r.Post("/admin/media/{room}", s.page(s.administering(s.moveRoom)))
	s.webhookRoutes(r, "/admin/webhooks", s.ofSite)

	r.Get(servicesPath, s.page(s.administering(s.servicesPage)))
	r.Post(servicesPath, s.page(s.administering(s.makeService)))
	r.Get(servicesPath+"/{service}", s.page(s.administering(s.ofService(s.servicePage))))
	r.Post(servicesPath+"/{service}/tokens", s.page(s.provingAtDesk(s.ofService(s.makeServiceToken))))
	r.Post(servicesPath+"/{service}/tokens/{token}/revoke", s.page(s.administering(s.ofService(s.revokeServiceToken))))

	r.Get("/admin/users", s.page(s.administering(s.deskUsers)))
	r.Get("/admin/users/{user}", s.page(s.administering(s.deskUser)))
	r.Post("/admin/users/{user}/disable", s.page(s.changeUser(s.disableUser)))
	r.Post("/admin/users/{user}/enable", s.page(s.changeUser(s.enableUser)))
	r.Post("/admin/users/{user}/administrator", s.page(s.changeUser(s.makeAdministrator)))
	r.Post("/admin/users/{user}/no-administrator", s.page(s.changeUser(s.unmakeAdministrator)))
	r.Post("/admin/users/{user}/reset", s.page(s.changeUser(s.resetUser)))
	r.Post("/admin/users/{user}/sign-out", s.page(s.changeUser(s.signOutUser)))

	r.Get("/admin/rooms", s.page(s.administering(s.deskRooms)))
	r.Get("/admin/rooms/{room}", s.page(s.atDesk(s.deskRoom)))
	r.Get("/admin/rooms/{room}/attendance", s.page(s.atDesk(s.deskAttendance)))
	r.Get("/admin/rooms/{room}/attendance.csv", s.page(s.atDesk(s.deskAttendanceCSV)))
	r.Post("/admin/rooms/{room}/end", s.page(s.atDesk(s.deskEnd)))
	r.Post("/admin/rooms/{room}/participants/{participant}/remove", s.page(s.atDesk(s.deskExpel)))
	r.Post("/admin/rooms/{room}/members", s.page(s.atDesk(s.deskAdd)))
	r.Post("/admin/rooms/{room}/members/{username}", s.page(s.atDesk(s.deskSetRole)))
	r.Post("/admin/rooms/{room}/members/{username}/remove", s.page(s.atDesk(s.deskRemove)))
	r.Post("/admin/rooms/{room}/transfer", s.page(s.atDesk(s.deskTransfer)))
	r.Post("/admin/rooms/{room}/delete", s.page(s.atDesk(s.deskDelete)))
}

// webhookRoutes are the pages about the webhooks of a room, or of the site.
func (s *Server) webhookRoutes(r chi.Router, path string, of func(hookedHandler) handler) {
	r.Get(path, s.page(of(s.webhooksPage)))
	r.Post(path, s.page(of(s.makeWebhook)))
	r.Get(path+"/{webhook}", s.page(of(s.webhookPage)))
	r.Post(path+"/{webhook}/try", s.page(of(s.tryWebhook)))
	r.Post(path+"/{webhook}/remove", s.page(of(s.removeWebhook)))
	r.Post(path+"/{webhook}/deliveries/{delivery}/again", s.page(of(s.redeliver)))
}

// Hooks returns the routes of callbacks alone, for a listener that only a media
// service on this machine can reach.
func (s *Server) Hooks() http.Handler {
	r := chi.NewRouter()
	for name, backend := range s.Backends {
		r.Post("/"+name, s.json(s.callback(backend)))
	}
	return r
}

// signalling is the gate in front of the media services whose signalling passes
// through Foyer, nil when there are none.
func (s *Server) signalling(ctx context.Context) http.Handler {
	for _, backend := range s.Backends {
		if signaller, ok := backend.(media.Signaller); ok {
			return s.sameOriginIfNamed(signaller.Signalling(ctx, s.Calls.Admit, s.Reconciler))
		}
	}
	return nil
}
