package mail

import (
	"bytes"
	"io"
	"maps"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"
)

// Whatever is accepted becomes a mail with the headers of every mail, to that
// recipient, with that text.
func FuzzCompose(f *testing.F) {
	f.Add(invitation.To, invitation.Name, invitation.Subject, invitation.Text)
	f.Add("ü@exämple.org", "Müller, Ana \"<x>\"", strings.Repeat("ä", 200), strings.Repeat("=\r\n.\n", 50))
	f.Add(`"a b"@example.org`, "=?utf-8?q?Ana?=", "=?utf-8?q?Ana?=", "\r\n\r\n.\r\n")
	f.Add("a@b", "", "x", " x\t\n")
	want := []string{"Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"}
	f.Fuzz(func(t *testing.T, to, name, subject, text string) {
		m, err := Message{To: to, Name: name, Subject: subject, Text: text, Kind: "test"}.check()
		if err != nil {
			return
		}
		from := mail.Address{Name: "Foyer", Address: "noreply@meet.example.org"}
		l, err := compose(from, Mail{ID: lastID, To: m.To, Name: m.Name, Subject: m.Subject, CreatedAt: time.Unix(0, 0)}, m.Text)
		if err != nil {
			t.Fatal(err)
		}
		read, err := mail.ReadMessage(bytes.NewReader(l.raw))
		if err != nil {
			t.Fatalf("%v in:\n%s", err, l.raw)
		}
		if got := slices.Sorted(maps.Keys(read.Header)); !slices.Equal(got, want) {
			t.Errorf("headers %v in:\n%s", got, l.raw)
		}
		if strings.ContainsAny(l.to+l.from, "\r\n") || !strings.HasPrefix(l.to, "<") || !strings.HasSuffix(l.to, ">") {
			t.Errorf("recipient %q", l.to)
		}
		decoded, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
		// A subject that is written as an encoded one is shown decoded.
		if !strings.Contains(m.Subject, "=?") && (err != nil || strings.Join(strings.Fields(decoded), " ") != m.Subject) {
			t.Errorf("subject %q, %v; want %q", decoded, err, m.Subject)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(read.Body))
		if got, want := lineEnds.Replace(string(body)), lineEnds.Replace(m.Text); err != nil || got != want {
			t.Errorf("text %q, %v; want %q", got, err, want)
		}
	})
}

// Domains travel in ASCII, which every mail server takes.
func TestInternationalDomains(t *testing.T) {
	t.Parallel()
	from := mail.Address{Name: "Foyer", Address: "noreply@Bücher.example"}
	for to, want := range map[string]struct {
		to    string
		ascii bool
	}{
		"ana@exämple.org":    {"<ana@xn--exmple-cua.org>", true},
		"ana@example.org":    {"<ana@example.org>", true},
		"ana@my_host.intern": {"<ana@my_host.intern>", true},
		"ü@exämple.org":      {"<ü@xn--exmple-cua.org>", false},
	} {
		l, err := compose(from, Mail{ID: lastID, To: to, Subject: "Hello", CreatedAt: time.Unix(0, 0)}, "Hello")
		if err != nil || l.to != want.to || l.from != "<noreply@xn--bcher-kva.example>" || l.ascii() != want.ascii {
			t.Errorf("to %s: from %s to %s, ascii %v, %v; want %+v", to, l.from, l.to, l.ascii(), err, want)
		}
		read, err := mail.ReadMessage(bytes.NewReader(l.raw))
		if err != nil || !strings.Contains(read.Header.Get("From"), "noreply@xn--bcher-kva.example") {
			t.Errorf("headers %v, %v", read.Header, err)
		}
	}
	if got := domain(from); got != "xn--bcher-kva.example" {
		t.Errorf("we greet as %s", got)
	}
}
