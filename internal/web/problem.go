package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-chi/chi/v5"

	"foyer/internal/account"
	"foyer/internal/account/factor"
	"foyer/internal/account/oidc"
	"foyer/internal/account/recovery"
	"foyer/internal/admin"
	"foyer/internal/blob"
	"foyer/internal/call"
	"foyer/internal/chat"
	"foyer/internal/input"
	"foyer/internal/mail"
	"foyer/internal/media"
	"foyer/internal/postgres"
	"foyer/internal/room"
	"foyer/internal/words"
)

// handler answers a request or returns why it cannot; page and json turn that
// into an answer.
type handler func(w http.ResponseWriter, r *http.Request) error

// problem is an error as people and programs are told of it.
type problem struct {
	status  int
	reason  string // one word for programs
	heading string // what happened
	message string // what to do next
	fields  map[string]string
	retry   int // seconds until trying again makes sense; 0: no hint
}

var (
	errMethod      = errors.New("web: method not allowed")
	errCrossSite   = errors.New("web: request from another site")
	errBody        = errors.New("web: malformed body")
	errContentType = errors.New("web: not the content type of this resource")
	errTooMany     = errors.New("web: too many attempts")

	errForged = errors.New("web: callback that the media service did not sign")

	errUnproved     = errors.New("web: has not shown lately that it is they")
	errNotInvited   = errors.New("web: sign-up needs an invitation")
	errSignupClosed = errors.New("web: sign-up is closed")
)

// sentences are the problem where there is one line for it.
func (p problem) sentences() string {
	if len(p.fields) > 0 {
		return p.message
	}
	return p.heading + ". " + p.message
}

