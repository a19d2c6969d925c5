package embedded

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// findOrphans lists the Postgres processes whose working directory is the
// cluster at path, as it is for each of them from before it writes its pid
// file until it has ended.
func findOrphans(path string) ([]orphan, error) {
	cluster, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	parents := make(map[int]int) // by process id
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		// Processes end while this looks at them, and others are not ours to
		// look at: both are none of what is sought.
		dir := filepath.Join("/proc", e.Name())
		exe, err := os.Readlink(filepath.Join(dir, "exe"))
		if err != nil || filepath.Base(strings.TrimSuffix(exe, " (deleted)")) != "postgres" {
			continue
		}
		cwd, err := os.Stat(filepath.Join(dir, "cwd"))
		if err != nil || !os.SameFile(cwd, cluster) {
			continue
		}
		parents[pid] = parentOf(dir)
	}
	var orphans []orphan
	for pid, parent := range parents {
		_, child := parents[parent]
		orphans = append(orphans, orphan{pid: pid, head: !child})
	}
	return orphans, nil
}

// parentOf reads the parent's process id from a process's folder in /proc.
func parentOf(dir string) int {
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return 0
	}
	// The name of the program is in parentheses and may hold anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1]) // the kernel writes a number
	return parent
}
