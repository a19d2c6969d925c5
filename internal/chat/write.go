package chat

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/room"
	"foyer/internal/words"
)

// Draft is a message to be sent.
type Draft struct {
	ID      ID // a UUID, made at random by whoever sends it
	Text    string
	ReplyTo ID       // empty for none
	Files   []FileID // uploaded by the sender before, and not sent yet
}

func (d Draft) check() (Draft, error) {
	bad := input.Invalid{}
	if id, err := uuid.Parse(string(d.ID)); err != nil || id == uuid.Nil || id.String() != string(d.ID) {
		bad.Add("id", words.Text("chat.not_an_id"))
	}
	if _, err := uuid.Parse(string(d.ReplyTo)); d.ReplyTo != "" && err != nil {
		bad.Add("reply_to", words.Text("chat.no_such_message"))
	}
	if len(d.Files) > MostFiles {
		bad.Add("files", words.Text("chat.too_many_files", "count", MostFiles))
	}
	for _, id := range d.Files {
		if _, err := uuid.Parse(string(id)); err != nil {
			bad.Add("files", words.Text("chat.no_such_file"))
		}
	}
	least := 1
	if len(d.Files) > 0 {
		least = 0
	}
	d.Text = bad.Prose("text", d.Text, least, MostText)
	return d, bad.Err()
}

// Send writes a message into the room of a visit, once however often it is sent,
// and returns it. It returns what the policy says, input.Invalid with fields id,
// text, reply_to and files.
func (s *Store) Send(ctx context.Context, v room.Visit, d Draft) (Message, error) {
	d, err := d.check()
	if err != nil {
		return Message{}, err
	}
	var sent Message
	err = s.write(ctx, v, func(tx pgx.Tx, r reader) error {
		// A message that is there already stays what it is, also when the sender
		// may write no more: they only learn that it had arrived.
		before, err := own(ctx, tx, r, d.ID)
		if !errors.Is(err, postgres.ErrNotFound) {
			sent = before
			return err
		}
		if err := v.May(room.Ask{Action: room.Chat, InCall: r.inCall}); err != nil {
			return err
		}
		position, err := number(ctx, tx, r, ledger.MessageSent, d.ID)
		if err != nil {
			return err
		}
		if err := insert(ctx, tx, r, v, d, position); err != nil {
			return err
		}
		sent, err = own(ctx, tx, r, d.ID)
		return err
	})
	if err != nil {
		return Message{}, fmt.Errorf("send message: %w", err)
	}
	return sent, nil
}

func insert(ctx context.Context, tx pgx.Tx, r reader, v room.Visit, d Draft, position ledger.Position) error {
	tag, err := tx.Exec(ctx, `
		insert into messages (id, room_id, position, revision, author, display_name, username, text, reply_to)
		select $1, $2, $3, $3, $4, $5, $6, $7, quoted.id
		from (values (nullif($8, '')::uuid)) as asked (id)
		left join messages quoted on quoted.id = asked.id and quoted.room_id = $2 and quoted.sent_at >= $9
		where asked.id is null or quoted.id is not null`,
		d.ID, r.room, position, r.person, cmp.Or(r.name, v.DisplayName), v.Session.User.Username, d.Text, d.ReplyTo, r.since)
	var taken *postgres.Conflict
	switch {
	case errors.As(postgres.Translate(err), &taken) && taken.Constraint == "messages_pkey":
		return input.Invalid{"id": words.Text("chat.not_an_id")} // somebody else's
	case err != nil:
		return err
	case tag.RowsAffected() == 0:
		return input.Invalid{"reply_to": words.Text("chat.no_such_message")}
	}
	if len(d.Files) == 0 {
		return nil
	}
	tag, err = tx.Exec(ctx, `
		update files set message_id = $1, place = array_position($2::uuid[], id)
		where id = any($2) and room_id = $3 and owner = $4 and message_id is null and stored_at is not null and gone_at is null`,
		d.ID, d.Files, r.room, r.person)
	if err == nil && tag.RowsAffected() != int64(len(d.Files)) {
		err = input.Invalid{"files": words.Text("chat.no_such_file")}
	}
	return err
}