// problemOf is the one place where errors become HTTP statuses and words.
func problemOf(err error) problem {
	var invalid input.Invalid
	var refusal room.Refusal
	var provider oidc.Refusal
	var tooLarge *http.MaxBytesError
	var misconfigured *media.Misconfigured
	switch {
	case errors.Is(err, room.ErrSignIn), errors.Is(err, account.ErrSignedOut):
		return problem{status: 401, reason: "signed_out", heading: words.Text("problem.you_are_signed_out"), message: words.Text("problem.log_in_and_try_again")}
	case errors.Is(err, room.ErrHidden), errors.Is(err, postgres.ErrNotFound), errors.Is(err, call.ErrNotYours):
		return problem{status: 404, reason: "not_found", heading: words.Text("problem.there_is_nothing_here"),
			message: words.Text("problem.the_address_may_be_wrong")}
	case errors.Is(err, call.ErrNoReaction):
		return problemOf(input.Invalid{"reaction": words.Text("reaction.unknown")})
	case errors.Is(err, room.ErrInvitation):
		return problem{status: 404, reason: "invitation", heading: words.Text("problem.this_invitation_is_not_valid"),
			message: words.Text("problem.it_may_have_been_used")}
	case errors.Is(err, recovery.ErrLink):
		return problem{status: 404, reason: "link", heading: words.Text("recovery.link_over"), message: words.Text("recovery.link_over_next")}
	case errors.Is(err, factor.ErrPasskey):
		return problem{status: 403, reason: "passkey", heading: words.Text("passkey.refused"), message: words.Text("passkey.refused_next")}
	case errors.As(err, &provider):
		return problem{status: 403, reason: "oidc_" + string(provider), heading: words.Text("oidc." + string(provider)), message: words.Text("oidc." + string(provider) + "_next")}
	case errors.Is(err, oidc.ErrUnavailable):
		return problem{status: 503, reason: "oidc_unavailable", heading: words.Text("oidc.unavailable"), message: words.Text("oidc.unavailable_next"), retry: 5}
	case errors.Is(err, account.ErrUnverified):
		return problem{status: 403, reason: "unverified", heading: words.Text("policy.unverified"), message: words.Text("policy.unverified_next")}
	case errors.Is(err, errUnproved):
		return problem{status: 403, reason: "unproved", heading: words.Text("proof.title"), message: words.Text("proof.reload")}
	case errors.As(err, &refusal):
		return refusalProblem(refusal)
	case errors.As(err, &invalid):
		p := problem{status: 422, reason: "invalid", heading: words.Text("problem.some_of_this_cannot_be"), message: words.Text("problem.see_what_is_marked_and"), fields: invalid}
		for _, sentence := range invalid {
			if len(invalid) == 1 {
				p.message = sentence
			}
		}
		return p
	case errors.As(err, &tooLarge):
		return problem{status: 413, reason: "too_large", heading: words.Text("problem.this_is_too_long"), message: words.Text("problem.shorten_it_and_send_it")}
	case errors.Is(err, errBody):
		return problem{status: 400, reason: "malformed", heading: words.Text("problem.this_could_not_be_read"), message: words.Text("problem.go_back_reload_the_page")}
	case errors.Is(err, errContentType):
		return problem{status: 415, reason: "content_type", heading: words.Text("problem.this_could_not_be_read"), message: words.Text("problem.send_it_in_the_format")}
	case errors.Is(err, errMethod):
		return problem{status: 405, reason: "method", heading: words.Text("problem.this_address_does_not_do"), message: words.Text("problem.go_back_and_use_the")}
	case errors.Is(err, errCrossSite):
		return problem{status: 403, reason: "cross_site", heading: words.Text("problem.this_came_from_another_site"),
			message: words.Text("problem.for_your_safety_it_was")}
	case errors.Is(err, errForged):
		return problem{status: 401, reason: "forged", heading: words.Text("problem.this_is_not_signed"), message: words.Text("problem.only_the_media_service_calls")}
	case errors.Is(err, errNotInvited):
		return problem{status: 403, reason: "not_invited", heading: words.Text("policy.not_invited"), message: words.Text("policy.not_invited_next")}
	case errors.Is(err, errSignupClosed):
		return problem{status: 403, reason: "signup_closed", heading: words.Text("problem.signup_closed"), message: words.Text("problem.ask_the_administrator_for_an")}
	case errors.Is(err, mail.ErrNotNow):
		return problem{status: 409, reason: "not_now", heading: words.Text("problem.this_mail_cannot_be_sent"),
			message: words.Text("problem.it_is_sent_already_being")}
	case errors.Is(err, admin.ErrDisabled):
		return problem{status: 409, reason: "disabled", heading: words.Text("problem.disabled"), message: words.Text("problem.disabled_advice")}
	case errors.Is(err, admin.ErrLastAdministrator):
		return problem{status: 409, reason: "last_administrator", heading: words.Text("problem.last_administrator"), message: words.Text("problem.last_administrator_advice")}
	case errors.Is(err, chat.ErrNoSpace):
		return problem{status: 507, reason: "no_space", heading: words.Text("chat.no_space"), message: words.Text("chat.no_space_next")}
	case errors.Is(err, blob.ErrShort):
		return problem{status: 400, reason: "malformed", heading: words.Text("chat.cut_short"), message: words.Text("chat.cut_short_next")}
	case errors.Is(err, errTooMany):
		return problem{status: 429, reason: "busy", heading: words.Text("problem.too_many_attempts"), message: words.Text("problem.wait_a_minute_and_try"), retry: 60}
	case errors.Is(err, account.ErrBusy):
		return problem{status: 503, reason: "busy", heading: words.Text("problem.many_people_are_logging_in"), message: words.Text("problem.try_again_in_a_few"), retry: 3}
	case errors.As(err, &misconfigured):
		return problem{status: 503, reason: "media_misconfigured", heading: words.Text("problem.calls_are_not_set_up"),
			message: words.Text("problem.the_service_that_carries_this")}
	case errors.Is(err, call.ErrNoBackend):
		return problem{status: 503, reason: "media_missing", heading: words.Text("problem.this_rooms_calls_are_not"),
			message: words.Text("problem.the_service_that_carried_them")}
	case errors.Is(err, media.ErrUnavailable):
		return problem{status: 503, reason: "media_unavailable", heading: words.Text("problem.the_call_service_does_not"),
			message: words.Text("problem.try_again_in_a_moment"), retry: 3}
	}
	return problem{status: 500, reason: "failed", heading: words.Text("problem.this_did_not_work"), message: words.Text("problem.it_is_our_fault_not")}
}

