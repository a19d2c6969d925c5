package account

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"

	"foyer/internal/input"
	"foyer/internal/words"
)

// DefaultCost is the bcrypt cost of stored passwords: about 0.3 s on one core.
const DefaultCost = 12

const (
	leastPassword = 8  // characters
	mostPassword  = 72 // bytes: bcrypt looks at no more
)

// The passwords that people choose most often, those long enough to matter
// here, from the npm package @zxcvbn-ts/language-common 4.1.3 (MIT licence).
//
//go:embed common_passwords.txt
var commonPasswordLines string

var commonPasswords = sync.OnceValue(func() map[string]bool {
	common := make(map[string]bool)
	for line := range strings.Lines(commonPasswordLines) {
		common[strings.TrimSpace(line)] = true
	}
	return common
})

func checkPassword(bad input.Invalid, password, username, email string) {
	lower := strings.ToLower(password)
	switch {
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		bad.Add("password", words.Text("account.this_password_has_characters_that"))
	case utf8.RuneCountInString(password) < leastPassword:
		bad.Add("password", words.Text("input.too_short", "least", leastPassword))
	case len(password) > mostPassword:
		bad.Add("password", words.Text("account.password_too_long", "most", mostPassword, "count", len(password)))
	case commonPasswords()[lower]:
		bad.Add("password", words.Text("account.this_is_one_of_the"))
	case lower == strings.ToLower(username) || lower == strings.ToLower(email):
		bad.Add("password", words.Text("account.your_name_or_address_is"))
	}
}

// passwords hashes and compares with bcrypt on a bounded number of processors,
// so that a flood of log-ins leaves the others to calls and pages.
type passwords struct {
	cost  int
	queue chan struct{} // places to wait in or work
	slots chan struct{} // places to work
}

func newPasswords(cost int) *passwords {
	const waitingPerSlot = 16
	slots := max(1, runtime.GOMAXPROCS(0)-1)
	return &passwords{
		cost:  cost,
		queue: make(chan struct{}, slots*(1+waitingPerSlot)),
		slots: make(chan struct{}, slots),
	}
}

// work runs do when a processor is free for it. It returns ErrBusy at once when
// too many wait already.
func (p *passwords) work(ctx context.Context, do func()) error {
	select {
	case p.queue <- struct{}{}:
		defer func() { <-p.queue }()
	default:
		return ErrBusy
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	do()
	return nil
}

func (p *passwords) hash(ctx context.Context, password string) (hash string, err error) {
	busy := p.work(ctx, func() {
		var raw []byte
		raw, err = bcrypt.GenerateFromPassword([]byte(password), p.cost)
		hash = string(raw)
	})
	return hash, errors.Join(busy, err)
}

// matches takes the same time whatever the answer. Over-long passwords never
// match: bcrypt refuses to hash them but would cut them silently here.
func (p *passwords) matches(ctx context.Context, hash, password string) (right bool, err error) {
	err = p.work(ctx, func() {
		right = bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
	})
	return right && len(password) <= mostPassword, err
}

// nobodysHash is compared with when there is no such user, so that the answer
// takes as long. No password has it: its salt and sum are made up.
func (p *passwords) nobodysHash() string {
	return fmt.Sprintf("$2a$%02d$%s", p.cost, "N0b0dyHasThisSa1tAtA11.u/GbNqKXv3jWc7Qd1mYp9RsTeZxLhKiO")
}
