package embedded

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// owner is a user and a group of the file system.
type owner struct{ uid, gid int }

func ownerOf(info os.FileInfo) owner {
	stat := info.Sys().(*syscall.Stat_t)
	return owner{uid: int(stat.Uid), gid: int(stat.Gid)}
}

// runner is the user that runs Postgres.
type runner struct {
	owner
	name  string
	other bool // than the user that runs Foyer, who is root
}

// chooseRunner finds the user to run Postgres on the folder home: for an
// ordinary user, themselves; for root, whoever owns what is there already, or
// else one of a few users that have no other business.
func chooseRunner(home string) (runner, error) {
	data := filepath.Join(home, dataName)
	var owners []owner
	for _, dir := range []string{home, data} {
		info, err := os.Stat(dir)
		switch {
		case err == nil:
			owners = append(owners, ownerOf(info))
		case errors.Is(err, os.ErrPermission) && len(owners) > 0:
			// The folder of somebody else, reported below.
		case errors.Is(err, syscall.ENOTDIR):
			return runner{}, notDirectory(fileIn(dir), err)
		case !errors.Is(err, os.ErrNotExist):
			return runner{}, explain(err, "look into the data directory", home)
		}
	}
	if os.Geteuid() != 0 {
		self := owner{uid: os.Geteuid(), gid: os.Getegid()}
		for _, o := range owners {
			if o.uid != self.uid {
				return runner{}, problem(ErrOwner, nil, "%s belongs to user %s, but Foyer runs as %s: run it as %[2]s, or set FOYER_DATA_DIR to another directory", home, userName(o.uid), userName(self.uid))
			}
		}
		return runner{owner: self, name: userName(self.uid)}, nil
	}
	if len(owners) == 2 && owners[1].uid == 0 {
		return runner{}, problem(ErrOwner, nil, "%s belongs to root, as whom Postgres refuses to run: give it to another user (chown -R postgres %[1]s) and start again", data)
	}
	slices.Reverse(owners)
	for _, o := range owners {
		if o.uid != 0 {
			return runner{owner: o, name: userName(o.uid), other: true}, nil
		}
	}
	return defaultRunner(), nil
}

// defaultRunner is the user that runs a new database for root.
func defaultRunner() runner {
	for _, name := range []string{"foyer", "postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue // not on this machine
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if uidErr == nil && gidErr == nil && uid != 0 {
			return runner{owner: owner{uid: uid, gid: gid}, name: name, other: true}
		}
	}
	return runner{owner: owner{uid: 65534, gid: 65534}, name: "65534", other: true}
}

// userName returns the name of the user, or the number if there is none.
func userName(uid int) string {
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return strconv.Itoa(uid)
	}
	return u.Username
}

// fileIn returns the element of path that is not a directory.
func fileIn(path string) string {
	for dir := path; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && !info.IsDir() {
			return dir
		}
	}
	return path
}

// checkReach makes sure that the user that runs Postgres can pass through
// every directory that leads to the folder, before anything is made there.
func (h *home) checkReach() error {
	if !h.runner.other {
		return nil
	}
	closed, err := firstClosed(h.dir, h.runner.owner)
	if err != nil {
		return explain(err, "look into the data directory", h.dir)
	}
	if closed == "" {
		return nil
	}
	if closed == h.dir || closed == filepath.Dir(h.dir) {
		return problem(ErrUnreachable, nil, "user %s, who runs the database because Foyer runs as root, cannot enter %s: open it (chmod 711 %[2]s), or set FOYER_DATA_DIR to another directory", h.runner.name, closed)
	}
	return problem(ErrUnreachable, nil, "user %s, who runs the database because Foyer runs as root, cannot enter %s: set FOYER_DATA_DIR to a directory outside of it, such as /var/lib/foyer, or do not run Foyer as root", h.runner.name, closed)
}

// firstClosed returns the outermost existing directory on the way to path,
// path included, that the user may not pass through, or "".
func firstClosed(path string, who owner) (string, error) {
	dir := string(filepath.Separator)
	for _, name := range append([]string{""}, strings.Split(strings.Trim(path, "/"), "/")...) {
		dir = filepath.Join(dir, name)
		info, err := os.Stat(dir)
		if errors.Is(err, os.ErrNotExist) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		if !mayEnter(info, who) {
			return dir, nil
		}
	}
	return "", nil
}

// mayEnter reports whether the mode of the directory lets the user through.
func mayEnter(info os.FileInfo, who owner) bool {
	has := ownerOf(info)
	switch {
	case has.uid == who.uid:
		return info.Mode()&0o100 != 0
	case has.gid == who.gid:
		return info.Mode()&0o010 != 0
	default:
		return info.Mode()&0o001 != 0
	}
}
