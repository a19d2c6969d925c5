package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"foyer/internal/account"
	"foyer/internal/mail"
)

func (s *Server) mailsPage(w http.ResponseWriter, r *http.Request, _ account.Session) error {
	const perPage = 50
	before := r.URL.Query().Get("before")
	mails, err := s.Mails.List(r.Context(), mail.ID(before), perPage+1)
	if err != nil {
		return err
	}
	page := MailsPage{Page: s.base(r, "Outbox"), Sends: s.Mails.Sends(), Before: before}
	if len(mails) > perPage {
		mails = mails[:perPage]
		page.Older = string(mails[perPage-1].ID)
	}
	for _, m := range mails {
		page.Mails = append(page.Mails, s.mailRow(m))
	}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, http.StatusOK, "mails", page)
	return nil
}

func (s *Server) mailRow(m mail.Mail) MailRow {
	row := MailRow{ID: string(m.ID), To: m.To, Subject: m.Subject, At: m.CreatedAt, Attempts: m.Attempts, Problem: m.Error}
	switch m.State {
	case mail.Held:
		row.State = "Not sent"
	case mail.Waiting:
		row.State = "Waiting"
		if m.Error != "" {
			row.State = "Trying again"
		}
	case mail.Handed:
		row.State = "Being sent"
	case mail.Sent:
		row.State = "Sent"
	case mail.Failed:
		row.State, row.Bad = "Refused", true
	case mail.Uncertain:
		row.State, row.Bad = "Perhaps sent", true
	case mail.Lapsed:
		row.State = "Lapsed"
	}
	return row
}

func (s *Server) mailPage(w http.ResponseWriter, r *http.Request, _ account.Session) error {
	m, text, err := s.Mails.Read(r.Context(), mail.ID(chi.URLParam(r, "id")))
	if err != nil {
		return err
	}
	page := MailPage{
		Page: s.base(r, m.Subject), MailRow: s.mailRow(m), Name: m.Name, Kind: strings.ReplaceAll(string(m.Kind), "_", " "),
		Meaning: s.mailMeaning(m), Text: text, Erased: m.LapsesAt, Twice: m.State == mail.Uncertain,
	}
	if m.State == mail.Waiting && m.Error != "" {
		page.Next = m.NextAt
	}
	if s.Mails.Sends() && m.State.Sendable() {
		page.Send = "Send now"
		if m.State == mail.Failed || m.State == mail.Uncertain {
			page.Send = "Send again"
		}
	}
	page.Notice = s.takeNotice(w, r)
	// Its links let somebody in: nothing of it stays behind in the browser.
	w.Header().Set("Cache-Control", "no-store")
	s.render(w, r, http.StatusOK, "mail", page)
	return nil
}

// mailMeaning says what a mail's state means for who looks at it.
func (s *Server) mailMeaning(m mail.Mail) string {
	switch {
	case m.State == mail.Held && s.Mails.Sends():
		return "When it was written there was no mail server, so it was not sent. It goes when you say so."
	case m.State == mail.Held:
		return "There is no mail server, so it was not sent. You can pass on what it says."
	case m.State == mail.Waiting && !s.Mails.Sends():
		return "It waits for a mail server, and there is none any more."
	case m.State == mail.Waiting && m.Error != "":
		return "The last attempt did not succeed. Foyer tries again by itself."
	case m.State == mail.Waiting:
		return "It is about to be sent."
	case m.State == mail.Handed:
		return "The mail server is taking it just now."
	case m.State == mail.Sent:
		return "The mail server has taken it. Its text is erased here."
	case m.State == mail.Failed:
		return "The mail server will not take it, so Foyer does not try again by itself."
	case m.State == mail.Uncertain:
		return "The mail server was given it and did not say whether it has it. Foyer does not send it again by itself, so that nobody gets it twice: ask the recipient first."
	}
	return "It was not sent in time. Its text is erased."
}

func (s *Server) sendMail(w http.ResponseWriter, r *http.Request, _ account.Session) error {
	id := chi.URLParam(r, "id")
	if err := s.Mails.Send(r.Context(), mail.ID(id)); err != nil {
		return err
	}
	return s.leave(w, r, "/admin/mail/"+id, "It is being sent. Reload this page to see what became of it.")
}

func (s *Server) deleteMail(w http.ResponseWriter, r *http.Request, _ account.Session) error {
	if err := s.Mails.Delete(r.Context(), mail.ID(chi.URLParam(r, "id"))); err != nil {
		return err
	}
	return s.leave(w, r, "/admin/mail", "The mail is deleted.")
}
