package web

import (
	"crypto/rand"
	"io"
	"math"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"

	"foyer/internal/account"
	"foyer/internal/api"
	"foyer/internal/ledger"
	"foyer/internal/problem"
	"foyer/internal/room"
)

const mostBody = 64 << 10 // bytes

func requestID() string { return strings.ToLower(rand.Text()[:10]) }

// contentPolicy lets pages load nothing from elsewhere, and run and style
// nothing that is not in a file of ours. Scripts connect to ourselves and to
// what a media service needs.
func contentPolicy(connect []string) string {
	return strings.Join([]string{
		"default-src 'self'", "img-src 'self' data: blob:", "media-src 'self' blob: mediastream:",
		strings.Join(append([]string{"connect-src 'self'"}, connect...), " "),
		"object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
	}, "; ")
}

func (s *Server) secureHeaders(next http.Handler) http.Handler {
	policy := contentPolicy(s.ConnectSources)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), geolocation=(), payment=()")
		// Only for the public name: localhost, with a certificate for trying,
		// serves other programs too.
		if s.underPublicName(r) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// wellFormed treats addresses that are not text as addresses of nothing.
func wellFormed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !utf8.ValidString(r.URL.Path) || strings.ContainsRune(r.URL.Path, 0) {
			r.URL.Path, r.URL.RawPath = "/not-text", ""
		}
		next.ServeHTTP(w, r)
	})
}

// deadlines keeps slow clients from holding a connection. It is not for
// connections that stay open.
func (p Pace) deadlines(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.putOff(http.NewResponseController(w))
		next.ServeHTTP(w, r)
	})
}

// patient is deadlines and limitBody for files of up to most bytes: a transfer
// may go on as long as it does not stand still.
func (p Pace) patient(most int64) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			control := http.NewResponseController(w)
			p.putOff(control)
			r.Body = http.MaxBytesReader(w, &patientBody{r.Body, p, control}, most)
			next.ServeHTTP(&patientWriter{w, p, control}, r)
		})
	}
}

// patientBody puts off the deadlines with every read.
type patientBody struct {
	io.ReadCloser
	pace    Pace
	control *http.ResponseController
}

func (b *patientBody) Read(p []byte) (int, error) {
	b.pace.putOff(b.control)
	return b.ReadCloser.Read(p)
}

// patientWriter puts off the deadlines with every write.
type patientWriter struct {
	http.ResponseWriter
	pace    Pace
	control *http.ResponseController
}

func (w *patientWriter) Write(p []byte) (int, error) {
	w.pace.putOff(w.control)
	return w.ResponseWriter.Write(p)
}

func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// bounded is deadlines and limitBody.
func (p Pace) bounded(next http.Handler) http.Handler { return p.deadlines(limitBody(next)) }

func limitBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, mostBody)
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses changes that a page of another site asks for. The scheme
// counts too, and a change that does not say where it comes from is refused.
func (s *Server) sameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		safe := r.Method == http.MethodGet || r.Method == http.MethodHead
		own := s.ownOrigin(r, r.Header.Get("Origin")) ||
			r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == "same-origin"
		if safe || own {
			next.ServeHTTP(w, r)
			return
		}
		answer := s.page
		if isJSON(r) {
			answer = s.json
		}
		answer(func(http.ResponseWriter, *http.Request) error { return problem.ErrCrossSite })(w, r)
	})
}

