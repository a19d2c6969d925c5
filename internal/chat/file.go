package chat

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"foyer/internal/blob"
	"foyer/internal/input"
	"foyer/internal/postgres"
	"foyer/internal/room"
	"foyer/internal/words"
)

// Limits bound files, in bytes.
type Limits struct {
	File int64 // of one; 0: there are no files
	Room int64 // of all in a room together
}

// mostUnsent is how many files somebody can have uploaded in a room without
// having sent them.
const mostUnsent = 2 * MostFiles

// ErrNoSpace means that the files of a room together would be too large.
var ErrNoSpace = errors.New("chat: the room has no space for this file")

// File is a file that goes with a message.
type File struct {
	ID    FileID `json:"id"`
	Name  string `json:"name"`
	Type  string `json:"type"` // what the bytes are
	Size  int64  `json:"size"`
	Image bool   `json:"image"` // of a type that browsers show and nothing runs in
}

// images are the types that are served as what they are. Nothing in them runs.
var images = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

func isImage(kind string) bool { return slices.Contains(images, kind) }

// programs are the endings of names, and magics the first bytes, of what runs
// when somebody opens it. Nobody should be able to pass it around in a call.
var (
	programs = strings.Fields(`.app .apk .bat .cmd .com .cpl .desktop .dll .dmg .exe .hta .inf .jar .js .jse .lnk .msi .msp .pif .ps1 .reg
		.scf .scr .sh .url .vb .vbe .vbs .ws .wsf .wsh .xll`)
	magics = []string{"MZ", "\x7fELF", "#!", "\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xca\xfe\xba\xbe", "L\x00\x00\x00\x01\x14\x02\x00"}
)

// sniffed is how much of a file is looked at to tell what it is: all that
// http.DetectContentType considers.
const sniffed = 512

// kind tells what a file is from its first bytes and its name.
func kind(name string, head []byte) (string, error) {
	runs := slices.Contains(programs, strings.ToLower(path.Ext(strings.TrimRight(name, ". "))))
	for _, magic := range magics {
		runs = runs || strings.HasPrefix(string(head), magic)
	}
	if runs {
		return "", input.Invalid{"file": words.Text("chat.file_runs")}
	}
	kind, _, _ := strings.Cut(http.DetectContentType(head), ";")
	return kind, nil
}

// Upload takes a file of size bytes from somebody who may write in the room of a
// visit. It goes with a message that they send afterwards, or is removed after a
// day. It returns what the policy says, input.Invalid with fields name and file,
// and ErrNoSpace.
func (s *Store) Upload(ctx context.Context, v room.Visit, name string, size int64, from io.Reader) (File, error) {
	r, err := standing(ctx, s.pool, v.Room, v.Person)
	if err != nil {
		return File{}, err
	}
	if err := v.May(room.Ask{Action: room.Chat, InCall: r.inCall}); err != nil {
		return File{}, err
	}
	bad := input.Invalid{}
	file := File{ID: FileID(uuid.NewString()), Name: bad.Line("name", baseName(name), 1, 200), Size: size}
	switch {
	case s.limits.File == 0:
		bad.Add("file", words.Text("chat.no_files_here"))
	case size <= 0:
		bad.Add("file", words.Text("chat.file_empty"))
	case size > s.limits.File:
		bad.Add("file", words.Text("chat.file_too_large", "megabytes", int(s.limits.File>>20)))
	}
	if err := bad.Err(); err != nil {
		return File{}, err
	}
	all := bufio.NewReaderSize(from, sniffed)
	head, err := all.Peek(int(min(size, sniffed)))
	if err != nil {
		return File{}, fmt.Errorf("upload file: %w", blob.ErrShort)
	}
	if file.Type, err = kind(file.Name, head); err != nil {
		return File{}, err
	}
	file.Image = isImage(file.Type)
	if err := s.reserve(ctx, r, file); err != nil {
		return File{}, fmt.Errorf("upload file: %w", err)
	}
	if err := s.blobs.Put(ctx, string(file.ID), all, size); err != nil {
		s.forget(ctx, file.ID)
		return File{}, fmt.Errorf("upload file: %w", err)
	}
	if _, err := s.pool.Exec(ctx, `update files set stored_at = now() where id = $1`, file.ID); err != nil {
		return File{}, fmt.Errorf("upload file: %w", err)
	}
	return file, nil
}

