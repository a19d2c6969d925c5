package room

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/postgres"
	"foyer/internal/words"
)

// MostLines is how many people can be added to a room at once.
const MostLines = 200

// Addition is what became of one line of a list of people to add.
type Addition struct {
	Line    string
	Login   string // the username or email address in it
	Name    string // of who was added, or belongs to the room already
	Belongs bool   // already, whatever the line says of a role
	Unknown bool   // nobody has this name
	Err     error  // why else they were not added: input.Invalid or a Refusal
}

// Done says whether nothing of the line remains to be done.
func (a Addition) Done() bool { return a.Err == nil && !a.Unknown }

// AddMembers gives people roles in a room where they have none. List has a line
// for each of them: a username or email address, and after a comma, semicolon,
// tab or space a role, else member. Each line stands for itself: others are added
// also when one cannot be. It returns input.Invalid with field people for the
// list as a whole, and what the policy says about adding anybody.
func (s *Store) AddMembers(ctx context.Context, id ID, by account.UserID, list string) ([]Addition, error) {
	lines, err := splitLines(list)
	if err != nil {
		return nil, err
	}
	var additions []Addition
	err = s.Hold(ctx, id, by, func(tx pgx.Tx, now Room, who Person) error {
		if err := Authorize(who, Ask{Action: AddMember, NewRole: Member}, now.State()); err != nil {
			return err
		}
		for _, line := range lines {
			a, err := addLine(ctx, tx, now, who, line)
			if err != nil {
				return fmt.Errorf("add members: %w", err)
			}
			additions = append(additions, a)
		}
		return nil
	})
	return additions, err
}

// addLine does what one line says. The error is a failure: nothing of the list
// was done.
func addLine(ctx context.Context, tx pgx.Tx, in Room, who Person, line string) (Addition, error) {
	a := Addition{Line: line}
	login, role, err := splitPerson(line)
	if err == nil {
		a.Login = login
		err = Authorize(who, Ask{Action: AddMember, NewRole: role}, in.State())
	}
	if err != nil {
		a.Err = err
		return a, nil
	}
	user, err := add(ctx, tx, in.ID, who.User, login, role)
	a.Name = user.DisplayName
	var invalid input.Invalid
	switch {
	case errors.Is(err, postgres.ErrNotFound):
		a.Unknown = true
	case errors.Is(err, errBelongs):
		a.Belongs = true
	case errors.As(err, &invalid):
		a.Err = err
	default:
		return a, err
	}
	return a, nil
}

// splitLines returns the lines of a list that have something in them.
func splitLines(list string) ([]string, error) {
	var lines []string
	for line := range strings.Lines(list) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	bad := input.Invalid{}
	switch {
	case len(lines) == 0:
		bad.Add("people", words.Text("room.write_at_least_one_username"))
	case len(lines) > MostLines:
		bad.Add("people", words.Text("room.too_many_people", "most", MostLines, "count", len(lines)))
	}
	return lines, bad.Err()
}

// splitPerson returns who a line names and the role that it gives them.
func splitPerson(line string) (login string, role Role, err error) {
	bad := input.Invalid{}
	parts := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(",;\t ", r) })
	if len(parts) == 0 || len(parts) > 2 {
		bad.Add("login", words.Text("room.write_one_username_or_email"))
		return "", None, bad
	}
	login, role = bad.Line("login", parts[0], 1, 254), Member
	if len(parts) == 2 {
		role = Role(strings.ToLower(parts[1]))
	}
	if !slices.Contains(Roles, role) {
		bad.Add("role", words.Text("room.give_them_one_of_the"))
	}
	return login, role, bad.Err()
}