func refusalProblem(refusal room.Refusal) problem {
	p := problem{status: 403, reason: string(refusal)}
	switch refusal {
	case room.Locked:
		p.heading, p.message = words.Text("problem.the_room_is_locked"), call.Locked.Sentence("")
	case room.Full:
		p.heading, p.message = words.Text("problem.the_room_is_full"), call.Full.Sentence("")
	case room.MustWait:
		p.heading, p.message = words.Text("problem.somebody_has_to_let_you"), call.SentToLobby.Sentence("")
	case room.NotAdmitted:
		p.heading, p.message = words.Text("problem.you_were_not_let_in"), words.Text("problem.you_can_ask_again")
	case room.MembersOnly:
		p.heading, p.message = words.Text("problem.only_members_enter_this_room"), words.Text("problem.ask_to_join_it")
	case room.InUse:
		p.heading, p.message = words.Text("problem.somebody_is_in_the_room"), words.Text("problem.move_it_when_everybody_has")
	case room.NotInCall:
		p.heading, p.message = words.Text("refusal.not_in_call"), words.Text("refusal.not_in_call_next")
	case room.SwitchedOff:
		p.heading, p.message = words.Text("refusal.switched_off"), words.Text("refusal.switched_off_next")
	case room.LastOwner:
		p.heading, p.message = words.Text("problem.the_room_needs_an_owner"), words.Text("problem.make_somebody_else_an_owner")
	default:
		p.heading, p.message = words.Text("problem.your_role_does_not_allow"), words.Text("problem.ask_an_owner_of_the")
	}
	return p
}

// page answers with HTML.
func (s *Server) page(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil || r.Context().Err() != nil {
			return
		}
		p := problemOf(err)
		if p.status == 401 {
			http.Redirect(w, r, loginAddress(r), http.StatusSeeOther)
			return
		}
		r = s.recognise(r)
		page := ErrorPage{Page: s.base(r, p.heading), Status: p.status, Heading: p.heading, Message: p.message, RequestID: s.report(r, p, err)}
		w.Header().Set("Cache-Control", "no-store")
		p.hint(w)
		s.render(w, r, p.status, "error", page)
	}
}

// loginAddress comes back to where the person wanted to go, if that is a page.
func loginAddress(r *http.Request) string {
	if r.Method != http.MethodGet || r.URL.Path == "/" {
		return "/login"
	}
	return "/login?" + url.Values{"next": {r.URL.EscapedPath()}}.Encode()
}

// json answers errors as JSON.
func (s *Server) json(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err == nil || r.Context().Err() != nil {
			return
		}
		p := problemOf(err)
		s.report(r, p, err)
		w.Header().Set("Cache-Control", "no-store")
		p.hint(w)
		type body struct {
			Reason  string            `json:"reason"`
			Message string            `json:"message"`
			Fields  map[string]string `json:"fields,omitempty"`
		}
		writeJSON(w, p.status, map[string]body{"error": {p.reason, p.message, p.fields}})
	}
}

func (p problem) hint(w http.ResponseWriter) {
	if p.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.retry))
	}
}

// report logs a failure of ours and returns an id under which it can be found.
func (s *Server) report(r *http.Request, p problem, err error) string {
	if p.status < 500 {
		return ""
	}
	id := requestID()
	// The pattern, not the address: addresses can hold secrets.
	s.Log.Error("request failed", "request_id", id, "method", r.Method, "route", chi.RouteContext(r.Context()).RoutePattern(), "status", p.status, "error", err)
	return id
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // the client is gone: nobody to tell
}
