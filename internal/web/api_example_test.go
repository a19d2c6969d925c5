package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"foyer/internal/account/apitoken"
)

// The example lets visitors of its own page into a call.
func TestFrontDesk(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "frontdesk")
	if out, err := exec.Command("go", "build", "-o", program, "foyer/examples/frontdesk").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	h := newHouse(t, "ana")
	token := h.apiToken("ana", apitoken.RoomsRead, apitoken.RoomsWrite, apitoken.Media)
	sdk := filepath.Join(t.TempDir(), "sdk.mjs")
	if err := os.WriteFile(sdk, []byte("export {}"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	desk := exec.CommandContext(ctx, program, "-listen", "127.0.0.1:0", "-foyer", h.url, "-sdk", sdk)
	desk.Env = append(os.Environ(), "FOYER_TOKEN="+string(token))
	out, err := desk.StdoutPipe()
	if err == nil {
		err = desk.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = desk.Wait() })
	said, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(said, "open ")
	address, _, _ := strings.Cut(after, ",")
	ask := func(method, path, body string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, address+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		raw, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(raw)
	}
	for _, path := range []string{"/", "/page.js", "/sdk.mjs"} {
		if status, body := ask("GET", path, ""); status != http.StatusOK || body == "" {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
	status, body := ask("POST", "/visitors", `{"name": "Zoe"}`)
	var in ticket
	if err := json.Unmarshal([]byte(body), &in); status != http.StatusOK || err != nil {
		t.Fatalf("a visitor: %d %s", status, body)
	}
	connection := h.connect(in)
	people := h.program(token, "GET", "/rooms/front-desk/participants", "")
	if !strings.Contains(people.body, `"display_name":"Zoe","role":"guest"`) {
		t.Errorf("who is in: %s", people.body)
	}
	// The gate is reached through it: it asks for a token, whichever page sends one.
	if status, _ := ask("GET", "/rtc/v1/validate", ""); status != http.StatusUnauthorized {
		t.Errorf("the gate: %d", status)
	}
	h.sql(`update rooms set locked_at = now()`)
	if status, body := ask("POST", "/visitors", `{"name": "Yan"}`); status != http.StatusForbidden || !strings.Contains(body, "locked") {
		t.Errorf("a locked room: %d %s", status, body)
	}
	if status, body := ask("POST", "/visitors", `{"name": ""}`); status != http.StatusUnprocessableEntity {
		t.Errorf("no name: %d %s", status, body)
	}
	h.sql(`delete from sessions where api`)
	h.wantOut("after the token was revoked", connection)
	if status, _ := ask("POST", "/visitors", `{"name": "Yan"}`); status != http.StatusBadGateway {
		t.Errorf("without a token: %d", status)
	}
}
