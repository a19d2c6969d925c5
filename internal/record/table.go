// Package record says what Foyer has written down of its rooms: who belongs to them,
// who was in their calls, who changed who may do what. In words, for pages, and as
// tables of comma-separated values, the same for pages and programs.
package record

import (
	"context"
	"encoding/csv"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// ContentType is that of a table.
const ContentType = "text/csv"

// byteOrderMark tells Excel that a file is UTF-8; without it, names with accents
// are garbled there. Other spreadsheets know by themselves and ignore it.
const byteOrderMark = "\ufeff"

// patience is how long a client may take for some rows of a table.
const patience = 30 * time.Second

// Table is a file of comma-separated values (RFC 4180).
type Table struct {
	name    string // of the file, without its ending
	columns []string
	rows    func(context.Context, func(cells ...string)) error
}

// Send answers with the table, read as it is written. After an error, which is
// logged, it ends the connection (http.ErrAbortHandler), so that a file which is not
// whole does not look as if it were.
func (t Table) Send(ctx context.Context, w http.ResponseWriter, log *slog.Logger) {
	h := w.Header()
	h.Set("Content-Type", ContentType+"; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+t.name+`.csv"`)
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(byteOrderMark)) // as below: when the client is gone there is nobody to tell
	out := csv.NewWriter(w)
	out.UseCRLF = true
	_ = out.Write(t.columns)
	const some = 500
	written := 0
	putOff(w)
	err := t.rows(ctx, func(cells ...string) {
		for i := range cells {
			cells[i] = cell(cells[i])
		}
		_ = out.Write(cells)
		if written++; written%some == 0 {
			out.Flush()
			putOff(w)
		}
	})
	if err != nil {
		log.Error("table not written to its end", "error", err)
		panic(http.ErrAbortHandler)
	}
	out.Flush()
}

// putOff gives the client time for some more rows. The deadline of reading counts
// too: the server goes on reading while it answers, and takes one that passes for a
// client that is gone. A recorder in a test has none to set.
func putOff(w http.ResponseWriter) {
	control, until := http.NewResponseController(w), time.Now().Add(patience)
	_ = control.SetReadDeadline(until)
	_ = control.SetWriteDeadline(until)
}

// moment is a time as spreadsheets read one.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

func momentOf(t *time.Time) string {
	if t == nil {
		return ""
	}
	return moment(*t)
}

// cell is text that a spreadsheet takes as text: what begins like a formula gets
// an apostrophe before it. The wide signs count in East Asian settings.
func cell(text string) string {
	if first, _ := utf8.DecodeRuneInString(text); strings.ContainsRune("=+-@\t\r＝＋－＠", first) {
		return "'" + text
	}
	return text
}