// sameOriginIfNamed guards the gate: a page of another site must not reach it,
// but programs that are no browser, and name no origin, may. What lets one in
// there is the token, not a cookie.
func (s *Server) sameOriginIfNamed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); origin != "" && !s.ownOrigin(r, origin) {
			s.json(func(http.ResponseWriter, *http.Request) error { return problem.ErrCrossSite })(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) ownOrigin(r *http.Request, origin string) bool {
	return origin != "" && (origin == s.PublicOrigin || origin == requestOrigin(r))
}

// origin is how the service is reached, for addresses to be shown.
func (s *Server) origin(r *http.Request) string {
	if s.PublicOrigin != "" {
		return s.PublicOrigin
	}
	return requestOrigin(r)
}

// limits bound how often passwords can be tried, accounts made, and people told
// that somebody waits.
type limits struct {
	loginsByAddress, loginsByAccount, signupsByAddress, knocksByPerson, requestsByUser *httprate.RateLimiter
	wrongLinksByAddress, guestsByAddress, mailingsByPerson, checksByPerson             *httprate.RateLimiter
	linksByAddress, linksByAccount, codesByUser, ceremoniesByAddress                   *httprate.RateLimiter
	reactionsByPerson, handsByPerson, messagesByPerson, uploadsByPerson                *httprate.RateLimiter
}

func newLimits(minute time.Duration) limits {
	// Without headers: they would tell a guesser how to pace.
	quiet := httprate.WithResponseHeaders(httprate.ResponseHeaders{})
	return limits{
		loginsByAddress:  httprate.NewRateLimiter(60, minute, quiet),
		loginsByAccount:  httprate.NewRateLimiter(10, minute, quiet),
		signupsByAddress: httprate.NewRateLimiter(100, time.Hour, quiet),
		requestsByUser:   httprate.NewRateLimiter(20, time.Hour, quiet),
		knocksByPerson:   httprate.NewRateLimiter(20, minute, quiet),
		checksByPerson:   httprate.NewRateLimiter(10, minute, quiet),
		messagesByPerson: httprate.NewRateLimiter(300, minute, quiet),
		uploadsByPerson:  httprate.NewRateLimiter(60, minute, quiet),
		// As fast as fingers are, for a moment.
		reactionsByPerson: httprate.NewRateLimiter(mostReactions, minute/6, quiet),
		handsByPerson:     httprate.NewRateLimiter(20, minute, quiet),
		// Many people may come from one address at once.
		wrongLinksByAddress: httprate.NewRateLimiter(mostWrongLinks, minute, quiet),
		guestsByAddress:     httprate.NewRateLimiter(300, time.Hour, quiet),
		mailingsByPerson:    httprate.NewRateLimiter(30, time.Hour, quiet),
		linksByAddress:      httprate.NewRateLimiter(60, time.Hour, quiet),
		linksByAccount:      httprate.NewRateLimiter(10, time.Hour, quiet),
		// Whoever has the password and tries codes all the time finds one in a
		// year, with even odds.
		codesByUser:         httprate.NewRateLimiter(30, time.Hour, quiet),
		ceremoniesByAddress: httprate.NewRateLimiter(120, minute, quiet),
	}
}

// noteAddress has what a request does written down with where it came from.
func noteAddress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(ledger.From(r.Context(), address(r))))
	})
}

// address is where a request comes from.
func address(r *http.Request) string { return middleware.GetClientIP(r.Context()) }

// addressKey is the network that counts as one source of requests.
func addressKey(r *http.Request) string { return httprate.CanonicalizeIP(address(r)) }

// program bounds what somebody does through the API, together with what they do on
// the pages.
func (l limits) program(what api.Limited, person string) error {
	limiter := map[api.Limited]*httprate.RateLimiter{
		api.Knocks: l.knocksByPerson, api.Checks: l.checksByPerson, api.Writing: l.messagesByPerson, api.Uploads: l.uploadsByPerson,
		api.Reactions: l.reactionsByPerson, api.Hands: l.handsByPerson, api.Mailings: l.mailingsByPerson, api.Requests: l.requestsByUser,
		api.Links: l.linksByAccount,
	}[what]
	if limiter.OnLimit(nil, new(http.Request), person) {
		return problem.ErrTooMany
	}
	return nil
}

func (l limits) login(w http.ResponseWriter, r *http.Request, login string) error {
	byAddress := l.loginsByAddress.OnLimit(w, r, addressKey(r))
	byAccount := l.loginsByAccount.OnLimit(w, r, account.Named(login))
	if byAddress || byAccount {
		return problem.ErrTooMany
	}
	return nil
}

func (l limits) signup(w http.ResponseWriter, r *http.Request) error {
	if l.signupsByAddress.OnLimit(w, r, addressKey(r)) {
		return problem.ErrTooMany
	}
	return nil
}

