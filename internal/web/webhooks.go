package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/room"
	"foyer/internal/webhook"
	"foyer/internal/words"
)

// deliveriesPerPage is how many deliveries a page of a webhook lists.
const deliveriesPerPage = 50

// hooked is whose webhooks a page is about: a room's or the site's.
type hooked struct {
	place Place
	in    ledger.Room // empty: the site's
	by    account.UserID
}

// hookedHandler is a handler for who may manage them.
type hookedHandler func(w http.ResponseWriter, r *http.Request, h hooked) error

func (s *Server) ofRoom(handle hookedHandler) handler {
	return s.visiting(func(w http.ResponseWriter, r *http.Request, v room.Visit) error {
		if err := v.May(room.Ask{Action: room.ManageWebhooks}); err != nil {
			return err
		}
		place := Place{Room: header(v), Current: "webhooks", Path: "/r/" + v.Room.Slug + "/webhooks", Title: v.Room.Name}
		return handle(w, r, hooked{place, ledger.Room(v.Room.ID), v.Person.User})
	})
}

func (s *Server) ofSite(handle hookedHandler) handler {
	return s.administering(func(w http.ResponseWriter, r *http.Request, session account.Session) error {
		place := Place{Admin: true, Current: "webhooks", Path: "/admin/webhooks", Title: words.Text("webhook.title")}
		return handle(w, r, hooked{place, "", session.User.ID})
	})
}

func (s *Server) webhooksPage(w http.ResponseWriter, r *http.Request, h hooked) error {
	return s.showWebhooks(w, r, h, http.StatusOK, Form{})
}

func (s *Server) showWebhooks(w http.ResponseWriter, r *http.Request, h hooked, status int, form Form) error {
	webhooks, err := s.Webhooks.List(r.Context(), h.in)
	if err != nil {
		return err
	}
	page := WebhooksPage{Page: s.base(r, words.Text("webhook.title")), Place: h.place, Form: form, Topics: webhook.RoomTopics}
	if h.in == "" {
		page.Topics = webhook.SiteTopics
	}
	for _, hook := range webhooks {
		page.Webhooks = append(page.Webhooks, webhookRow(hook))
	}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, status, "webhooks", page)
	return nil
}

func webhookRow(w webhook.Webhook) WebhookRow {
	row := WebhookRow{ID: string(w.ID), URL: w.URL, By: w.By, At: w.CreatedAt, Paused: w.PausedAt != nil, Failing: w.Failing}
	for _, topic := range w.Topics {
		row.Topics = append(row.Topics, words.Text("webhook.topic_"+topic))
	}
	return row
}

func (s *Server) makeWebhook(w http.ResponseWriter, r *http.Request, h hooked) error {
	values, err := readForm(r, "url", "topic_access", "topic_call", "topic_site")
	if err != nil {
		return err
	}
	draft := webhook.Draft{URL: values["url"]}
	for _, topic := range webhook.SiteTopics {
		if values["topic_"+topic] != "" {
			draft.Topics = append(draft.Topics, topic)
		}
	}
	id, err := s.Webhooks.Make(r.Context(), h.by, h.in, draft)
	if err == nil {
		return s.leave(w, r, h.place.Path+"/"+string(id), words.Text("webhook.made"))
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	return s.showWebhooks(w, r, h, status, form)
}

func (s *Server) webhookPage(w http.ResponseWriter, r *http.Request, h hooked) error {
	hook, secret, err := s.Webhooks.Find(r.Context(), h.in, webhook.ID(chi.URLParam(r, "webhook")))
	if err != nil {
		return err
	}
	at := r.URL.Query().Get("after")
	before, _ := strconv.ParseInt(at, 10, 64) // what is no number is the beginning
	deliveries, err := s.Webhooks.Deliveries(r.Context(), hook.ID, before, deliveriesPerPage+1)
	if err != nil {
		return err
	}
	page := WebhookPage{Page: s.base(r, words.Text("webhook.title")), Place: h.place, Webhook: webhookRow(hook), Secret: secret}
	next := ""
	if len(deliveries) > deliveriesPerPage {
		deliveries = deliveries[:deliveriesPerPage]
		next = strconv.FormatInt(deliveries[deliveriesPerPage-1].ID, 10)
	}
	for _, d := range deliveries {
		page.Deliveries = append(page.Deliveries, deliveryRow(d))
	}
	if before <= 0 {
		at = ""
	}
	page.Pages = pagesOf(h.place.Path+"/"+string(hook.ID), nil, at, next)
	page.Notice = s.takeNotice(w, r)
	w.Header().Set("Cache-Control", "no-store") // it has the secret
	s.render(w, r, http.StatusOK, "webhook", page)
	return nil
}

func deliveryRow(d webhook.Delivery) DeliveryRow {
	row := DeliveryRow{
		ID: strconv.FormatInt(d.ID, 10), Kind: strings.ReplaceAll(string(d.Kind), "_", " "), Body: d.Body, At: d.CreatedAt,
		Attempts: d.Attempts, Problem: d.Error, Bad: d.State == webhook.Failed,
		State: words.Text("webhook.state_" + string(d.State)),
	}
	if d.State == webhook.Waiting {
		row.Waits = true
		if d.Error != "" {
			row.State, row.Next = words.Text("webhook.state_again"), &d.NextAt
		}
	}
	return row
}

func (s *Server) removeWebhook(w http.ResponseWriter, r *http.Request, h hooked) error {
	if err := s.Webhooks.Remove(r.Context(), h.by, h.in, webhook.ID(chi.URLParam(r, "webhook"))); err != nil {
		return err
	}
	return s.leave(w, r, h.place.Path, words.Text("webhook.removed"))
}

// tryWebhook sends a message that says nothing; resumed, when the receiver had
// said that it is gone.
func (s *Server) tryWebhook(w http.ResponseWriter, r *http.Request, h hooked) error {
	hook, _, err := s.Webhooks.Find(r.Context(), h.in, webhook.ID(chi.URLParam(r, "webhook")))
	if err == nil && hook.PausedAt != nil {
		err = s.Webhooks.Resume(r.Context(), h.in, hook.ID)
	}
	if err == nil {
		err = s.Webhooks.Try(r.Context(), hook.ID)
	}
	if err != nil {
		return err
	}
	return s.leave(w, r, h.place.Path+"/"+string(hook.ID), words.Text("webhook.tried"))
}

func (s *Server) redeliver(w http.ResponseWriter, r *http.Request, h hooked) error {
	hook, _, err := s.Webhooks.Find(r.Context(), h.in, webhook.ID(chi.URLParam(r, "webhook")))
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(chi.URLParam(r, "delivery"), 10, 64)
	if err != nil {
		return input.Invalid{"": words.Text("webhook.no_delivery")}
	}
	if err := s.Webhooks.Again(r.Context(), hook.ID, id); err != nil {
		return err
	}
	return s.leave(w, r, h.place.Path+"/"+string(hook.ID), words.Text("webhook.again"))
}
