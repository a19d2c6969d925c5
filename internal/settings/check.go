package settings

import (
	"regexp"
	"slices"
	"strings"

	"foyer/internal/input"
	"foyer/internal/words"
)

const (
	leastCapacity, mostCapacity = 2, 500 // as the table of rooms has it
	mostDays                    = 3650
	mostDomains                 = 100
)

var domainPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$`)

// Domains are the mail domains in a text, one a line or separated by commas or
// spaces.
func Domains(text string) []string {
	var domains []string
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(", \t\r\n;", r) }) {
		domains = append(domains, strings.TrimPrefix(word, "@"))
	}
	slices.Sort(domains)
	return slices.Compact(domains)
}

// clean returns the values as they are stored, or input.Invalid.
func (v Values) clean() (Values, error) {
	if v.MailDomains == nil {
		v.MailDomains = []string{} // an empty list in JSON
	}
	return v, v.check()
}

// check returns input.Invalid with the names of settings that cannot be.
func (v Values) check() error {
	bad := input.Invalid{}
	bad.Choice(string(Signup), v.Signup, "open", "invitation", "closed")
	if len(v.MailDomains) > mostDomains {
		bad.Add(string(MailDomains), words.Text("site_settings.too_many_domains", "count", mostDomains))
	}
	for _, domain := range v.MailDomains {
		if !domainPattern.MatchString(domain) {
			bad.Add(string(MailDomains), words.Text("site_settings.no_domain", "domain", domain))
		}
	}
	whole := func(name Name, value, least, most int) {
		if value < least || value > most {
			bad.Add(string(name), words.Text("site_settings.out_of_range", "least", least, "most", most))
		}
	}
	whole(Capacity, v.Capacity, leastCapacity, mostCapacity)
	whole(KeepCalls, v.KeepCalls, 0, mostDays)
	whole(KeepAudit, v.KeepAudit, 0, mostDays)
	whole(KeepSignIns, v.KeepSignIns, 0, mostDays)
	whole(KeepDeliveries, v.KeepDeliveries, 0, mostDays)
	return bad.Err()
}