// baseName is a file's name without the folders that some browsers tell, empty
// when there is nothing else.
func baseName(name string) string {
	return strings.TrimPrefix(path.Base("/"+strings.ReplaceAll(name, `\`, "/")), "/")
}

// reserve notes a file that is about to come, if there is space for it.
func (s *Store) reserve(ctx context.Context, r reader, file File) error {
	return postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('files:' || $1, 0))`, string(r.room)); err != nil {
			return err
		}
		var used int64
		var unsent int
		err := tx.QueryRow(ctx, `
			select coalesce(sum(size), 0), count(*) filter (where owner = $2 and message_id is null)
			from files where room_id = $1 and gone_at is null`, r.room, r.person).Scan(&used, &unsent)
		switch {
		case err != nil:
			return err
		case used+file.Size > s.limits.Room:
			return ErrNoSpace
		case unsent >= mostUnsent:
			return input.Invalid{"file": words.Text("chat.too_many_unsent")}
		}
		_, err = tx.Exec(ctx, `insert into files (id, room_id, owner, name, type, size) values ($1, $2, $3, $4, $5, $6)`,
			file.ID, r.room, r.person, file.Name, file.Type, file.Size)
		return err
	})
}

// forget gives up a file that did not come. What fails here, Sweep does.
func (s *Store) forget(ctx context.Context, id FileID) {
	_, _ = s.pool.Exec(context.WithoutCancel(ctx), `update files set gone_at = now() where id = $1 and message_id is null`, id)
}

// Discard removes a file that the visitor uploaded and has not sent; nil when
// there is none. It returns what the policy says of reading.
func (s *Store) Discard(ctx context.Context, v room.Visit, id FileID) error {
	r, err := standing(ctx, s.pool, v.Room, v.Person)
	if err != nil {
		return err
	}
	if _, err := uuid.Parse(string(id)); err != nil {
		return nil
	}
	_, err = s.pool.Exec(ctx, `
		update files set gone_at = now() where id = $1 and room_id = $2 and owner = $3 and message_id is null and gone_at is null`,
		id, r.room, r.person)
	if err != nil {
		return fmt.Errorf("discard file: %w", err)
	}
	return nil
}

// Open reads a file of a message that the visitor may read. It returns what the
// policy says, and postgres.ErrNotFound.
func (s *Store) Open(ctx context.Context, v room.Visit, id FileID) (File, io.ReadSeekCloser, error) {
	r, err := standing(ctx, s.pool, v.Room, v.Person)
	if err != nil {
		return File{}, nil, err
	}
	if _, err := uuid.Parse(string(id)); err != nil {
		return File{}, nil, postgres.ErrNotFound
	}
	file := File{ID: id}
	err = s.pool.QueryRow(ctx, `
		select files.name, files.type, files.size from files join messages on messages.id = files.message_id
		where files.id = $1 and files.room_id = $2 and files.gone_at is null and messages.sent_at >= $3`, id, r.room, r.since).
		Scan(&file.Name, &file.Type, &file.Size)
	if err != nil {
		return File{}, nil, fmt.Errorf("open file: %w", postgres.Translate(err))
	}
	file.Image = isImage(file.Type)
	bytes, err := s.blobs.Open(ctx, string(id))
	if errors.Is(err, blob.ErrNone) {
		err = postgres.ErrNotFound // its message was deleted at this moment
	}
	if err != nil {
		return File{}, nil, fmt.Errorf("open file: %w", err)
	}
	return file, bytes, nil
}
