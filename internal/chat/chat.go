// Package chat keeps what people in a room write to each other, and the files
// that they pass around. What somebody may do with it, and how far back they may
// read, the policy in room says; this package asks it each time.
//
// A message's place in the order is that of its entry in the room's ledger. The
// entries hold no text, so that what is deleted is gone: whoever tells a browser
// of an entry loads the message as it is at that moment (Told).
package chat

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/blob"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

// ID names a message. The page that sends a message makes its id.
type ID string

// FileID names a file.
type FileID string

const (
	// MostText is how many characters a message can have.
	MostText = 4000
	// MostFiles is how many files can go with a message.
	MostFiles = 10
	// PerPage is how many messages a page of them holds.
	PerPage = 50
)

// Deleted says who deleted a message; empty: nobody.
type Deleted string

// Who deletes messages.
const (
	ByAuthor    Deleted = "author"
	ByModerator Deleted = "moderator"
)

// Message is a message as one reader may see it.
type Message struct {
	ID          ID              `json:"id"`
	Position    ledger.Position `json:"position"` // the order of messages
	Revision    ledger.Position `json:"revision"` // grows with each change
	At          time.Time       `json:"at"`
	Username    string          `json:"username"` // empty for guests
	DisplayName string          `json:"display_name"`
	Own         bool            `json:"own"` // the reader wrote it
	Text        string          `json:"text"`
	Edited      bool            `json:"edited"`
	Deleted     Deleted         `json:"deleted"`
	Reply       *Quote          `json:"reply"` // what it answers; nil for none, and where the reader may not read that
	Files       []File          `json:"files"`
}

// Quote is the message that another answers.
type Quote struct {
	ID          ID     `json:"id"`
	DisplayName string `json:"display_name"`
	Text        string `json:"text"` // its beginning
	Deleted     bool   `json:"deleted"`
}

// Store keeps messages in Postgres, and files where blobs are.
type Store struct {
	pool   *pgxpool.Pool
	blobs  blob.Store
	limits Limits
}

// NewStore returns a store over a database and a place for files.
func NewStore(pool *pgxpool.Pool, blobs blob.Store, limits Limits) *Store {
	return &Store{pool, blobs, limits}
}

// Limits is how large files may be.
func (s *Store) Limits() Limits { return s.limits }

// reader is what part of a room's messages somebody may read: those sent from
// since on.
type reader struct {
	room   room.ID
	person string // id of the user or guest
	name   string // in the call that goes on; empty for who was not in it
	since  time.Time
	inCall bool
}

// comingBack is how long somebody may have been away from the call and still be
// told what was written meanwhile: as long as a page that lost it tries to come
// back.
const comingBack = 2 * time.Minute

// standing finds out what part of a room's messages somebody may read, and
// whether they are in the call. It returns what the policy says of reading.
func standing(ctx context.Context, db postgres.Querier, in room.Room, who room.Person) (reader, error) {
	r := reader{room: in.ID, person: string(who.User) + string(who.Guest)}
	// Whoever lost the call or left it and came back, with a reload say, goes on
	// reading from where they came into it. Whoever was put out, or stayed away,
	// begins anew: what was written meanwhile was not written to them.
	var entered *time.Time
	err := db.QueryRow(ctx, `
		with mine as (
			select grants.issued_at, grants.display_name, `+room.Present+` as present,
				max(coalesce(grants.revoked_at, grants.left_at, 'infinity'))
					filter (where grants.revoked_at is null or grants.reason in ('replaced', 'gone')) over earlier as until,
				max(grants.revoked_at) filter (where coalesce(grants.reason, '') not in ('replaced', 'gone')) over earlier as put_out
			from calls join grants on grants.call_id = calls.id
			where calls.room_id = $1 and calls.ended_at is null and coalesce(grants.user_id, grants.guest_id) = $2
			window earlier as (order by grants.issued_at, grants.id rows between unbounded preceding and 1 preceding)
		)
		select max(issued_at) filter (where until is null or until < put_out or until < issued_at - $3::interval),
			coalesce(bool_or(present), false), coalesce((array_agg(display_name order by issued_at desc))[1], '')
		from mine`,
		r.room, r.person, comingBack).Scan(&entered, &r.inCall, &r.name)
	if err != nil {
		return reader{}, fmt.Errorf("who reads: %w", err)
	}
	state := in.State()
	if err := room.Authorize(who, room.Ask{Action: room.ReadChat, InCall: r.inCall}, state); err != nil {
		return reader{}, err
	}
	switch {
	case room.Authorize(who, room.Ask{Action: room.ReadHistory}, state) == nil:
		r.since = time.Now().AddDate(0, 0, -in.HistoryDays)
	case entered != nil && r.inCall:
		r.since = *entered
	default:
		r.since = time.Now().AddDate(1, 0, 0) // nothing
	}
	return r, nil
}

