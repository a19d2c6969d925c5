// Package problem says how errors are told: the one place where they become HTTP
// statuses and words, the same for pages, their scripts and the API.
package problem

import (
	"errors"
	"net/http"
	"strconv"

	"foyer/internal/account"
	"foyer/internal/account/archive"
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

// Problem is an error as people and programs are told of it.
type Problem struct {
	Status  int
	Reason  string // one word for programs
	Heading string // what happened
	Message string // what to do next
	Fields  map[string]string
	Retry   int // seconds until trying again makes sense; 0: no hint
}

var (
	ErrMethod      = errors.New("method not allowed")
	ErrCrossSite   = errors.New("request from another site")
	ErrBody        = errors.New("malformed body")
	ErrContentType = errors.New("not the content type of this resource")
	ErrTooMany     = errors.New("too many attempts")

	ErrForged = errors.New("callback that the media service did not sign")

	ErrUnproved     = errors.New("has not shown lately that it is they")
	ErrNotInvited   = errors.New("sign-up needs an invitation")
	ErrSignupClosed = errors.New("sign-up is closed")
)

// Sentences are the problem where there is one line for it.
func (p Problem) Sentences() string {
	if len(p.Fields) > 0 {
		return p.Message
	}
	return p.Heading + ". " + p.Message
}

// Of is the one place where errors become HTTP statuses and words.
func Of(err error) Problem {
	var invalid input.Invalid
	var refusal room.Refusal
	var provider oidc.Refusal
	var tooLarge *http.MaxBytesError
	var misconfigured *media.Misconfigured
	switch {
	case errors.Is(err, room.ErrSignIn), errors.Is(err, account.ErrSignedOut):
		return Problem{Status: 401, Reason: "signed_out", Heading: words.Text("problem.you_are_signed_out"), Message: words.Text("problem.log_in_and_try_again")}
	case errors.Is(err, room.ErrHidden), errors.Is(err, postgres.ErrNotFound), errors.Is(err, call.ErrNotYours):
		return Problem{Status: 404, Reason: "not_found", Heading: words.Text("problem.there_is_nothing_here"),
			Message: words.Text("problem.the_address_may_be_wrong")}
	case errors.Is(err, call.ErrNoReaction):
		return Of(input.Invalid{"reaction": words.Text("reaction.unknown")})
	case errors.Is(err, room.ErrInvitation):
		return Problem{Status: 404, Reason: "invitation", Heading: words.Text("problem.this_invitation_is_not_valid"),
			Message: words.Text("problem.it_may_have_been_used")}
	case errors.Is(err, recovery.ErrLink):
		return Problem{Status: 404, Reason: "link", Heading: words.Text("recovery.link_over"), Message: words.Text("recovery.link_over_next")}
	case errors.Is(err, factor.ErrPasskey):
		return Problem{Status: 403, Reason: "passkey", Heading: words.Text("passkey.refused"), Message: words.Text("passkey.refused_next")}
	case errors.As(err, &provider):
		return Problem{Status: 403, Reason: "oidc_" + string(provider), Heading: words.Text("oidc." + string(provider)), Message: words.Text("oidc." + string(provider) + "_next")}
	case errors.Is(err, oidc.ErrUnavailable):
		return Problem{Status: 503, Reason: "oidc_unavailable", Heading: words.Text("oidc.unavailable"), Message: words.Text("oidc.unavailable_next"), Retry: 5}
	case errors.Is(err, account.ErrUnverified):
		return Problem{Status: 403, Reason: "unverified", Heading: words.Text("policy.unverified"), Message: words.Text("policy.unverified_next")}
	case errors.Is(err, ErrUnproved):
		return Problem{Status: 403, Reason: "unproved", Heading: words.Text("proof.title"), Message: words.Text("proof.reload")}
	case errors.As(err, &refusal):
		return refused(refusal)
	case errors.As(err, &invalid):
		p := Problem{Status: 422, Reason: "invalid", Heading: words.Text("problem.some_of_this_cannot_be"), Message: words.Text("problem.see_what_is_marked_and"), Fields: invalid}
		for _, sentence := range invalid {
			if len(invalid) == 1 {
				p.Message = sentence
			}
		}
		return p
	case errors.As(err, &tooLarge):
		return Problem{Status: 413, Reason: "too_large", Heading: words.Text("problem.this_is_too_long"), Message: words.Text("problem.shorten_it_and_send_it")}
	case errors.Is(err, ErrBody):
		return Problem{Status: 400, Reason: "malformed", Heading: words.Text("problem.this_could_not_be_read"), Message: words.Text("problem.go_back_reload_the_page")}
	case errors.Is(err, ErrContentType):
		return Problem{Status: 415, Reason: "content_type", Heading: words.Text("problem.this_could_not_be_read"), Message: words.Text("problem.send_it_in_the_format")}
	case errors.Is(err, ErrMethod):
		return Problem{Status: 405, Reason: "method", Heading: words.Text("problem.this_address_does_not_do"), Message: words.Text("problem.go_back_and_use_the")}
	case errors.Is(err, ErrCrossSite):
		return Problem{Status: 403, Reason: "cross_site", Heading: words.Text("problem.this_came_from_another_site"),
			Message: words.Text("problem.for_your_safety_it_was")}
	case errors.Is(err, ErrForged):
		return Problem{Status: 401, Reason: "forged", Heading: words.Text("problem.this_is_not_signed"), Message: words.Text("problem.only_the_media_service_calls")}
	case errors.Is(err, ErrNotInvited):
		return Problem{Status: 403, Reason: "not_invited", Heading: words.Text("policy.not_invited"), Message: words.Text("policy.not_invited_next")}
	case errors.Is(err, ErrSignupClosed):
		return Problem{Status: 403, Reason: "signup_closed", Heading: words.Text("problem.signup_closed"), Message: words.Text("problem.ask_the_administrator_for_an")}
	case errors.Is(err, mail.ErrNotNow):
		return Problem{Status: 409, Reason: "not_now", Heading: words.Text("problem.this_mail_cannot_be_sent"),
			Message: words.Text("problem.it_is_sent_already_being")}
	case errors.Is(err, admin.ErrDisabled):
		return Problem{Status: 409, Reason: "disabled", Heading: words.Text("problem.disabled"), Message: words.Text("problem.disabled_advice")}
	case errors.Is(err, admin.ErrService):
		return Problem{Status: 409, Reason: "service", Heading: words.Text("problem.service"), Message: words.Text("problem.service_advice")}
	case errors.Is(err, admin.ErrLastAdministrator):
		return Problem{Status: 409, Reason: "last_administrator", Heading: words.Text("problem.last_administrator"), Message: words.Text("problem.last_administrator_advice")}
	case errors.Is(err, chat.ErrNoSpace):
		return Problem{Status: 507, Reason: "no_space", Heading: words.Text("chat.no_space"), Message: words.Text("chat.no_space_next")}
	case errors.Is(err, blob.ErrShort):
		return Problem{Status: 400, Reason: "malformed", Heading: words.Text("chat.cut_short"), Message: words.Text("chat.cut_short_next")}
	case errors.Is(err, ErrTooMany):
		return Problem{Status: 429, Reason: "busy", Heading: words.Text("problem.too_many_attempts"), Message: words.Text("problem.wait_a_minute_and_try"), Retry: 60}
	case errors.Is(err, call.ErrTooManyStreams):
		return Problem{Status: 429, Reason: "busy", Heading: words.Text("problem.too_many_streams"), Message: words.Text("problem.close_some_tabs"), Retry: 5}
	case errors.Is(err, account.ErrBusy):
		return Problem{Status: 503, Reason: "busy", Heading: words.Text("problem.many_people_are_logging_in"), Message: words.Text("problem.try_again_in_a_few"), Retry: 3}
	case errors.Is(err, archive.ErrBusy):
		return Problem{Status: 429, Reason: "busy", Heading: words.Text("mydata.busy"), Message: words.Text("mydata.busy_next"), Retry: 10}
	case errors.As(err, &misconfigured):
		return Problem{Status: 503, Reason: "media_misconfigured", Heading: words.Text("problem.calls_are_not_set_up"),
			Message: words.Text("problem.the_service_that_carries_this")}
	case errors.Is(err, call.ErrNoBackend):
		return Problem{Status: 503, Reason: "media_missing", Heading: words.Text("problem.this_rooms_calls_are_not"),
			Message: words.Text("problem.the_service_that_carried_them")}
	case errors.Is(err, media.ErrUnavailable):
		return Problem{Status: 503, Reason: "media_unavailable", Heading: words.Text("problem.the_call_service_does_not"),
			Message: words.Text("problem.try_again_in_a_moment"), Retry: 3}
	}
	return Problem{Status: 500, Reason: "failed", Heading: words.Text("problem.this_did_not_work"), Message: words.Text("problem.it_is_our_fault_not")}
}

func refused(refusal room.Refusal) Problem {
	p := Problem{Status: 403, Reason: string(refusal)}
	switch refusal {
	case room.Locked:
		p.Heading, p.Message = words.Text("problem.the_room_is_locked"), call.Locked.Sentence("")
	case room.Full:
		p.Heading, p.Message = words.Text("problem.the_room_is_full"), call.Full.Sentence("")
	case room.MustWait:
		p.Heading, p.Message = words.Text("problem.somebody_has_to_let_you"), call.SentToLobby.Sentence("")
	case room.NotAdmitted:
		p.Heading, p.Message = words.Text("problem.you_were_not_let_in"), words.Text("problem.you_can_ask_again")
	case room.MembersOnly:
		p.Heading, p.Message = words.Text("problem.only_members_enter_this_room"), words.Text("problem.ask_to_join_it")
	case room.InUse:
		p.Heading, p.Message = words.Text("problem.somebody_is_in_the_room"), words.Text("problem.move_it_when_everybody_has")
	case room.NotInCall:
		p.Heading, p.Message = words.Text("refusal.not_in_call"), words.Text("refusal.not_in_call_next")
	case room.SwitchedOff:
		p.Heading, p.Message = words.Text("refusal.switched_off"), words.Text("refusal.switched_off_next")
	case room.Shut:
		p.Heading, p.Message = words.Text("refusal.banned"), words.Text("refusal.banned_next")
	case room.UnlockFirst:
		p.Heading, p.Message = words.Text("problem.the_room_is_locked"), words.Text("refusal.unlock_first_next")
	case room.LastOwner:
		p.Heading, p.Message = words.Text("problem.the_room_needs_an_owner"), words.Text("problem.make_somebody_else_an_owner")
	default:
		p.Heading, p.Message = words.Text("problem.your_role_does_not_allow"), words.Text("problem.ask_an_owner_of_the")
	}
	return p
}

// Hint tells programs when trying again makes sense.
func (p Problem) Hint(w http.ResponseWriter) {
	if p.Retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.Retry))
	}
}
