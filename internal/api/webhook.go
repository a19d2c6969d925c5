package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/ledger"
	"foyer/internal/room"
	"foyer/internal/webhook"
)

// Webhook is a program that is told what happens.
type Webhook struct {
	ID        webhook.ID `json:"id" format:"uuid"`
	URL       string     `json:"url"`
	Topics    []string   `json:"topics"`
	CreatedAt time.Time  `json:"created_at"`
	CreatedBy string     `json:"created_by" doc:"Name of who made it; empty when their account is gone."`
	PausedAt  *time.Time `json:"paused_at,omitempty" doc:"Since when nothing is sent, because its receiver said that it is gone."`
	Failing   bool       `json:"failing" doc:"The newest delivery that was tried did not arrive."`
}

func webhookOf(w webhook.Webhook) Webhook {
	return Webhook{w.ID, w.URL, w.Topics, w.CreatedAt, w.By, w.PausedAt, w.Failing}
}

// WebhookWithSecret is a webhook with what its messages are signed with.
type WebhookWithSecret struct {
	Webhook
	Secret string `json:"secret" doc:"What its messages are signed with, as Standard Webhooks describes."`
}

// Delivery is one message to a webhook.
type Delivery struct {
	ID        int64          `json:"id"`
	Kind      ledger.Kind    `json:"kind"`
	Body      map[string]any `json:"body" doc:"What is sent."`
	State     webhook.State  `json:"state" enum:"waiting,delivered,failed"`
	Attempts  int            `json:"attempts"`
	NextAt    *time.Time     `json:"next_at,omitempty" doc:"Of the next attempt, while it waits."`
	Status    int            `json:"status" doc:"Of the last answer; 0: there was none."`
	Error     string         `json:"error" doc:"What went wrong last."`
	CreatedAt time.Time      `json:"created_at"`
	DoneAt    *time.Time     `json:"done_at,omitempty"`
}

func deliveryOf(d webhook.Delivery) Delivery {
	out := Delivery{
		ID: d.ID, Kind: d.Kind, Body: make(map[string]any), State: d.State, Attempts: d.Attempts, Status: d.Status, Error: d.Error,
		CreatedAt: d.CreatedAt, DoneAt: d.DoneAt,
	}
	_ = json.Unmarshal([]byte(d.Body), &out.Body) // an object, as it was made
	if d.State == webhook.Waiting {
		out.NextAt = &d.NextAt
	}
	return out
}

// hooked is whose webhooks a request is about, when the caller may manage them.
type hooked struct {
	in ledger.Room // empty: the site's
	by account.UserID
}

func hookedBy(v room.Visit) (hooked, error) {
	return hooked{ledger.Room(v.Room.ID), v.Person.User}, v.May(room.Ask{Action: room.ManageWebhooks})
}

