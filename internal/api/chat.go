package api

import (
	"context"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"foyer/internal/account/apitoken"
	"foyer/internal/chat"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/problem"
	"foyer/internal/room"
	"foyer/internal/words"
)

// Message is what somebody wrote.
type Message struct {
	ID          chat.ID         `json:"id" format:"uuid"`
	Position    ledger.Position `json:"position" doc:"The order of messages."`
	Revision    ledger.Position `json:"revision" doc:"Grows with each change."`
	At          time.Time       `json:"at"`
	Username    string          `json:"username" doc:"Empty for guests."`
	DisplayName string          `json:"display_name"`
	Own         bool            `json:"own" doc:"The caller wrote it."`
	Text        string          `json:"text"`
	Edited      bool            `json:"edited"`
	Deleted     chat.Deleted    `json:"deleted" enum:"author,moderator," doc:"Who deleted it; empty: nobody."`
	Reply       *Quote          `json:"reply,omitempty" doc:"What it answers."`
	Files       []File          `json:"files"`
}

// Quote is the message that another answers.
type Quote struct {
	ID          chat.ID `json:"id" format:"uuid"`
	DisplayName string  `json:"display_name"`
	Text        string  `json:"text" doc:"Its beginning."`
	Deleted     bool    `json:"deleted"`
}

// File is a file that goes with a message.
type File struct {
	ID    chat.FileID `json:"id" format:"uuid"`
	Name  string      `json:"name"`
	Type  string      `json:"type" doc:"What the bytes are."`
	Size  int64       `json:"size" doc:"In bytes."`
	Image bool        `json:"image"`
}

func messageOf(m chat.Message) Message {
	out := Message{
		m.ID, m.Position, m.Revision, m.At, m.Username, m.DisplayName, m.Own, m.Text, m.Edited, m.Deleted, nil,
		each(m.Files, func(f chat.File) File { return File(f) }),
	}
	if m.Reply != nil {
		quote := Quote(*m.Reply)
		out.Reply = &quote
	}
	return out
}

// Messages are some of a room's.
type Messages struct {
	Messages []Message       `json:"messages"`
	More     bool            `json:"more" doc:"There are others beyond."`
	Position ledger.Position `json:"position" doc:"Everything up to here is told."`
}

func (a *API) chatOperations() {
	s := a.section("Chat")
	addRoom(s, op{method: http.MethodGet, path: "/rooms/{slug}/messages", id: "listMessages", summary: "What was written", scope: apitoken.Chat,
		about: "The newest 50, oldest first; those before a position; or with since what was sent or changed after one, in the order of the changes."}, a.listMessages)
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/messages", id: "sendMessage", summary: "Write a message", scope: apitoken.Chat,
		status: http.StatusCreated}, a.sendMessage)
	addRoom(s, op{method: http.MethodPatch, path: "/rooms/{slug}/messages/{message}", id: "editMessage", summary: "Change a message", scope: apitoken.Chat,
		about: "One of the caller's own."}, a.editMessage)
	addRoom(s, op{method: http.MethodDelete, path: "/rooms/{slug}/messages/{message}", id: "deleteMessage", summary: "Delete a message", scope: apitoken.Chat,
		about: "One of the caller's own, or as a moderator."}, a.deleteMessage)
	addRoom(s, op{method: http.MethodDelete, path: "/rooms/{slug}/files/{file}", id: "discardFile", summary: "Discard a file", scope: apitoken.Chat,
		about: "One that was uploaded and not sent."}, a.discardFile)
	register(s, a.patient, op{method: http.MethodPost, path: "/rooms/{slug}/files", id: "uploadFile", summary: "Upload a file", scope: apitoken.Chat,
		status: http.StatusCreated, about: "It goes with a message within a day, or is removed."},
		visiting(a, a.upload), takesBytes)
	register(s, a.patient, op{method: http.MethodGet, path: "/rooms/{slug}/files/{file}", id: "readFile", summary: "A file", scope: apitoken.Chat},
		visiting(a, a.download), givesBytes)
}

type listMessagesInput struct {
	AboutRoom
	Before ledger.Position `query:"before" minimum:"0"`
	Since  ledger.Position `query:"since" minimum:"0" doc:"0, or left out: not by changes."`
}

func (a *API) listMessages(ctx context.Context, v room.Visit, in *listMessagesInput) (*body[Messages], error) {
	var found chat.Page
	var err error
	if in.Since > 0 {
		found, err = a.Chat.Since(ctx, v, in.Since)
	} else {
		found, err = a.Chat.Before(ctx, v, in.Before)
	}
	return answer(Messages{each(found.Messages, messageOf), found.More, found.Position}, err)
}

