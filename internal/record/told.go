package record

import (
	"cmp"
	"encoding/json"
	"strings"

	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/words"
)

// Told is a record of the audit log in words.
type Told struct {
	By       string // name of who did it, or what is said instead of one
	Sentence string // what they did
	Detail   string // more of it, or empty
}

// Tell says a record in words.
func Tell(r ledger.Record) Told {
	told := Told{By: by(r)}
	var data map[string]any
	_ = json.Unmarshal(r.Data, &data) // an object, as the database says
	text := func(field string) string {
		value, _ := data[field].(string)
		return value
	}
	who := cmp.Or(r.SubjectName, text("name"), text("username"), words.Text("audit.somebody"))
	kind := sentenceOf(r)
	if !words.Has("audit." + kind) {
		told.Sentence = strings.ReplaceAll(kind, "_", " ")
		return told
	}
	told.Sentence = words.Text("audit."+kind, "who", who, "name", text("name"), "role", roleWord(text("role")), "what", text("what"), "value", text("value"),
		"from", media.Title(text("from")), "to", media.Title(text("to")), "count", number(data["count"]), "before", text("before"))
	told.Detail = detail(r.Kind, data)
	return told
}

// by says who did what a record is of.
func by(r ledger.Record) string {
	switch {
	case r.Kind == ledger.LogInsFailed || r.Kind == ledger.SecondStepFailed:
		return words.Text("audit.by_unknown")
	case r.Actor == "":
		return words.Text("audit.by_foyer")
	}
	return cmp.Or(r.ActorName, words.Text("audit.by_gone"))
}

// sentenceOf is which sentence of the catalogue a record is told in.
func sentenceOf(r ledger.Record) string {
	own := r.Subject == r.Actor
	switch {
	case r.Kind == ledger.MemberRemoved && own:
		return "member_left"
	case r.Kind == ledger.AccountMade && own:
		return "account_made_own"
	case r.Kind == ledger.LogInsFailed && r.Subject == "":
		return "log_ins_failed_nobody"
	}
	return string(r.Kind)
}

// detail is what a sentence has no place for.
func detail(kind ledger.Kind, data map[string]any) string {
	text := func(field string) string {
		value, _ := data[field].(string)
		return value
	}
	switch kind {
	case ledger.RoomConfigured:
		return words.Text("audit.configuration", "visibility", words.Text("audit.visibility_"+text("visibility")),
			"lobby", words.Text("audit.lobby_"+text("lobby")), "capacity", number(data["capacity"]), "guests", words.YesOrNo(data["guests"] == true))
	case ledger.Removed:
		return text("message")
	case ledger.InvitationMade:
		return cmp.Or(text("email"), text("note"))
	case ledger.RoomRenamed:
		return text("topic")
	case ledger.SignedIn:
		return words.Text("audit.way_" + text("way"))
	case ledger.AdministratorMade, ledger.AdministratorUnmade:
		if provider := text("provider"); provider != "" {
			return words.Text("audit.as_provider_says", "name", provider)
		}
	}
	return ""
}

// number is a number of JSON as a whole one.
func number(value any) int {
	n, _ := value.(float64)
	return int(n)
}
