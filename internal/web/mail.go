package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"foyer/internal/account"
	"foyer/internal/mail"
	"foyer/internal/words"
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
		row.State = words.Text("mail.not_sent")
	case mail.Waiting:
		row.State = "Waiting"
		if m.Error != "" {
			row.State = words.Text("mail.trying_again")
		}
	case mail.Handed:
		row.State = words.Text("mail.being_sent")
	case mail.Sent:
		row.State = "Sent"
	case mail.Failed:
		row.State, row.Bad = "Refused", true
	case mail.Uncertain:
		row.State, row.Bad = words.Text("mail.perhaps_sent"), true
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
		page.Send = words.Text("mail.send_now")
		if m.State == mail.Failed || m.State == mail.Uncertain {
			page.Send = words.Text("mail.send_again")
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
		return words.Text("mail.when_it_was_written_there")
	case m.State == mail.Held:
		return words.Text("mail.there_is_no_mail_server")
	case m.State == mail.Waiting && !s.Mails.Sends():
		return words.Text("mail.it_waits_for_a_mail")
	case m.State == mail.Waiting && m.Error != "":
		return words.Text("mail.the_last_attempt_did_not")
	case m.State == mail.Waiting:
		return words.Text("mail.it_is_about_to_be")
	case m.State == mail.Handed:
		return words.Text("mail.the_mail_server_is_taking")
	case m.State == mail.Sent:
		return words.Text("mail.the_mail_server_has_taken")
	case m.State == mail.Failed:
		return words.Text("mail.the_mail_server_will_not")
	case m.State == mail.Uncertain:
		return words.Text("mail.the_mail_server_was_given")
	}
	return words.Text("mail.it_was_not_sent_in")
}

func (s *Server) sendMail(w http.ResponseWriter, r *http.Request, _ account.Session) error {
	id := chi.URLParam(r, "id")
	if err := s.Mails.Send(r.Context(), mail.ID(id)); err != nil {
		return err
	}
	return s.leave(w, r, "/admin/mail/"+id, words.Text("mail.it_is_being_sent_reload"))
}

func (s *Server) deleteMail(w http.ResponseWriter, r *http.Request, _ account.Session) error {
	if err := s.Mails.Delete(r.Context(), mail.ID(chi.URLParam(r, "id"))); err != nil {
		return err
	}
	return s.leave(w, r, "/admin/mail", words.Text("mail.the_mail_is_deleted"))
}
