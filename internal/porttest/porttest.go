// Package porttest gives tests ports that nothing else takes meanwhile.
package porttest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// ports are given to tests in stretches, below those that the kernel gives to
// connections.
const (
	firstPort = 10000
	stretch   = 500 // ports
	stretches = 20
)

var (
	nextPort atomic.Int32
	// ownStretch returns the first port of the stretch that this process has to
	// itself until it ends, and the lock that says so.
	ownStretch = sync.OnceValues(func() (int, *os.File) {
		for i := range stretches {
			name := filepath.Join(os.TempDir(), fmt.Sprintf("foyer-test-ports-%d-%d", os.Getuid(), i))
			f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
			if err != nil {
				continue
			}
			if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
				return firstPort + i*stretch, f
			}
			f.Close()
		}
		return 0, nil
	})
)

// Free returns a port that is free now for UDP and TCP, and that neither the
// kernel nor this function gives to anyone else meanwhile: tests of several
// packages run side by side.
func Free(t testing.TB) int {
	t.Helper()
	first, lock := ownStretch()
	if lock == nil {
		t.Fatal("no stretch of ports is free")
	}
	for range stretch {
		port := first + int(nextPort.Add(1))%stretch
		if isFree(strconv.Itoa(port)) {
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// isFree reports whether nobody has a port of this machine.
func isFree(port string) bool {
	// A process that is started meanwhile would hold the sockets until its exec.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	udp, err := net.ListenPacket("udp", ":"+port)
	if err != nil {
		return false
	}
	defer udp.Close()
	tcp, err := net.Listen("tcp", ":"+port)
	if err != nil {
		return false
	}
	tcp.Close()
	return true
}
