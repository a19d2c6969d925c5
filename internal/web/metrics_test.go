package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/room"
)

// metrics asks for the figures as a program with a token would.
func (h *house) metrics(token account.Token) answer {
	h.Helper()
	return h.do("", http.MethodGet, "/metrics", "", "", carrying(token))
}

func TestWhoReadsMetrics(t *testing.T) {
	t.Parallel()
	h := newAPIHouse(t)
	for _, test := range []struct {
		who   string
		token account.Token
		want  int
	}{
		{"nobody", "", 401},
		{"a wrong token", "foyer_pat_wrong", 401},
		{"an administrator", h.apiToken("admin", apitoken.Metrics), 200},
		{"an administrator's token for the desk", h.apiToken("admin", apitoken.Admin), 403},
		{"somebody else", h.apiToken("owner", apitoken.Metrics), 404},
		{"a service", h.robotToken(apitoken.Metrics), 200},
		{"a service's token for rooms", h.robotToken(apitoken.RoomsRead), 403},
	} {
		if got := h.metrics(test.token); got.status != test.want {
			t.Errorf("%s: %d, want %d: %s", test.who, got.status, test.want, got.body)
		}
	}
	if got := h.get("admin", "/metrics"); got.status != 401 {
		t.Errorf("by an administrator's cookie: %d", got.status)
	}
}

func TestWhatMetricsSay(t *testing.T) {
	t.Parallel()
	h := newAPIHouse(t)
	r := h.room("open", map[string]room.Role{"member": room.Member}, "owner")
	path := "/r/" + r.Slug
	h.enter("owner", path)
	h.enter("member", path)
	h.get("", "/nothing/here/"+r.Slug)
	h.get("", "/r/"+r.Slug+"x")
	h.do("", "BREW", "/login", "", "")
	h.health.Look(t.Context())
	token := h.robotToken(apitoken.Metrics)
	var got answer
	h.waitFor("the database gives its figures in the time that it has", func() bool {
		got = h.metrics(token)
		return strings.Contains(got.body, "foyer_participants ")
	})
	for _, want := range []string{
		`foyer_build_info{version="test"} 1`,
		"foyer_calls 1",
		"foyer_participants 2",
		`foyer_http_requests_total{method="POST",route="/r/{slug}/join",status="200"} 2`,
		`foyer_http_requests_total{method="GET",route="/r/{slug}",status="303"} 1`,
		`foyer_http_requests_total{method="any",route="",status="404"} 1`,
		`foyer_http_requests_total{method="any",route="",status="405"} 1`,
		`foyer_http_request_duration_seconds_count{route="/r/{slug}/join"} 2`,
		`foyer_http_requests_open{kind="page"} 1`, // this one
		`foyer_part_healthy{part=`,
		"foyer_database_connections_max ",
		"go_goroutines ",
	} {
		if !strings.Contains(got.body, want) {
			t.Errorf("without %q", want)
		}
	}
	for _, name := range []string{r.Slug, string(r.ID), "owner", "BREW"} {
		if strings.Contains(got.body, name) {
			t.Errorf("names %q", name)
		}
	}
	if line := regexp.MustCompile(`(?m)^foyer_http_requests_total.*$`).FindAllString(got.body, -1); t.Failed() {
		t.Log(strings.Join(line, "\n"))
	}
}
