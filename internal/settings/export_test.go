package settings

import "context"

// Load reads what was set, as Run does when something has changed.
func (s *Store) Load(ctx context.Context) error { return s.load(ctx) }
