package embedded

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A socket is called after a port, though there is none.
const (
	socketPort = "5432"
	socketName = ".s.PGSQL." + socketPort
)

// maxSocketPath is the longest address of a unix socket that every system
// takes: 103 bytes on macOS, 107 on Linux.
const maxSocketPath = 103

// plainPath matches paths that mean the same to Postgres, which splits lists
// of directories, to a shell, and to pgx, which splits lists of hosts.
var plainPath = regexp.MustCompile(`^[A-Za-z0-9/._+@=-]+$`)

// tempSocketDir matches the names that makeSocketDir chooses.
var tempSocketDir = regexp.MustCompile(`^foyer-[A-Z2-7]{26}$`)

// socketDir is the folder that holds the socket, open to nobody but the user
// that runs Postgres.
type socketDir struct {
	home *home
	path string // short enough, and plain
}

// makeSocketDir makes the folder. Where its path makes no socket address, run
// is a link to a folder elsewhere. The link is made first, so that a Foyer
// killed in between leaves a name that the next start can look for.
func (h *home) makeSocketDir() (*socketDir, error) {
	path := h.path(runName)
	if fitsSocket(path) {
		err := h.root.Mkdir(runName, 0o700)
		if err == nil && h.runner.other {
			err = h.root.Lchown(runName, h.runner.uid, h.runner.gid)
		}
		if err != nil {
			return nil, explain(err, "make the socket's folder", h.dir)
		}
		return &socketDir{home: h, path: path}, nil
	}
	parent, err := h.tempParent()
	if err != nil {
		return nil, err
	}
	path = filepath.Join(parent, "foyer-"+rand.Text())
	err = h.root.Symlink(path, runName)
	if err == nil {
		err = h.give(runName)
	}
	if err == nil {
		err = os.Mkdir(path, 0o700) // fails if somebody was faster, link or not
	}
	if err == nil && h.runner.other {
		err = os.Lchown(path, h.runner.uid, h.runner.gid)
	}
	if err != nil {
		return nil, explain(err, "make the socket's folder", parent)
	}
	return &socketDir{home: h, path: path}, nil
}

// remove removes the folder, and the link to it.
func (s *socketDir) remove() error {
	if err := s.home.removeSocketDir(); err != nil {
		return fmt.Errorf("remove the socket's folder: %w", err)
	}
	return nil
}

func fitsSocket(dir string) bool {
	return plainPath.MatchString(dir) && len(filepath.Join(dir, socketName)) <= maxSocketPath
}

// tempParents lists the places for a folder whose path is short.
func tempParents() []string {
	return []string{os.TempDir(), "/tmp", "/var/tmp"}
}

// tempParent returns the first of tempParents that will do.
func (h *home) tempParent() (string, error) {
	for _, dir := range tempParents() {
		real, err := filepath.EvalSymlinks(dir)
		if err != nil || !fitsSocket(filepath.Join(real, "foyer-"+rand.Text())) {
			continue
		}
		if h.runner.other {
			if closed, err := firstClosed(real, h.runner.owner); err != nil || closed != "" {
				continue
			}
		}
		return real, nil
	}
	return "", problem(ErrUnreachable, nil, "the path %s is too long for a socket, and user %s can use no folder for temporary files: set FOYER_DATA_DIR to a shorter path", h.dir, h.runner.name)
}

// removeSocketDir removes the socket's folder, wherever it is, if there is one.
func (h *home) removeSocketDir() error {
	info, err := h.root.Lstat(runName)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode()&os.ModeSymlink != 0 {
		target, err := h.root.Readlink(runName)
		if err != nil {
			return err
		}
		if err := h.removeTempDir(target); err != nil {
			return err
		}
	}
	return h.root.RemoveAll(runName)
}

// removeTempDir removes a socket's folder among the temporary files. The link
// that named it may be anybody's who may write here, so it removes only what
// looks as if makeSocketDir had made it, and nothing that is not its own.
func (h *home) removeTempDir(path string) error {
	parent, name := filepath.Split(path)
	if !tempSocketDir.MatchString(name) || !slices.ContainsFunc(tempParents(), func(dir string) bool {
		real, err := filepath.EvalSymlinks(dir)
		return err == nil && real == filepath.Clean(parent)
	}) {
		return nil
	}
	root, err := os.OpenRoot(parent)
	if err != nil {
		return err
	}
	defer root.Close()
	if info, err := root.Lstat(name); err != nil || !info.IsDir() || ownerOf(info).uid != h.runner.uid {
		return nil
	}
	return root.RemoveAll(name)
}

// socketURL is the connection URL of the server whose socket is in dir.
func socketURL(dir string) string {
	u := url.URL{
		Scheme: "postgres",
		User:   url.User("foyer"),
		Path:   "/foyer",
		// The port is explicit because pgx would take PGPORT otherwise.
		RawQuery: "host=" + strings.ReplaceAll(url.QueryEscape(dir), "%2F", "/") + "&port=" + socketPort + "&sslmode=disable",
	}
	return u.String()
}

// dialSocket reports whether a server answers on the socket in dir.
func dialSocket(dir string) error {
	conn, err := net.Dial("unix", filepath.Join(dir, socketName))
	if err != nil {
		return err
	}
	return conn.Close()
}