func (a *API) webhookOperations() {
	s := a.section("Webhooks")
	addRoom(s, op{method: http.MethodGet, path: "/rooms/{slug}/webhooks", id: "listWebhooks", summary: "A room's webhooks", scope: apitoken.RoomsRead,
		about: "For owners, like everything about them."}, ofRoom(a.listWebhooks, nothing))
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/webhooks", id: "createWebhook", summary: "Make a webhook", scope: apitoken.RoomsWrite,
		status: http.StatusCreated}, ofRoom(a.createWebhook, itsDraft))
	addRoom(s, op{method: http.MethodGet, path: "/rooms/{slug}/webhooks/{webhook}", id: "readWebhook", summary: "A webhook, with its secret",
		scope: apitoken.RoomsWrite}, ofRoom(a.readWebhook, itsWebhook))
	addRoom(s, op{method: http.MethodDelete, path: "/rooms/{slug}/webhooks/{webhook}", id: "removeWebhook", summary: "Remove a webhook",
		scope: apitoken.RoomsWrite}, ofRoom(a.removeWebhook, itsWebhook))
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/webhooks/{webhook}/try", id: "tryWebhook", summary: "Send a message to try a webhook",
		scope: apitoken.RoomsWrite, about: "Resumes one that is paused."}, ofRoom(a.tryWebhook, itsWebhook))
	addRoom(s, op{method: http.MethodGet, path: "/rooms/{slug}/webhooks/{webhook}/deliveries", id: "listDeliveries", summary: "What was sent to a webhook",
		scope: apitoken.RoomsRead, about: "The newest first."}, ofRoom(a.listDeliveries, itsDeliveries))
	addRoom(s, op{method: http.MethodPost, path: "/rooms/{slug}/webhooks/{webhook}/deliveries/{delivery}/again", id: "redeliver", summary: "Send a message again",
		scope: apitoken.RoomsWrite, about: "Resumes a webhook that is paused."}, ofRoom(a.redeliver, itsDelivery))

	s = a.section("Site")
	add(s, op{method: http.MethodGet, path: "/admin/webhooks", id: "listSiteWebhooks", summary: "The site's webhooks", scope: apitoken.Admin},
		ofSite(a.listWebhooks))
	add(s, op{method: http.MethodPost, path: "/admin/webhooks", id: "createSiteWebhook", summary: "Make a webhook of the site", scope: apitoken.Admin,
		status: http.StatusCreated}, ofSite(a.createWebhook))
	add(s, op{method: http.MethodGet, path: "/admin/webhooks/{webhook}", id: "readSiteWebhook", summary: "A webhook of the site, with its secret",
		scope: apitoken.Admin}, ofSite(a.readWebhook))
	add(s, op{method: http.MethodDelete, path: "/admin/webhooks/{webhook}", id: "removeSiteWebhook", summary: "Remove a webhook of the site",
		scope: apitoken.Admin}, ofSite(a.removeWebhook))
	add(s, op{method: http.MethodPost, path: "/admin/webhooks/{webhook}/try", id: "trySiteWebhook", summary: "Send a message to try a webhook of the site",
		scope: apitoken.Admin, about: "Resumes one that is paused."}, ofSite(a.tryWebhook))
	add(s, op{method: http.MethodGet, path: "/admin/webhooks/{webhook}/deliveries", id: "listSiteDeliveries", summary: "What was sent to a webhook of the site",
		scope: apitoken.Admin, about: "The newest first."}, ofSite(a.listDeliveries))
	add(s, op{method: http.MethodPost, path: "/admin/webhooks/{webhook}/deliveries/{delivery}/again", id: "redeliverOfSite", summary: "Send a message of the site again",
		scope: apitoken.Admin, about: "Resumes a webhook that is paused."}, ofSite(a.redeliver))
}

// Each operation is there for a room's webhooks and for the site's, with inputs
// that differ in the room: about makes one of the other.
type (
	AboutWebhook struct {
		Webhook webhook.ID `path:"webhook" maxLength:"64"`
	}
	AboutDeliveries struct {
		AboutWebhook
		Paged
	}
	AboutDelivery struct {
		AboutWebhook
		Delivery int64 `path:"delivery" minimum:"1"`
	}
	WebhookDraft struct {
		Body struct {
			URL    string   `json:"url" maxLength:"2000" example:"https://example.org/hook"`
			Topics []string `json:"topics" minItems:"1" maxItems:"3" enum:"call,access,site" doc:"Calls and who comes and goes; who may do what; accounts and settings of the site, for its webhooks only."`
		}
	}

	roomWebhooks struct{ AboutRoom }
	roomWebhook  struct {
		AboutRoom
		AboutWebhook
	}
	roomDeliveries struct {
		AboutRoom
		AboutDeliveries
	}
	roomDelivery struct {
		AboutRoom
		AboutDelivery
	}
	createRoomWebhook struct {
		AboutRoom
		WebhookDraft
	}
)