// columns selects a Message, for scan, from the tables messages and, as quoted,
// the one that it answers; $1 is the reader's person and $2 since when they read.
const columns = `messages.id, messages.position, messages.revision, messages.sent_at, messages.username, messages.display_name,
	messages.author = $1, messages.text, messages.edited_at is not null,
	case when messages.deleted_at is null then '' when messages.deleted_by = messages.author then 'author' else 'moderator' end,
	coalesce(quoted.id::text, ''), coalesce(quoted.display_name, ''), coalesce(left(quoted.text, ` + mostQuoted + `), ''),
	quoted.deleted_at is not null,
	coalesce((select jsonb_agg(jsonb_build_object('id', files.id, 'name', files.name, 'type', files.type, 'size', files.size)
		order by files.place) from files where files.message_id = messages.id and files.gone_at is null), '[]')
	from messages left join messages quoted on quoted.id = messages.reply_to and quoted.sent_at >= $2`

// mostQuoted is how many characters of a message an answer to it repeats.
const mostQuoted = "160"

func scan(row pgx.CollectableRow) (m Message, err error) {
	var quote Quote
	err = row.Scan(&m.ID, &m.Position, &m.Revision, &m.At, &m.Username, &m.DisplayName, &m.Own, &m.Text, &m.Edited, &m.Deleted,
		&quote.ID, &quote.DisplayName, &quote.Text, &quote.Deleted, &m.Files)
	if quote.ID != "" {
		m.Reply = &quote
	}
	for i := range m.Files {
		m.Files[i].Image = isImage(m.Files[i].Type)
	}
	return m, err
}

// messages loads those that satisfy the SQL of rest, in which $1 and $2 are the
// reader's as in columns and $3 is the room.
func messages(ctx context.Context, db postgres.Querier, r reader, rest string, args ...any) ([]Message, error) {
	rows, err := db.Query(ctx, `select `+columns+`
		where messages.room_id = $3 and messages.sent_at >= $2 `+rest, append([]any{r.person, r.since, r.room}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("load messages: %w", err)
	}
	found, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("load messages: %w", err)
	}
	return found, nil
}

// Page is some of a room's messages.
type Page struct {
	Messages []Message       `json:"messages"`
	More     bool            `json:"more"`     // there are others beyond
	Position ledger.Position `json:"position"` // the page tells of everything up to here that it is about
}

// Before lists the newest messages before a position, 0 for the newest of all,
// oldest first, as far back as the visitor may read. It returns what the policy
// says.
func (s *Store) Before(ctx context.Context, v room.Visit, before ledger.Position) (Page, error) {
	return s.page(ctx, v, func(r reader, page *Page) error {
		found, err := messages(ctx, s.pool, r, `and ($4::bigint = 0 or messages.position < $4) order by messages.position desc limit $5`, before, PerPage+1)
		if err != nil {
			return err
		}
		if page.More = len(found) > PerPage; page.More {
			found = found[:PerPage]
		}
		for i := len(found) - 1; i >= 0; i-- {
			page.Messages = append(page.Messages, found[i])
		}
		return nil
	})
}

// Since lists the messages that were sent or changed after a position, in the
// order of their latest changes: what somebody missed who had heard of everything
// up to there. It returns what the policy says.
func (s *Store) Since(ctx context.Context, v room.Visit, after ledger.Position) (Page, error) {
	return s.page(ctx, v, func(r reader, page *Page) error {
		found, err := messages(ctx, s.pool, r, `and messages.revision > $4 order by messages.revision limit $5`, after, PerPage+1)
		if err != nil {
			return err
		}
		if page.More = len(found) > PerPage; page.More {
			found = found[:PerPage]
			page.Position = found[PerPage-1].Revision
		}
		page.Messages = append(page.Messages, found...)
		return nil
	})
}

func (s *Store) page(ctx context.Context, v room.Visit, fill func(reader, *Page) error) (Page, error) {
	r, err := standing(ctx, s.pool, v.Room, v.Person)
	if err != nil {
		return Page{}, err
	}
	page := Page{Messages: []Message{}}
	// Before the messages: what is appended meanwhile is told once more, not missed.
	if page.Position, err = ledger.End(ctx, s.pool, ledger.Room(v.Room.ID)); err != nil {
		return Page{}, err
	}
	if err := fill(r, &page); err != nil {
		return Page{}, err
	}
	return page, nil
}

// About says whether a ledger entry is about a message, whose id is its subject.
func About(e ledger.Entry) bool {
	return e.Kind == ledger.MessageSent || e.Kind == ledger.MessageEdited || e.Kind == ledger.MessageDeleted
}

// Told loads messages for somebody who is told of them, as they are now, by id:
// those that they may read. Who may read none gets none.
func Told(ctx context.Context, db postgres.Querier, in room.Room, who room.Person, ids []ID) (map[ID]Message, error) {
	r, err := standing(ctx, db, in, who)
	if isRefusal(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found, err := messages(ctx, db, r, `and messages.id = any($4)`, ids)
	if err != nil {
		return nil, err
	}
	told := make(map[ID]Message, len(found))
	for _, m := range found {
		told[m.ID] = m
	}
	return told, nil
}
