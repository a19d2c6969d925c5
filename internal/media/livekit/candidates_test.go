package livekit_test

import (
	"encoding/json"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"foyer/internal/media/sfu"
	"foyer/internal/media/sfu/sfutest"
	"foyer/internal/porttest"
)

// candidate is an address that a browser is told to send media to.
type candidate struct {
	network string // udp or tcp
	address string
	port    string
}

// candidates returns those that the media server of cfg offers, those that
// browsers prefer first.
func candidates(t *testing.T, cfg sfu.Config) []candidate {
	t.Helper()
	r := newRigOver(t, sfutest.Start(t, cfg).Access)
	c := r.connect(t, "alice")
	type ranked struct {
		candidate
		priority string
	}
	var all []ranked
	for {
		m, err := receive(t, c)
		if err != nil {
			t.Fatal(err)
		}
		trickle := m.GetTrickle()
		if trickle == nil {
			continue
		}
		var init struct{ Candidate string }
		if err := json.Unmarshal([]byte(trickle.CandidateInit), &init); err != nil {
			t.Fatal(err)
		}
		// candidate:FOUNDATION 1 udp PRIORITY ADDRESS PORT typ host …
		if f := strings.Fields(init.Candidate); len(f) > 7 && f[7] == "host" {
			all = append(all, ranked{candidate{f[2], f[4], f[5]}, f[3]})
		}
		if trickle.Final { // this one too may hold a candidate
			break
		}
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return strings.Compare(b.priority, a.priority) })
	var sorted []candidate
	for _, c := range all {
		sorted = append(sorted, c.candidate)
	}
	return sorted
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	local, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	mine := func(address string) bool {
		return slices.ContainsFunc(local, func(a net.Addr) bool { return strings.HasPrefix(a.String(), address+"/") })
	}
	tests := []struct {
		name     string
		loopback bool
		mediaIP  string
		want     func(address string) bool // of every candidate
	}{
		{"every address", false, "", func(a string) bool { return mine(a) && !netip.MustParseAddr(a).IsLoopback() }},
		{"and loopback", true, "", mine},
		{"a given one", false, "203.0.113.9", func(a string) bool {
			return a == "203.0.113.9" || netip.MustParseAddr(a).Is6() && mine(a)
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cfg := sfutest.Config(t)
			cfg.TCPPort = porttest.Free(t)
			cfg.Loopback, cfg.MediaIP = test.loopback, test.mediaIP
			offered := candidates(t, cfg)
			for _, c := range offered {
				if !test.want(c.address) {
					t.Errorf("offered %v", c)
				}
			}
			if len(offered) < 2 || offered[0].network != "udp" || offered[len(offered)-1].network != "tcp" {
				t.Errorf("offered %v, want UDP first and TCP last", offered)
			}
			if test.loopback && !slices.ContainsFunc(offered, func(c candidate) bool { return c.address == "127.0.0.1" }) {
				t.Errorf("offered %v, without a loopback address", offered)
			}
		})
	}
}
