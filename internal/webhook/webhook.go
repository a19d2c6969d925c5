// Package webhook tells other programs what the ledger says, as the Standard
// Webhooks specification describes.
//
// The transaction that appends an entry also makes a delivery of it for every
// webhook that wants its topic: a trigger does, so that nothing is missed and
// nothing told that did not come about. A job of River's brings each delivery to
// its receiver, on whichever node, again and again until it is taken or given up.
package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/seal"
	"foyer/internal/words"
)

// ID names a webhook.
type ID string

// The topics that a webhook can be told of: those of the ledger.
const (
	Access = "access" // who may do what in rooms
	Calls  = "call"   // calls, and who comes and goes
	Site   = "site"   // accounts and settings of the site; for webhooks of the site
)

// RoomTopics and SiteTopics are what the webhooks of a room, and of the site, can
// be told of.
var (
	RoomTopics = []string{Calls, Access}
	SiteTopics = []string{Calls, Access, Site}
)

// mostOfOne is how many webhooks a room, or the site, has at most.
const mostOfOne = 10

// Webhook is a receiver of what happens.
type Webhook struct {
	ID        ID
	Room      ledger.Room // empty: of the whole site
	URL       string
	Topics    []string
	CreatedAt time.Time
	By        string     // name of who made it; empty when their account is gone
	PausedAt  *time.Time // its receiver said that it is gone
	Failing   bool       // the newest delivery that was tried did not arrive
}

// Draft is what somebody gives to make a webhook.
type Draft struct {
	URL    string
	Topics []string
}

// Store keeps webhooks and their deliveries in Postgres.
type Store struct {
	pool *pgxpool.Pool
	seal seal.Seal
	jobs *river.Client[pgx.Tx]
}

// NewStore returns a store whose secrets are sealed with a key of 32 bytes.
func NewStore(pool *pgxpool.Pool, key []byte) (*Store, error) {
	sealed, err := seal.New(key)
	if err != nil {
		return nil, err
	}
	jobs, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("webhook queue: %w", err)
	}
	return &Store{pool: pool, seal: sealed, jobs: jobs}, nil
}

func (d Draft) check(site bool) (Draft, error) {
	bad := input.Invalid{}
	d.URL = bad.Line("url", d.URL, 8, 2000)
	if bad["url"] == "" && !isReceiver(d.URL) {
		bad.Add("url", words.Text("webhook.bad_url"))
	}
	offered := RoomTopics
	if site {
		offered = SiteTopics
	}
	d.Topics = slices.Compact(slices.Sorted(slices.Values(d.Topics)))
	for _, topic := range d.Topics {
		bad.Choice("topics", topic, offered...)
	}
	if len(d.Topics) == 0 {
		bad.Add("topics", words.Text("webhook.no_topic"))
	}
	return d, bad.Err()
}

// isReceiver reports whether an address can be sent to; whether it may be reached
// shows when it is.
func isReceiver(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && u.Fragment == ""
}

// ofRoomOrSite is the SQL condition for the webhooks of the room $1, or of the site
// when that is empty.
const ofRoomOrSite = `(webhooks.room_id = nullif($1, '')::uuid or webhooks.room_id is null and $1 = '')`

// Make makes a webhook of a room, or of the site when that is empty. The caller
// has asked the policy. It returns input.Invalid with fields url and topics.
func (s *Store) Make(ctx context.Context, by account.UserID, in ledger.Room, d Draft) (ID, error) {
	d, err := d.check(in == "")
	if err != nil {
		return "", err
	}
	id := ID(uuid.Must(uuid.NewV7()).String())
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := s.lock(ctx, tx, in); err != nil {
			return err
		}
		var count int
		err := tx.QueryRow(ctx, `select count(*) from webhooks where `+ofRoomOrSite, in).Scan(&count)
		if err != nil {
			return err
		}
		if count >= mostOfOne {
			return input.Invalid{"url": words.Text("webhook.too_many", "count", mostOfOne)}
		}
		// Before it is there: it is not told of itself.
		if err := ledger.Append(ctx, tx, entry(ledger.WebhookMade, by, in, id, d.URL)); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			insert into webhooks (id, room_id, url, topics, secret, created_by) values ($1, nullif($2, '')::uuid, $3, $4, $5, $6)`,
			id, in, d.URL, d.Topics, s.seal.Close(string(id), newSecret()), by)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("make webhook: %w", err)
	}
	return id, nil
}

// lock makes changes to the webhooks of one room, or of the site, follow each
// other; and takes the room's ledger before any row.
func (s *Store) lock(ctx context.Context, tx pgx.Tx, in ledger.Room) error {
	if in != "" {
		return ledger.Lock(ctx, tx, in)
	}
	_, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('webhooks', 0))`)
	return err
}