func (l limits) knock(w http.ResponseWriter, r *http.Request, who room.Person) error {
	if l.knocksByPerson.OnLimit(w, r, string(who.User)+string(who.Guest)) {
		return problem.ErrTooMany
	}
	return nil
}

func (l limits) check(w http.ResponseWriter, r *http.Request, who room.Person) error {
	if l.checksByPerson.OnLimit(w, r, string(who.User)+string(who.Guest)) {
		return problem.ErrTooMany
	}
	return nil
}

// mostReactions is how many reactions somebody sends in ten seconds.
const mostReactions = 30

func (l limits) reaction(w http.ResponseWriter, r *http.Request, who room.Person) error {
	if l.reactionsByPerson.OnLimit(w, r, string(who.User)+string(who.Guest)) {
		return problem.ErrTooMany
	}
	return nil
}

// hand bounds how often somebody raises and lowers their hand: each time is kept.
func (l limits) hand(w http.ResponseWriter, r *http.Request, who room.Person) error {
	if l.handsByPerson.OnLimit(w, r, string(who.User)+string(who.Guest)) {
		return problem.ErrTooMany
	}
	return nil
}

// message bounds how much somebody writes.
func (l limits) message(w http.ResponseWriter, r *http.Request, who room.Person) error {
	if l.messagesByPerson.OnLimit(w, r, string(who.User)+string(who.Guest)) {
		return problem.ErrTooMany
	}
	return nil
}

func (l limits) upload(w http.ResponseWriter, r *http.Request, who room.Person) error {
	if l.uploadsByPerson.OnLimit(w, r, string(who.User)+string(who.Guest)) {
		return problem.ErrTooMany
	}
	return nil
}

func (l limits) request(w http.ResponseWriter, r *http.Request, user account.UserID) error {
	if l.requestsByUser.OnLimit(w, r, string(user)) {
		return problem.ErrTooMany
	}
	return nil
}

// mostWrongLinks is how many links that lead nowhere an address may open in a
// minute, before it can open none.
const mostWrongLinks = 100

func (l limits) wrongLink(address string) {
	l.wrongLinksByAddress.OnLimit(nil, new(http.Request), address)
}

func (l limits) tooManyWrongLinks(address string) bool {
	_, rate, err := l.wrongLinksByAddress.Status(address)
	return err != nil || math.Round(rate) >= mostWrongLinks
}

// guest bounds how many guests an address makes.
func (l limits) guest(w http.ResponseWriter, r *http.Request, who room.Comer) error {
	if who.User == "" && l.guestsByAddress.OnLimit(w, r, addressKey(r)) {
		return problem.ErrTooMany
	}
	return nil
}

// proof bounds how often somebody who is signed in can try to show that it is
// they: each account as often as log-ins to it, and apart from them.
func (l limits) proof(w http.ResponseWriter, r *http.Request, user account.UserID) error {
	return l.login(w, r, string(user))
}

// code bounds how often codes of somebody's can be tried, by whoever.
func (l limits) code(w http.ResponseWriter, r *http.Request, user account.UserID) error {
	if l.codesByUser.OnLimit(w, r, string(user)) {
		return problem.ErrTooMany
	}
	return nil
}

// ceremony bounds how often an address has to do with passkeys.
func (l limits) ceremony(w http.ResponseWriter, r *http.Request) error {
	if l.ceremoniesByAddress.OnLimit(w, r, addressKey(r)) {
		return problem.ErrTooMany
	}
	return nil
}

// link bounds how often somebody has links to an account mailed, by the name that
// they give or are signed in with. It asks nobody whether there is such an account.
func (l limits) link(w http.ResponseWriter, r *http.Request, login string) error {
	byAddress := l.linksByAddress.OnLimit(w, r, addressKey(r))
	byAccount := l.linksByAccount.OnLimit(w, r, account.Named(login))
	if byAddress || byAccount {
		return problem.ErrTooMany
	}
	return nil
}

// mailing bounds how often somebody has invitations sent.
func (l limits) mailing(w http.ResponseWriter, r *http.Request, who room.Person) error {
	if l.mailingsByPerson.OnLimit(w, r, string(who.User)) {
		return problem.ErrTooMany
	}
	return nil
}
