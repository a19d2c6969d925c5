//go:build unix && !linux

package embedded

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// findOrphans reads the pid file of the cluster at path and returns the
// process if its command line is that of a server on this cluster.
func findOrphans(path string) ([]orphan, error) {
	content, err := os.ReadFile(filepath.Join(path, pidFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil || pid <= 0 || pid == os.Getpid() {
		return nil, nil // half-written, or of a process that was this one
	}
	out, err := exec.Command("ps", "-ww", "-o", "command=", "-p", first).Output()
	var none *exec.ExitError
	if errors.As(err, &none) {
		return nil, nil // no such process
	}
	if err != nil {
		return nil, err
	}
	if !strings.Contains(string(out), "postgres -D "+path+" ") {
		return nil, nil
	}
	return []orphan{{pid: pid, head: true}}, nil
}
