package internal_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// tests are the Go tests that there are, as "package.Name".
func tests(t *testing.T) map[string]bool {
	t.Helper()
	found := make(map[string]bool)
	name := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	of := regexp.MustCompile(`(?m)^package (\w+)`)
	for _, top := range []string{"../internal", "../cmd"} {
		err := filepath.WalkDir(top, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.Name() == "node_modules" {
				return filepath.SkipDir
			}
			if !strings.HasSuffix(path, "_test.go") {
				return nil
			}
			source, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			pkg := strings.TrimSuffix(string(of.FindSubmatch(source)[1]), "_test")
			for _, match := range name.FindAllSubmatch(source, -1) {
				found[pkg+"."+string(match[1])] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(found) < 400 {
		t.Fatalf("%d tests found", len(found))
	}
	return found
}

var (
	goTest = regexp.MustCompile("`([a-z0-9]+\\.(?:Test|Fuzz)[A-Za-z0-9_]*)`")
	// A test of scripts or browsers: its file and, if one of many is meant, its title.
	scriptTest = regexp.MustCompile("`((?:e2e/tests|static/test)/[a-z0-9-]+\\.(?:spec|test)\\.js)`(?: \"([^\"]+)\")?")
)

// Every test that a document names is there.
func TestDocumentsNameTestsThatExist(t *testing.T) {
	known := tests(t)
	documents, err := filepath.Glob("../docs/*.md")
	if err != nil || len(documents) < 4 {
		t.Fatalf("documents %v, %v", documents, err)
	}
	named := 0
	for _, document := range append(documents, "../README.md") {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range goTest.FindAllSubmatch(text, -1) {
			named++
			if !known[string(match[1])] {
				t.Errorf("%s names %s, which does not exist", document, match[1])
			}
		}
		for _, match := range scriptTest.FindAllSubmatch(text, -1) {
			named++
			source, err := os.ReadFile(filepath.Join("..", string(match[1])))
			if err != nil {
				t.Errorf("%s names %s: %v", document, match[1], err)
				continue
			}
			if title := string(match[2]); title != "" && !strings.Contains(string(source), `test("`+title+`"`) {
				t.Errorf("%s names a test %q of %s, which does not exist", document, title, match[1])
			}
		}
	}
	if named < 200 {
		t.Errorf("%d tests are named: is the pattern still right?", named)
	}
}

// The time frames for mending components are written for every sort of risk, and
// shorten as it grows; and what looks for them is there.
func TestTimeFramesAreWritten(t *testing.T) {
	text, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), "\n## Components with known weaknesses\n")
	part, _, _ := strings.Cut(after, "\n## ")
	var days []int
	for _, row := range regexp.MustCompile(`(?m)^\| [^|]+ \| (\d+) (days|months) \|$`).FindAllStringSubmatch(part, -1) {
		n, err := strconv.Atoi(row[1])
		if err != nil {
			t.Fatal(err)
		}
		if row[2] == "months" {
			n *= 30
		}
		days = append(days, n)
	}
	if !found || len(days) < 4 || !slices.IsSorted(days) {
		t.Errorf("time frames of %v days", days)
	}
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(part, "`make vulnerabilities`") || !strings.Contains(string(makefile), "\nvulnerabilities:\n\tsh deploy/vulnerabilities.sh\n") {
		t.Error("nothing looks for them")
	}
}

// levelOne are the requirements of level 1 of ASVS 5.0.0.
const levelOne = `1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.3.1 1.3.2 1.5.1 2.1.1 2.2.1 2.2.2 2.3.1 3.2.1 3.2.2 3.3.1 3.4.1 3.4.2 3.5.1 3.5.2 3.5.3
	4.1.1 4.4.1 5.2.1 5.2.2 5.3.1 5.3.2 6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.3.1 6.3.2 6.4.1 6.4.2 7.2.1 7.2.2 7.2.3 7.2.4
	7.4.1 7.4.2 8.1.1 8.2.1 8.2.2 8.3.1 9.1.1 9.1.2 9.1.3 9.2.1 10.4.1 10.4.2 10.4.3 10.4.4 10.4.5 11.3.1 11.3.2 11.4.1 12.1.1 12.2.1 12.2.2
	13.4.1 14.2.1 14.3.1 15.1.1 15.2.1 15.3.1`

// Each requirement of level 1 has its row, with a test, or with the reason why
// there is none.
func TestRequirementsAreMapped(t *testing.T) {
	text, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "\n## ASVS 5.0\n")
	if !found {
		t.Fatal("there is no table")
	}
	var mapped []string
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+\.\d+\.\d+) [^|]+\|([^|]*)\|([^|]*)\|$`).FindAllStringSubmatch(table, -1) {
		mapped = append(mapped, row[1])
		reason := strings.Contains(row[2], "does not apply: ") || strings.Contains(row[2], "not shown: ")
		if shown := goTest.MatchString(row[3]) || scriptTest.MatchString(row[3]); shown == reason {
			t.Errorf("%s: names a test: %t, says why it does not: %t", row[1], shown, reason)
		}
	}
	wanted := strings.Fields(levelOne)
	if len(wanted) != 70 {
		t.Fatalf("%d requirements, want 70", len(wanted))
	}
	for _, id := range wanted {
		if !slices.Contains(mapped, id) {
			t.Errorf("%s has no row", id)
		}
	}
	slices.Sort(mapped)
	if once := slices.Compact(slices.Clone(mapped)); len(once) != len(mapped) {
		t.Error("a requirement has two rows")
	}
}
