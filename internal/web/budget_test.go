package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// mostOfCallPage is what script and style of the call's page may weigh, as they
// are sent, besides the media service's SDK.
const mostOfCallPage = 150_000 // bytes

// The call's page as a browser fetches it: everything it names, compressed, but for
// the SDK.
func TestCallPageIsLight(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner")
	r := h.room("private", nil, "owner")
	page := h.get("owner", "/r/"+r.Slug)
	if page.status != http.StatusOK {
		t.Fatalf("the page answers %d", page.status)
	}
	sum, scripts, styles := 0, 0, 0
	for _, match := range regexp.MustCompile(`(?:src|href)="(/static/[^"#]+\.(?:js|mjs|css))"`).FindAllStringSubmatch(page.body, -1) {
		address := match[1]
		switch {
		case strings.HasSuffix(address, "/vendor/livekit.mjs"), strings.HasSuffix(address, "/vendor/twilio.mjs"):
			continue // the SDK
		case strings.HasSuffix(address, ".css"):
			styles++
		default:
			scripts++
		}
		sum += h.weight(address)
	}
	t.Logf("%d scripts and %d styles: %d bytes", scripts, styles, sum)
	if scripts < 20 || styles < 2 {
		t.Errorf("%d scripts and %d styles: the page does not name what it uses", scripts, styles)
	}
	if sum > mostOfCallPage {
		t.Errorf("script and style of the call's page weigh %d bytes compressed, more than %d", sum, mostOfCallPage)
	}
}

// weight is how many bytes a browser that takes gzip receives for an address.
func (h *house) weight(address string) int {
	h.Helper()
	answer := h.do("", http.MethodGet, address, "", "", func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") })
	if answer.status != http.StatusOK || answer.header.Get("Content-Encoding") != "gzip" {
		h.Fatalf("%s answers %d, encoded as %q", address, answer.status, answer.header.Get("Content-Encoding"))
	}
	return len(answer.body)
}
