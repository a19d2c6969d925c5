// Package internal_test keeps the picture in docs/architecture.md true.
package internal_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows says which of our packages each may import, directly or through
// others. What is not listed may import nothing of ours.
var arrows = map[string][]string{
	"internal/postgres":                       {"migrations"},
	"internal/postgres/binaries/pack":         {"internal/postgres/binaries"},
	"internal/postgres/embedded":              {"internal/postgres/binaries"},
	"internal/postgres/postgrestest":          {"internal/postgres", "internal/postgres/binaries", "internal/postgres/embedded", "migrations"},
	"internal/postgres/postgrestest/alone":    {"internal/postgres/binaries", "internal/postgres/embedded"},
	"internal/input":                          {"internal/words", "static"},
	"internal/account":                        {"internal/input", "internal/ledger", "internal/postgres", "internal/words", "migrations", "static"},
	"internal/account/apitoken":               {"internal/account", "internal/input", "internal/ledger", "internal/postgres", "internal/words", "migrations", "static"},
	"internal/account/accounttest":            {"internal/account", "internal/input", "internal/ledger", "internal/postgres", "internal/words", "migrations", "static"},
	"internal/account/archive":                {"internal/account", "internal/input", "internal/ledger", "internal/postgres", "internal/words", "migrations", "static"},
	"internal/account/factor":                 {"internal/account", "internal/input", "internal/ledger", "internal/postgres", "internal/seal", "internal/words", "migrations", "static"},
	"internal/account/factor/factortest":      {},
	"internal/account/oidc/oidctest":          {},
	"internal/account/oidc":                   {"internal/account", "internal/input", "internal/ledger", "internal/postgres", "internal/words", "migrations", "static"},
	"internal/account/recovery":               {"internal/account", "internal/input", "internal/ledger", "internal/postgres", "internal/words", "migrations", "static"},
	"internal/ledger":                         {"internal/postgres", "migrations"},
	"internal/mail":                           {"internal/input", "internal/jobs", "internal/postgres", "internal/seal", "internal/words", "migrations", "static"},
	"internal/webhook":                        {"internal/account", "internal/input", "internal/ledger", "internal/postgres", "internal/seal", "internal/words", "migrations", "static"},
	"internal/settings":                       {"internal/account", "internal/input", "internal/ledger", "internal/postgres", "internal/words", "migrations", "static"},
	"internal/admin":                          {"internal/account", "internal/input", "internal/ledger", "internal/media", "internal/postgres", "internal/room", "internal/words", "migrations", "static"},
	"internal/health":                         {"internal/words", "static"},
	"internal/metrics":                        {"internal/health", "internal/words", "static"},
	"internal/room":                           {"internal/account", "internal/input", "internal/ledger", "internal/postgres", "internal/words", "migrations", "static"},
	"internal/media/livekit":                  {"internal/media"},
	"internal/media/livekit/livekittest":      {"internal/media", "internal/media/mediatest"},
	"internal/media/mediatest":                {"internal/media"},
	"internal/media/sfu/server":               {"internal/media/sfu"},
	"internal/media/sfu/sfutest":              {"internal/media/sfu", "internal/media/sfu/server", "internal/porttest"},
	"internal/chat":                           {"internal/account", "internal/blob", "internal/input", "internal/ledger", "internal/postgres", "internal/room", "internal/words", "migrations", "static"},
	"internal/call":                           {"internal/account", "internal/blob", "internal/chat", "internal/input", "internal/ledger", "internal/media", "internal/postgres", "internal/room", "internal/words", "migrations", "static"},
	"internal/problem":                        {"internal/account", "internal/account/archive", "internal/account/factor", "internal/account/oidc", "internal/account/recovery", "internal/admin", "internal/blob", "internal/call", "internal/chat", "internal/input", "internal/jobs", "internal/ledger", "internal/mail", "internal/media", "internal/postgres", "internal/room", "internal/seal", "internal/words", "migrations", "static"},
	"internal/eventstream":                    {"internal/account", "internal/account/archive", "internal/account/factor", "internal/account/oidc", "internal/account/recovery", "internal/admin", "internal/blob", "internal/call", "internal/chat", "internal/input", "internal/jobs", "internal/ledger", "internal/mail", "internal/media", "internal/postgres", "internal/problem", "internal/room", "internal/seal", "internal/words", "migrations", "static"},
	"internal/api":                            {"internal/account", "internal/account/apitoken", "internal/account/archive", "internal/account/factor", "internal/account/oidc", "internal/account/recovery", "internal/admin", "internal/blob", "internal/call", "internal/chat", "internal/eventstream", "internal/health", "internal/input", "internal/jobs", "internal/ledger", "internal/mail", "internal/media", "internal/postgres", "internal/problem", "internal/record", "internal/room", "internal/seal", "internal/settings", "internal/webhook", "internal/words", "migrations", "static"},
	"internal/web":                            {"internal/account", "internal/account/apitoken", "internal/account/archive", "internal/account/factor", "internal/account/oidc", "internal/account/recovery", "internal/admin", "internal/api", "internal/blob", "internal/call", "internal/chat", "internal/eventstream", "internal/health", "internal/input", "internal/jobs", "internal/ledger", "internal/mail", "internal/media", "internal/metrics", "internal/postgres", "internal/problem", "internal/record", "internal/room", "internal/seal", "internal/settings", "internal/webhook", "internal/words", "migrations", "static", "templates"},
	"internal/record":                         {"internal/account", "internal/blob", "internal/call", "internal/chat", "internal/input", "internal/ledger", "internal/media", "internal/postgres", "internal/room", "internal/words", "migrations", "static"},
	"internal/words":                          {"static"},
	"internal/media/twilio":                   {"internal/media"},
	"internal/media/twilio/twiliotest":        {"internal/media", "internal/media/mediatest"},
	"internal/media/twilio/twiliotest/double": {"internal/media", "internal/media/mediatest", "internal/media/twilio/twiliotest"},
}

func TestArrows(t *testing.T) {
	const module = "foyer/"
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}:{{join .Deps ","}}`, "foyer/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		path, deps, _ := strings.Cut(strings.TrimSpace(line), ":")
		name := strings.TrimPrefix(path, module)
		if strings.HasPrefix(name, "cmd/") || strings.HasPrefix(name, "bench") {
			continue // they put everything together
		}
		for dep := range strings.SplitSeq(deps, ",") {
			if dep, ours := strings.CutPrefix(dep, module); ours && !slices.Contains(arrows[name], dep) {
				t.Errorf("%s imports %s, which docs/architecture.md does not draw", name, dep)
			}
			if dep == "github.com/livekit/livekit-server/pkg/service" && !strings.HasPrefix(name, "internal/media/sfu/s") {
				t.Errorf("%s imports the SFU's code, so whatever uses it builds slowly", name)
			}
		}
	}
}
