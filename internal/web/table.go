package web

import (
	"encoding/csv"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// byteOrderMark tells Excel that a file is UTF-8; without it, names with accents
// are garbled there. Other spreadsheets know by themselves and ignore it.
const byteOrderMark = "\ufeff"

// table is a file of comma-separated values (RFC 4180) that is written as an
// answer.
type table struct {
	w       http.ResponseWriter
	out     *csv.Writer
	written int
}

// table begins a file with these columns. Its name gets the ending .csv.
func (s *Server) table(w http.ResponseWriter, name string, columns ...string) *table {
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(byteOrderMark)) // as below: when the client is gone there is nobody to tell
	t := &table{w: w, out: csv.NewWriter(w)}
	t.out.UseCRLF = true
	_ = t.out.Write(columns)
	return t
}

// write adds a row of text.
func (t *table) write(cells ...string) {
	for i := range cells {
		cells[i] = cell(cells[i])
	}
	_ = t.out.Write(cells)
	const some = 500
	if t.written++; t.written%some == 0 {
		t.out.Flush()
		// A recorder in a test has no deadline to set.
		_ = http.NewResponseController(t.w).SetWriteDeadline(time.Now().Add(writeTimeout))
	}
}

// done ends the file.
func (t *table) done() error {
	t.out.Flush()
	return nil
}

// broken ends the connection after an error, which is logged, so that a file which
// is not whole does not look as if it were.
func (t *table) broken(s *Server, err error) error {
	s.Log.Error("table not written to its end", "error", err)
	panic(http.ErrAbortHandler)
}

// moment is a time as spreadsheets read one.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// cell is text that a spreadsheet takes as text: what begins like a formula gets
// an apostrophe before it. The wide signs count in East Asian settings.
func cell(text string) string {
	if first, _ := utf8.DecodeRuneInString(text); strings.ContainsRune("=+-@\t\r＝＋－＠", first) {
		return "'" + text
	}
	return text
}
