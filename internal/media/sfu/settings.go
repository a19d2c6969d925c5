package sfu

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
)

// The standard ports of media, those of LiveKit.
const (
	DefaultUDPPort = 7882
	DefaultTCPPort = 7881
)

// Settings is all that the child process is told. It travels in a file that
// only the owner can read, never on a command line or in the environment: it
// holds the secret.
type Settings struct {
	Dir      string `json:"dir"`       // the state directory
	HTTPPort int    `json:"http_port"` // of 127.0.0.1
	Key      string `json:"key"`
	Secret   string `json:"secret"`
	Verbose  bool   `json:"verbose"`
	Public   Public `json:"public"`
	// Program identifies the executable that was started.
	Program string `json:"program"`
}

// Public is the part of Settings that Foyer's configuration decides. A running
// child is adopted when its Public equals that of the new Foyer.
type Public struct {
	UDPPort  int    `json:"udp_port"`
	TCPPort  int    `json:"tcp_port"` // 0: media by UDP only
	MediaIP  string `json:"media_ip"` // empty: all addresses of this machine
	RedisURL string `json:"redis_url"`
	Loopback bool   `json:"loopback"`
	Callback bool   `json:"callback"`
	// Version changes when a child of an older Foyer must not be adopted.
	Version int `json:"version"`
}

// settingsVersion is Public.Version of this Foyer: raise it when the child's
// behaviour changes in a way that Foyer depends on.
const settingsVersion = 2

// public validates cfg and returns what of it the child is told.
func (cfg Config) public() (Public, error) {
	p := Public{
		UDPPort: cfg.UDPPort, TCPPort: cfg.TCPPort, MediaIP: cfg.MediaIP, RedisURL: cfg.RedisURL,
		Loopback: cfg.Loopback, Callback: cfg.CallbackURL != "", Version: settingsVersion,
	}
	if p.UDPPort == 0 {
		p.UDPPort = DefaultUDPPort
	}
	if p.MediaIP != "" {
		if _, err := netip.ParseAddr(p.MediaIP); err != nil {
			return Public{}, fmt.Errorf("FOYER_MEDIA_IP: %q is not an IP address", p.MediaIP)
		}
	}
	if p.RedisURL != "" {
		if u, err := url.Parse(p.RedisURL); err != nil || u.Host == "" || (u.Scheme != "redis" && u.Scheme != "rediss") {
			return Public{}, fmt.Errorf("REDIS_URL: not of the form redis://host:port")
		}
	}
	return p, nil
}

// The files of a state directory. All are private to their owner.
const (
	settingsFile = "sfu.json"        // Settings of the child that runs or ran last
	childLock    = "sfu.lock"        // locked by the child while it lives; holds its pid
	ownerLock    = "supervisor.lock" // locked by the Foyer that supervises
	leaseFile    = "sfu.lease"       // rewritten by the supervisor; holds the callback URL
	logFile      = "sfu.log"         // the child's output, read and cut by the supervisor
)

// ReadSettings returns the settings that a supervisor left in dir.
func ReadSettings(dir string) (Settings, error) {
	data, err := os.ReadFile(filepath.Join(dir, settingsFile))
	if err != nil {
		return Settings{}, fmt.Errorf("read media server settings: %w", err)
	}
	var s Settings
	if err := json.Unmarshal(data, &s); err != nil {
		return Settings{}, fmt.Errorf("read media server settings: %w", err)
	}
	s.Dir = dir
	return s, nil
}

// write replaces the settings in s.Dir at once.
func (s Settings) write() error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write media server settings: %w", err)
	}
	return replace(filepath.Join(s.Dir, settingsFile), data)
}

// replace writes a private file that readers see either whole or not at all.
func replace(path string, data []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	_, err = temporary.Write(data)
	if closed := temporary.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		os.Remove(temporary.Name())
	}
	return err
}

// newCredentials returns a random API key and secret.
func newCredentials() (key, secret string) {
	return "foyer" + rand.Text()[:12], rand.Text() + rand.Text()
}

// fingerprint tells executables apart by name, size and time of writing:
// reading all of a large one at every start would cost too much.
func fingerprint(executable string) string {
	info, err := os.Stat(executable)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%d", executable, info.Size(), info.ModTime().UnixNano()))
	return hex.EncodeToString(sum[:8])
}
