// Package settings holds what administrators may change while Foyer runs. The
// environment gives each setting its value until somebody sets another at the
// desk; that one is in Postgres, and every node hears of it.
package settings

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

// Channel is where Postgres notifies that a setting has changed; the payload is
// its name.
const Channel = "settings_changed"

// Name names one setting.
type Name string

// The settings.
const (
	Signup         Name = "signup"
	MailDomains    Name = "mail_domains"
	AdminFactor    Name = "administrators_second_factor"
	Capacity       Name = "room_capacity"
	KeepCalls      Name = "keep_calls"
	KeepAudit      Name = "keep_audit"
	KeepSignIns    Name = "keep_sign_ins"
	KeepDeliveries Name = "keep_deliveries"
)

// Names lists the settings, in the order in which they are shown.
var Names = []Name{Signup, MailDomains, AdminFactor, Capacity, KeepCalls, KeepAudit, KeepSignIns, KeepDeliveries}

// Values are the settings that apply.
type Values struct {
	Signup         string   `json:"signup"`       // "open", "invitation" or "closed"
	MailDomains    []string `json:"mail_domains"` // of addresses that may sign up; empty: any
	AdminFactor    bool     `json:"administrators_second_factor"`
	Capacity       int      `json:"room_capacity"`   // of new rooms
	KeepCalls      int      `json:"keep_calls"`      // days; 0: for good
	KeepAudit      int      `json:"keep_audit"`      // days; 0: for good
	KeepSignIns    int      `json:"keep_sign_ins"`   // days; 0: for good
	KeepDeliveries int      `json:"keep_deliveries"` // days; 0: for good
}

const day = 24 * time.Hour

// Retention is how long the ledger is kept.
func (v Values) Retention() ledger.Retention {
	return ledger.Retention{
		Calls: time.Duration(v.KeepCalls) * day, Audit: time.Duration(v.KeepAudit) * day, SignIns: time.Duration(v.KeepSignIns) * day,
		Deliveries: time.Duration(v.KeepDeliveries) * day,
	}
}

// Accounts is what accounts have to comply with.
func (v Values) Accounts() account.Policy {
	return account.Policy{Signup: account.Signup(v.Signup), MailDomains: v.MailDomains, FactorForAdministrators: v.AdminFactor}
}

// Set says which settings were set at the desk, when and by whom.
type Set map[Name]Setting

// Setting is one that was set at the desk.
type Setting struct {
	At time.Time
	By string // name of who did; empty when their account is gone
}

// state is what applies: swapped as a whole.
type state struct {
	values Values
	set    Set
}

// Store keeps settings in Postgres, and what applies in memory.
type Store struct {
	pool     *pgxpool.Pool
	log      *slog.Logger
	defaults Values
	now      atomic.Pointer[state]

	begun  atomic.Int64 // loads, so far
	mu     sync.Mutex
	newest int64 // of the loads, counted as they began, that now comes from
}

// Open returns a store in which the environment's values apply where nothing was
// set, and loads what was. Run keeps it fresh.
func Open(ctx context.Context, pool *pgxpool.Pool, defaults Values, log *slog.Logger) (*Store, error) {
	s := &Store{pool: pool, log: log, defaults: defaults}
	if err := s.load(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Now returns what applies. It asks nobody.
func (s *Store) Now() Values { return s.now.Load().values }

// Defaults returns what the environment says.
func (s *Store) Defaults() Values { return s.defaults }

// Set says which of the settings that apply were set at the desk.
func (s *Store) Set() Set { return s.now.Load().set }

// Run hears of changes until ctx ends.
func (s *Store) Run(ctx context.Context) {
	changed := make(chan struct{}, 1)
	tell := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	listener := &postgres.Listener{
		Pool: s.pool, Log: s.log, Connected: tell, Channels: map[string]func(string){Channel: func(string) { tell() }},
	}
	done := make(chan struct{})
	go func() { listener.Run(ctx); close(done) }()
	defer func() { <-done }()
	const retry = time.Second
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		if err := s.load(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("settings not read, trying again", "error", err)
			time.AfterFunc(retry, tell)
		}
	}
}

// load reads what was set. A value that does not fit is left out: an older
// program may meet a newer one's. What a load has read takes the place of no other
// that began later: that knows at least what was written before it began.
func (s *Store) load(ctx context.Context) error {
	began := s.begun.Add(1)
	rows, err := s.pool.Query(ctx, `
		select settings.name, settings.value, settings.changed_at, coalesce(users.display_name, '')
		from settings left join users on users.id = settings.changed_by`)
	if err != nil {
		return fmt.Errorf("load settings: %w", err)
	}
	values, set := s.defaults, make(Set)
	var name Name
	var value json.RawMessage
	var by Setting
	_, err = pgx.ForEachRow(rows, []any{&name, &value, &by.At, &by.By}, func() error {
		raw, err := json.Marshal(map[Name]json.RawMessage{name: value})
		if err != nil {
			return err
		}
		next := values
		next.MailDomains = nil // not to be written into
		if name != MailDomains {
			next.MailDomains = values.MailDomains
		}
		if json.Unmarshal(raw, &next) != nil || next.check() != nil {
			s.log.Warn("a setting in the database makes no sense, the environment's applies", "name", name)
			return nil
		}
		values, set[name] = next, by
		return nil
	})
	if err != nil {
		return fmt.Errorf("load settings: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if began > s.newest {
		s.newest = began
		s.now.Store(&state{values, set})
	}
	return nil
}

// Change sets settings, all or none: those to be set get the value that they have
// in v, those to be reset the environment's again, and the others stay as they are,
// whatever somebody else makes of them meanwhile. It returns input.Invalid with the names
// as fields. What applies on this node has changed when it returns; on others it
// does within moments.
func (s *Store) Change(ctx context.Context, by account.UserID, v Values, set, reset []Name) error {
	v, err := v.clean()
	if err != nil {
		return err
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("change settings: %w", err)
	}
	var all map[Name]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return fmt.Errorf("change settings: %w", err)
	}
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		for _, name := range Names { // in one order, so that nobody waits for each other
			isSet := slices.Contains(set, name)
			if !isSet && !slices.Contains(reset, name) {
				continue
			}
			if err := s.write(ctx, tx, by, name, all[name], isSet); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("change settings: %w", err)
	}
	return s.load(ctx)
}

// write sets one setting, or unsets it, and appends an entry when that changes
// anything.
func (s *Store) write(ctx context.Context, tx pgx.Tx, by account.UserID, name Name, value json.RawMessage, set bool) error {
	data := map[string]string{"name": string(name), "value": string(value)}
	query, args := `
		insert into settings (name, value, changed_by) values ($1, $2, $3)
		on conflict (name) do update set value = excluded.value, changed_by = excluded.changed_by, changed_at = now()
		where settings.value <> excluded.value`, []any{name, value, by}
	if !set {
		query, args, data["value"] = `delete from settings where name = $1`, []any{name}, ""
	}
	tag, err := tx.Exec(ctx, query, args...)
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	return ledger.Append(ctx, tx, ledger.Entry{Kind: ledger.SettingsChanged, Actor: string(by), Subject: string(name), Data: ledger.Data(data)})
}