func ofRoom[I, O any, R roomed](handle func(context.Context, hooked, *I) (*O, error), part func(*R) *I) func(context.Context, room.Visit, *R) (*O, error) {
	return func(ctx context.Context, v room.Visit, in *R) (*O, error) {
		h, err := hookedBy(v)
		if err != nil {
			return nil, err
		}
		return handle(ctx, h, part(in))
	}
}

func ofSite[I, O any](handle func(context.Context, hooked, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		return handle(ctx, hooked{by: callerOf(ctx).user()}, in)
	}
}

func nothing(*roomWebhooks) *struct{}                   { return &struct{}{} }
func itsWebhook(in *roomWebhook) *AboutWebhook          { return &in.AboutWebhook }
func itsDeliveries(in *roomDeliveries) *AboutDeliveries { return &in.AboutDeliveries }
func itsDelivery(in *roomDelivery) *AboutDelivery       { return &in.AboutDelivery }
func itsDraft(in *createRoomWebhook) *WebhookDraft      { return &in.WebhookDraft }

func (a *API) listWebhooks(ctx context.Context, h hooked, _ *struct{}) (*body[list[Webhook]], error) {
	found, err := a.Webhooks.List(ctx, h.in)
	return answer(list[Webhook]{each(found, webhookOf)}, err)
}

func (a *API) createWebhook(ctx context.Context, h hooked, in *WebhookDraft) (*body[WebhookWithSecret], error) {
	id, err := a.Webhooks.Make(ctx, h.by, h.in, webhook.Draft{URL: in.Body.URL, Topics: in.Body.Topics})
	if err != nil {
		return nil, err
	}
	return a.readWebhook(ctx, h, &AboutWebhook{id})
}

func (a *API) readWebhook(ctx context.Context, h hooked, in *AboutWebhook) (*body[WebhookWithSecret], error) {
	found, secret, err := a.Webhooks.Find(ctx, h.in, in.Webhook)
	return answer(WebhookWithSecret{webhookOf(found), secret}, err)
}

func (a *API) removeWebhook(ctx context.Context, h hooked, in *AboutWebhook) (*none, error) {
	return done(a.Webhooks.Remove(ctx, h.by, h.in, in.Webhook))
}

func (a *API) tryWebhook(ctx context.Context, h hooked, in *AboutWebhook) (*none, error) {
	found, _, err := a.Webhooks.Find(ctx, h.in, in.Webhook)
	if err == nil && found.PausedAt != nil {
		err = a.Webhooks.Resume(ctx, h.in, found.ID)
	}
	if err == nil {
		err = a.Webhooks.Try(ctx, found.ID)
	}
	return done(err)
}

const deliveriesPerPage = 50

func (a *API) listDeliveries(ctx context.Context, h hooked, in *AboutDeliveries) (*body[page[Delivery]], error) {
	found, _, err := a.Webhooks.Find(ctx, h.in, in.Webhook)
	if err != nil {
		return nil, err
	}
	at, err := a.place(listOf("deliveries", found.ID), in.After)
	if err != nil {
		return nil, err
	}
	before := int64(0)
	if at != "" {
		if before, err = strconv.ParseInt(at, 10, 64); err != nil {
			return nil, err
		}
	}
	deliveries, err := a.Webhooks.Deliveries(ctx, found.ID, before, deliveriesPerPage+1)
	if err != nil {
		return nil, err
	}
	deliveries, next := cut(deliveries, deliveriesPerPage, func(d webhook.Delivery) string { return strconv.FormatInt(d.ID, 10) })
	return answer(page[Delivery]{each(deliveries, deliveryOf), a.next(listOf("deliveries", found.ID), next)}, nil)
}

func (a *API) redeliver(ctx context.Context, h hooked, in *AboutDelivery) (*none, error) {
	found, _, err := a.Webhooks.Find(ctx, h.in, in.Webhook)
	if err != nil {
		return nil, err
	}
	return done(a.Webhooks.Again(ctx, found.ID, in.Delivery))
}
