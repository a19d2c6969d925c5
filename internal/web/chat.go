package web

import (
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"foyer/internal/chat"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/problem"
	"foyer/internal/room"
	"foyer/internal/words"
)

// messages lists what was written: the newest, those before a position, or what
// was sent or changed since one.
func (s *Server) messages(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	query := r.URL.Query()
	before, err := place(query.Get("before"), "before")
	if err != nil {
		return err
	}
	since, err := place(query.Get("since"), "since")
	if err != nil {
		return err
	}
	var page chat.Page
	if query.Has("since") {
		page, err = s.Chat.Since(r.Context(), v, since)
	} else {
		page, err = s.Chat.Before(r.Context(), v, before)
	}
	if err != nil {
		return err
	}
	return answer(w, page)
}

// place is a position in a query; 0 when there is none.
func place(text, field string) (ledger.Position, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, input.Invalid{field: words.Text("chat.not_a_position")}
	}
	return ledger.Position(n), nil
}

func answer(w http.ResponseWriter, value any) error {
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, value)
	return nil
}

// sendMessage writes a message, once however often the page sends it.
func (s *Server) sendMessage(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	var body struct {
		ID      chat.ID       `json:"id"`
		Text    string        `json:"text"`
		ReplyTo chat.ID       `json:"reply_to"`
		Files   []chat.FileID `json:"files"`
	}
	if err := readJSON(r, &body); err != nil {
		return err
	}
	if err := s.limits.message(w, r, v.Person); err != nil {
		return err
	}
	message, err := s.Chat.Send(r.Context(), v, chat.Draft{ID: body.ID, Text: body.Text, ReplyTo: body.ReplyTo, Files: body.Files})
	if err != nil {
		return err
	}
	return answer(w, message)
}

// editMessage changes the text of a message of the visitor's own.
func (s *Server) editMessage(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	var body struct {
		Text string `json:"text"`
	}
	if err := readJSON(r, &body); err != nil {
		return err
	}
	if err := s.limits.message(w, r, v.Person); err != nil {
		return err
	}
	message, err := s.Chat.Edit(r.Context(), v, messageOf(r), body.Text)
	if err != nil {
		return err
	}
	return answer(w, message)
}

// deleteMessage takes a message away.
func (s *Server) deleteMessage(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if err := readJSON(r, &struct{}{}); err != nil {
		return err
	}
	if err := s.Chat.Delete(r.Context(), v, messageOf(r)); err != nil {
		return err
	}
	return answer(w, struct{}{})
}

func messageOf(r *http.Request) chat.ID { return chat.ID(chi.URLParam(r, "message")) }

// upload takes a file, whose bytes are the body, to go with a message.
func (s *Server) upload(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/octet-stream" {
		return problem.ErrContentType
	}
	if r.ContentLength < 0 {
		return input.Invalid{"file": words.Text("chat.length_unknown")}
	}
	if err := s.limits.upload(w, r, v.Person); err != nil {
		return err
	}
	file, err := s.Chat.Upload(r.Context(), v, r.URL.Query().Get("name"), r.ContentLength, r.Body)
	if err != nil {
		// A browser hears the answer once it has sent everything.
		_, _ = io.Copy(io.Discard, r.Body)
		return err
	}
	return answer(w, file)
}

// discardFile removes a file that was uploaded and not sent.
func (s *Server) discardFile(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	if err := readJSON(r, &struct{}{}); err != nil {
		return err
	}
	if err := s.Chat.Discard(r.Context(), v, fileOf(r)); err != nil {
		return err
	}
	return answer(w, struct{}{})
}

// file sends a file of a message to who may read that. Nothing in it ever runs as
// part of this site: pictures are named what they are found to be, everything
// else is bytes to be saved, and the browser keeps to both.
func (s *Server) file(w http.ResponseWriter, r *http.Request, v room.Visit) error {
	file, bytes, err := s.Chat.Open(r.Context(), v, fileOf(r))
	if err != nil {
		return err
	}
	defer bytes.Close()
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	disposition := "attachment"
	if file.Image {
		h.Set("Content-Type", file.Type)
		disposition = "inline"
	}
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": file.Name}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	// Kept, but asked for each time, so that the policy is.
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", `"`+string(file.ID)+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes)
	return nil
}

func fileOf(r *http.Request) chat.FileID { return chat.FileID(chi.URLParam(r, "file")) }
