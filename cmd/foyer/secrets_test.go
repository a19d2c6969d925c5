package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account/oidc/oidctest"
	"foyer/internal/postgres"
	"foyer/internal/postgres/embedded"
)

// secrets are those that came about in a run, by their value, with what each is.
type secrets map[string]string

// shortest is how long a secret has to be for it to be found: a shorter text may
// be part of another by chance.
const shortest = 12

// add notes a secret; the test fails when there is none.
func (s secrets) add(t *testing.T, what, value string) {
	t.Helper()
	if len(value) < shortest {
		t.Fatalf("%s: %q is too short to be looked for", what, value)
	}
	s[value] = what
}

// needles are the forms in which a secret is looked for.
func needles(secret string) [][]byte {
	return [][]byte{
		[]byte(secret), []byte(hex.EncodeToString([]byte(secret))),
		[]byte(strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "=")), []byte(base64.RawURLEncoding.EncodeToString([]byte(secret))),
	}
}

// signed is the look of the media services' tokens, as they are and in a table's
// bytes. Not each is seen here: what the gate shows the media server never leaves
// this machine.
var signed = []*regexp.Regexp{
	regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.`), regexp.MustCompile(`65794a(?:[0-9a-f]{2}){8,}2e65794a`),
}

// in are the secrets that some text holds.
func (s secrets) in(text []byte) (found []string) {
	for _, secret := range slices.Sorted(maps.Keys(s)) {
		if slices.ContainsFunc(needles(secret), func(needle []byte) bool { return bytes.Contains(text, needle) }) {
			found = append(found, fmt.Sprintf("%s (%s…)", s[secret], secret[:4]))
		}
	}
	for _, look := range signed {
		if token := look.Find(text); token != nil {
			found = append(found, fmt.Sprintf("what looks like a signed token (%s…)", token[:12]))
		}
	}
	return found
}

// A run in which every sort of secret is used leaves none of them in what it says,
// in its database, in what it stores beside that, or in a page about an error.
func TestNoSecretIsLeft(t *testing.T) {
	t.Parallel()
	r := plant(t)
	r.accounts()
	r.factors()
	r.rooms()
	r.provider()
	r.media()
	r.webhooks()
	r.tokens()
	r.mistakes()

	// What was found must be findable: the same search finds what is no secret.
	canaries := secrets{
		"ana@example.org": "an address", "Team of the planted secrets": "a room",
		keyOf("tokens"): "the key of a kept answer", keyOf("invitations"): "the key of another",
	}
	database := r.database()
	if len(canaries.in(database)) < len(canaries) {
		t.Error("the database is not read as a whole")
	}
	if len(r.found) < 30 || r.errors.Len() < 10_000 {
		t.Errorf("%d secrets and %d bytes of pages about errors: does this still drive everything?", len(r.found), r.errors.Len())
	}
	for _, status := range []int{400, 401, 403, 404, 409, 422, 426} {
		if r.statuses[status] == 0 {
			t.Errorf("nothing was answered with status %d: %v", status, r.statuses)
		}
	}
	metrics := r.metrics()
	if !strings.Contains(metrics, "foyer_http_requests_total") {
		t.Errorf("no figures: %s", metrics)
	}
	doctor := r.prints("doctor", "Calls with LiveKit")
	code := r.stop(syscall.SIGTERM)
	if code != 0 {
		t.Errorf("exit status %d", code)
	}
	said := r.said()
	if !strings.Contains(said, "level=") {
		t.Error("nothing was logged")
	}
	for where, text := range map[string][]byte{
		"the log": []byte(said), "the database": database, "a page about an error": r.errors.Bytes(), "metrics": []byte(metrics),
		"what it prints": []byte(strings.ReplaceAll(r.printed(), r.setup, "")), // where the link to set up belongs
		"foyer config":   r.prints("config", "OIDC_CLIENT_SECRET"), "foyer doctor": doctor,
	} {
		for _, secret := range r.found.in(text) {
			t.Errorf("%s holds %s", where, secret)
		}
	}
	r.onDisk()
}

// database is all that the tables hold, as text.
func (r *planted) database() []byte {
	r.Helper()
	address, err := embedded.Running(r.dir)
	if err != nil {
		r.Fatal(err)
	}
	pool, err := postgres.Open(r.Context(), address)
	if err != nil {
		r.Fatal(err)
	}
	defer pool.Close()
	rows, err := pool.Query(r.Context(), `
		select quote_ident(table_schema) || '.' || quote_ident(table_name) from information_schema.tables
		where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`)
	if err != nil {
		r.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 30 {
		r.Fatalf("tables: %v, %v", tables, err)
	}
	conn, err := pool.Acquire(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	defer conn.Release()
	var all bytes.Buffer
	for _, table := range tables {
		if _, err := conn.Conn().PgConn().CopyTo(r.Context(), &all, "copy "+table+" to stdout"); err != nil {
			r.Fatalf("%s: %v", table, err)
		}
	}
	return all.Bytes()
}

// onDisk looks through all files of the data directory, the database's too: what
// was deleted may still be there.
func (r *planted) onDisk() {
	r.Helper()
	files := 0
	err := filepath.WalkDir(r.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || strings.Contains(path, "/share/") || strings.Contains(path, "/lib/") || strings.Contains(path, "/bin/") {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		if filepath.Base(path) == "sfu.json" { // where it belongs, for nobody else to read
			content = bytes.ReplaceAll(content, []byte(r.server.Secret), nil)
		}
		for _, secret := range r.found.in(content) {
			r.Errorf("%s holds %s", strings.TrimPrefix(path, r.dir), secret)
		}
		return nil
	})
	if err != nil || files < 500 {
		r.Errorf("%d files were read, %v", files, err)
	}
}

// prints is what a command prints with the settings of this run: something of it is
// known.
func (r *planted) prints(name, known string) []byte {
	r.Helper()
	out, err := command(r.T, append([]string{name}, r.flags...)...).CombinedOutput()
	if !bytes.Contains(out, []byte(known)) {
		r.Fatalf("foyer %s: %v\n%s", name, err, out)
	}
	return out
}

// recording notes the cookies that a visitor is given, and pages about errors.
type recording struct {
	http.RoundTripper
	run *planted
}

// aboutErrors are statuses whose pages show nothing that somebody typed. What
// programs and scripts are answered shows none of it, whatever the status.
var aboutErrors = []int{
	http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusTooManyRequests,
	http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable,
}

func (rec recording) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := rec.RoundTripper.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	for _, cookie := range response.Cookies() {
		rec.run.cookie(cookie)
	}
	page := strings.HasPrefix(response.Header.Get("Content-Type"), "text/html")
	if slices.Contains(aboutErrors, response.StatusCode) || response.StatusCode >= http.StatusBadRequest && !page {
		rec.run.aboutError(response)
	}
	return response, nil
}

// doubles are the services that a run goes with.
type doubles struct {
	twilio   *twilioDouble
	provider *oidctest.Provider
}