func entry(kind ledger.Kind, by account.UserID, in ledger.Room, id ID, address string) ledger.Entry {
	// Not its query: receivers keep secrets there.
	host := address
	if u, err := url.Parse(address); err == nil {
		host = u.Scheme + "://" + u.Host
	}
	return ledger.Entry{
		Room: in, Kind: kind, Actor: string(by), Subject: string(id), Data: ledger.Data(map[string]string{"name": host}),
	}
}

// Remove ends a webhook, with its deliveries. It returns postgres.ErrNotFound.
func (s *Store) Remove(ctx context.Context, by account.UserID, in ledger.Room, id ID) error {
	// Nobody who appends waits for it: from here on nothing is written for it, and
	// when it goes, little goes with it.
	err := s.change(ctx, `paused_at = coalesce(paused_at, now())`, in, id)
	if err == nil {
		err = s.forgetDeliveries(ctx, id)
	}
	if err != nil {
		return fmt.Errorf("remove webhook: %w", err)
	}
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := s.lock(ctx, tx, in); err != nil {
			return err
		}
		var address string
		if err := tx.QueryRow(ctx, `delete from webhooks where id = $1 returning url`, id).Scan(&address); err != nil {
			return err
		}
		return ledger.Append(ctx, tx, entry(ledger.WebhookRemoved, by, in, id, address))
	})
	if err != nil {
		return fmt.Errorf("remove webhook: %w", err)
	}
	return nil
}

// forgetDeliveries deletes what a webhook was told, some at a time.
func (s *Store) forgetDeliveries(ctx context.Context, of ID) error {
	const some = 1000
	for more := true; more; {
		tag, err := s.pool.Exec(ctx, `
			delete from deliveries where id = any(array(select id from deliveries where webhook_id = $1 order by id limit $2))`, of, some)
		if err != nil {
			return err
		}
		more = tag.RowsAffected() == some
	}
	return nil
}

// Resume sends to a receiver again that had said that it is gone.
func (s *Store) Resume(ctx context.Context, in ledger.Room, id ID) error {
	if err := s.change(ctx, `paused_at = null`, in, id); err != nil {
		return fmt.Errorf("resume webhook: %w", err)
	}
	return nil
}

// change sets a column of a webhook of a room, or of the site. It returns
// postgres.ErrNotFound.
func (s *Store) change(ctx context.Context, set string, in ledger.Room, id ID) error {
	if uuid.Validate(string(id)) != nil {
		return postgres.ErrNotFound
	}
	tag, err := s.pool.Exec(ctx, `update webhooks set `+set+` where id = $1 and room_id is not distinct from nullif($2, '')::uuid`, id, in)
	if err == nil && tag.RowsAffected() == 0 {
		err = postgres.ErrNotFound
	}
	return err
}

const columns = `webhooks.id, coalesce(webhooks.room_id::text, ''), webhooks.url, webhooks.topics, webhooks.created_at,
	coalesce(users.display_name, ''), webhooks.paused_at,
	coalesce((select deliveries.error <> '' from deliveries where deliveries.webhook_id = webhooks.id and deliveries.attempts > 0
		order by deliveries.id desc limit 1), false)`

func (w *Webhook) fields() []any {
	return []any{&w.ID, &w.Room, &w.URL, &w.Topics, &w.CreatedAt, &w.By, &w.PausedAt, &w.Failing}
}

// List lists the webhooks of a room, or of the site, in the order in which they
// were made.
func (s *Store) List(ctx context.Context, in ledger.Room) ([]Webhook, error) {
	rows, err := s.pool.Query(ctx, `
		select `+columns+` from webhooks left join users on users.id = webhooks.created_by
		where `+ofRoomOrSite+` order by webhooks.created_at, webhooks.id`, in)
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	webhooks, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (w Webhook, err error) {
		return w, row.Scan(w.fields()...)
	})
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	return webhooks, nil
}

// Find returns a webhook of a room, or of the site, and its secret. It returns
// postgres.ErrNotFound.
func (s *Store) Find(ctx context.Context, in ledger.Room, id ID) (w Webhook, secret string, err error) {
	if uuid.Validate(string(id)) != nil {
		return Webhook{}, "", postgres.ErrNotFound
	}
	var sealed []byte
	err = s.pool.QueryRow(ctx, `
		select `+columns+`, webhooks.secret from webhooks left join users on users.id = webhooks.created_by
		where webhooks.id = $1 and room_id is not distinct from nullif($2, '')::uuid`, id, in).Scan(append(w.fields(), &sealed)...)
	if err == nil {
		secret, err = s.seal.Open(string(id), sealed)
	}
	if err != nil {
		return Webhook{}, "", fmt.Errorf("find webhook: %w", postgres.Translate(err))
	}
	return w, secret, nil
}

func noRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
