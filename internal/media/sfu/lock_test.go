package sfu

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestRunningWhileStartedAnew: a Foyer that has the directory has a media server,
// also when that is just not there.
func TestRunningWhileStartedAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if Running(dir) {
		t.Error("it runs before anything did")
	}
	owner, err := lock(filepath.Join(dir, ownerLock))
	if err != nil {
		t.Fatal(err)
	}
	if !Running(dir) {
		t.Error("it does not run although a Foyer has it")
	}
	owner.Close()
	if Running(dir) {
		t.Error("it runs although nobody has it")
	}
}

// TestLookingTakesNoLock: who looks whether it runs keeps no Foyer from starting.
func TestLookingTakesNoLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), ownerLock)
	looking, err := lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(looking.Fd()), syscall.LOCK_SH); err != nil { // as held does
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, func() { looking.Close() })
	owner, err := lockSoon(path)
	if err != nil {
		t.Fatalf("not locked after a look: %v", err)
	}
	owner.Close()
}