// Edit changes the text of a message of the visitor's own. It returns what the
// policy says of writing, input.Invalid with field text, and
// postgres.ErrNotFound when there is no such message of theirs.
func (s *Store) Edit(ctx context.Context, v room.Visit, id ID, text string) (Message, error) {
	var edited Message
	err := s.write(ctx, v, func(tx pgx.Tx, r reader) error {
		if err := v.May(room.Ask{Action: room.Chat, InCall: r.inCall}); err != nil {
			return err
		}
		before, err := own(ctx, tx, r, id)
		if err != nil {
			return err
		}
		if before.Deleted != "" {
			return postgres.ErrNotFound
		}
		bad := input.Invalid{}
		least := 1
		if len(before.Files) > 0 {
			least = 0
		}
		if text = bad.Prose("text", text, least, MostText); bad.Err() != nil {
			return bad.Err()
		}
		if text == before.Text {
			edited = before
			return nil
		}
		revision, err := number(ctx, tx, r, ledger.MessageEdited, id)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update messages set text = $2, edited_at = now(), revision = $3 where id = $1`, id, text, revision); err != nil {
			return err
		}
		edited, err = own(ctx, tx, r, id)
		return err
	})
	if err != nil {
		return Message{}, fmt.Errorf("edit message: %w", err)
	}
	return edited, nil
}

// Delete takes a message away, its text and its files: one's own, or as the
// policy lets the visitor. Nil when it was deleted before. It returns what the
// policy says, and postgres.ErrNotFound for what the visitor cannot read.
func (s *Store) Delete(ctx context.Context, v room.Visit, id ID) error {
	err := s.write(ctx, v, func(tx pgx.Tx, r reader) error {
		m, err := one(ctx, tx, r, id)
		if err != nil {
			return err
		}
		if !m.Own {
			if err := v.May(room.Ask{Action: room.DeleteMessage}); err != nil {
				return err
			}
		}
		if m.Deleted != "" {
			return nil
		}
		revision, err := number(ctx, tx, r, ledger.MessageDeleted, id)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `update messages set text = '', deleted_at = now(), deleted_by = $2, revision = $3 where id = $1`, id, r.person, revision)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `update files set gone_at = now() where message_id = $1 and gone_at is null`, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete message: %w", err)
	}
	return nil
}

// write runs do under the lock that orders the room's ledger.
func (s *Store) write(ctx context.Context, v room.Visit, do func(pgx.Tx, reader) error) error {
	return postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := ledger.Lock(ctx, tx, ledger.Room(v.Room.ID)); err != nil {
			return err
		}
		r, err := standing(ctx, tx, v.Room, v.Person)
		if err != nil {
			return err
		}
		return do(tx, r)
	})
}

// number appends an entry about a message to the ledger and returns its place.
func number(ctx context.Context, tx pgx.Tx, r reader, kind ledger.Kind, id ID) (ledger.Position, error) {
	entry := ledger.Entry{Room: ledger.Room(r.room), Kind: kind, Actor: r.person, Subject: string(id)}
	if err := ledger.Append(ctx, tx, entry); err != nil {
		return 0, err
	}
	return ledger.End(ctx, tx, ledger.Room(r.room)) // the lock is ours: it is the last
}

// one loads a message that the reader may read.
func one(ctx context.Context, tx pgx.Tx, r reader, id ID) (Message, error) {
	if _, err := uuid.Parse(string(id)); err != nil {
		return Message{}, postgres.ErrNotFound
	}
	found, err := messages(ctx, tx, r, `and messages.id = $4`, id)
	if err != nil {
		return Message{}, err
	}
	if len(found) == 0 {
		return Message{}, postgres.ErrNotFound
	}
	return found[0], nil
}

// own loads a message that the reader wrote.
func own(ctx context.Context, tx pgx.Tx, r reader, id ID) (Message, error) {
	m, err := one(ctx, tx, r, id)
	if err == nil && !m.Own {
		err = postgres.ErrNotFound
	}
	return m, err
}

// isRefusal says whether the policy said no.
func isRefusal(err error) bool {
	var refusal room.Refusal
	return errors.As(err, &refusal) || errors.Is(err, room.ErrHidden) || errors.Is(err, room.ErrSignIn)
}