type sendInput struct {
	AboutRoom
	Body struct {
		ID      string   `json:"id,omitempty" format:"uuid" doc:"A new one, which makes sending again harmless; left out: Foyer makes it."`
		Text    string   `json:"text" maxLength:"4000" doc:"May be empty with files."`
		ReplyTo string   `json:"reply_to,omitempty" format:"uuid" doc:"The message that it answers."`
		Files   []string `json:"files,omitempty" maxItems:"10" doc:"Ids of files that the caller uploaded."`
	}
}

func (a *API) sendMessage(ctx context.Context, v room.Visit, in *sendInput) (*made[Message], error) {
	if err := a.Limit(Writing, string(v.Person.User)); err != nil {
		return nil, err
	}
	draft := chat.Draft{ID: chat.ID(in.Body.ID), Text: in.Body.Text, ReplyTo: chat.ID(in.Body.ReplyTo)}
	if draft.ID == "" {
		draft.ID = chat.ID(uuid.NewString())
	}
	for _, file := range in.Body.Files {
		draft.Files = append(draft.Files, chat.FileID(file))
	}
	message, err := a.Chat.Send(ctx, v, draft)
	if err != nil {
		return nil, err
	}
	return &made[Message]{Root + "/rooms/" + v.Room.Slug + "/messages/" + string(message.ID), messageOf(message)}, nil
}

type AboutMessage struct {
	AboutRoom
	Message chat.ID `path:"message" maxLength:"64"`
}

type editInput struct {
	AboutMessage
	Body struct {
		Text string `json:"text" maxLength:"4000"`
	}
}

func (a *API) editMessage(ctx context.Context, v room.Visit, in *editInput) (*body[Message], error) {
	if err := a.Limit(Writing, string(v.Person.User)); err != nil {
		return nil, err
	}
	edited, err := a.Chat.Edit(ctx, v, in.Message, in.Body.Text)
	return answer(messageOf(edited), err)
}

func (a *API) deleteMessage(ctx context.Context, v room.Visit, in *AboutMessage) (*none, error) {
	return done(a.Chat.Delete(ctx, v, in.Message))
}

type file struct {
	AboutRoom
	File chat.FileID `path:"file" maxLength:"64"`
}

func (a *API) discardFile(ctx context.Context, v room.Visit, in *file) (*none, error) {
	return done(a.Chat.Discard(ctx, v, in.File))
}

const bytesType = "application/octet-stream"

// uploadInput is read from the request as it comes: it may be large.
type uploadInput struct {
	AboutRoom
	Name string `query:"name" required:"true" maxLength:"200" doc:"The file's."`

	kind, length string
	from         io.Reader
}

// Resolve takes what huma would read as a whole.
func (in *uploadInput) Resolve(ctx huma.Context) []error {
	in.kind, in.length, in.from = ctx.Header("Content-Type"), ctx.Header("Content-Length"), ctx.BodyReader()
	return nil
}

func takesBytes(o *huma.Operation) {
	o.RequestBody = &huma.RequestBody{Required: true, Description: "The bytes.", Content: map[string]*huma.MediaType{
		bytesType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}
}

func givesBytes(o *huma.Operation) {
	o.Responses = map[string]*huma.Response{"200": {Description: "The bytes.", Content: map[string]*huma.MediaType{
		bytesType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}}
}

func (a *API) upload(ctx context.Context, v room.Visit, in *uploadInput) (*made[File], error) {
	if kind, _, _ := mime.ParseMediaType(in.kind); kind != bytesType {
		return nil, problem.ErrContentType
	}
	length, err := strconv.ParseInt(in.length, 10, 64)
	if err != nil || length < 0 {
		return nil, input.Invalid{"header.Content-Length": words.Text("chat.length_unknown")}
	}
	if err := a.Limit(Uploads, string(v.Person.User)); err != nil {
		return nil, err
	}
	uploaded, err := a.Chat.Upload(ctx, v, in.Name, length, in.from)
	if err != nil {
		return nil, err
	}
	return &made[File]{Root + "/rooms/" + v.Room.Slug + "/files/" + string(uploaded.ID), File(uploaded)}, nil
}

// stream is an answer that is written as it is read.
type stream struct{ Body func(huma.Context) }

func (a *API) download(ctx context.Context, v room.Visit, in *file) (*stream, error) {
	found, from, err := a.Chat.Open(ctx, v, in.File)
	if err != nil {
		return nil, err
	}
	return &stream{func(out huma.Context) {
		defer from.Close()
		out.SetHeader("Content-Type", bytesType)
		out.SetHeader("Content-Length", strconv.FormatInt(found.Size, 10))
		out.SetHeader("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": found.Name}))
		out.SetHeader("Content-Security-Policy", "default-src 'none'; sandbox")
		_, _ = io.Copy(out.BodyWriter(), from) // the client is gone: nobody to tell
	}}, nil
}
