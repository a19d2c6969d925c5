package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/account"
)

// ErrBusy means that as many documents are being made as may be at once, or that
// the one before of the same person is not read to its end.
var ErrBusy = errors.New("archive: too many at once")

// mostAtOnce is how many documents one node makes at a time: each keeps a
// connection to the database, and others need some too.
const mostAtOnce = 2

// Store makes documents. A document lies in a file before anybody reads it, so
// that a reader who takes their time keeps nothing in the database.
type Store struct {
	pool   *pgxpool.Pool
	dir    string
	making chan struct{}

	mu    sync.Mutex
	whose map[account.UserID]bool // have one that is not closed
}

// NewStore returns a store whose documents lie in a folder, without a name there,
// for as long as they are read. It makes the folder if it has to.
func NewStore(pool *pgxpool.Pool, dir string) *Store {
	return &Store{pool: pool, dir: dir, making: make(chan struct{}, mostAtOnce), whose: make(map[account.UserID]bool)}
}

// Document is what is stored about one person. Close it.
type Document struct {
	Size int64
	file *os.File
	over func()
}

func (d *Document) Read(p []byte) (int, error) { return d.file.Read(p) }

// Close takes the document away, and lets the same person have another.
func (d *Document) Close() error {
	defer d.over()
	return d.file.Close()
}

// Make makes the document of a user. It returns ErrBusy at once: somebody has at
// most one that is not closed.
func (s *Store) Make(ctx context.Context, user account.UserID) (*Document, error) {
	if !s.begin(user) {
		return nil, ErrBusy
	}
	file, err := s.fill(ctx, user)
	if err != nil {
		s.end(user)
		return nil, err
	}
	d := &Document{file: file, over: sync.OnceFunc(func() { s.end(user) })}
	if d.Size, err = file.Seek(0, io.SeekCurrent); err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, fmt.Errorf("archive: %w", errors.Join(err, d.Close()))
	}
	return d, nil
}

func (s *Store) begin(user account.UserID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.whose[user] {
		return false
	}
	s.whose[user] = true
	return true
}

func (s *Store) end(user account.UserID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.whose, user)
}

// fill writes the document into a file that has no name any more: whatever becomes
// of Foyer, nothing of it stays.
func (s *Store) fill(ctx context.Context, user account.UserID) (*os.File, error) {
	select {
	case s.making <- struct{}{}:
		defer func() { <-s.making }()
	default:
		return nil, ErrBusy
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	file, err := os.CreateTemp(s.dir, "archive-*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	if err = os.Remove(file.Name()); err == nil {
		err = write(ctx, s.pool, user, file)
	}
	if err != nil {
		return nil, fmt.Errorf("archive: %w", errors.Join(err, file.Close()))
	}
	return file, nil
}
