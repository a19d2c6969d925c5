package record

import (
	"context"

	"foyer/internal/room"
)

// Members is the table of who belongs to a room.
func Members(in room.Room, members []room.Membership) Table {
	return Table{in.Slug + "-members", []string{"username", "display name", "role", "member since (UTC)"},
		func(_ context.Context, write func(...string)) error {
			for _, m := range members {
				write(m.Username, m.DisplayName, string(m.Role), moment(m.Since))
			}
			return nil
		}}
}
