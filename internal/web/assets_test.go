package web

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// The room page names all modules of its script, so that the browser need not
// find them one after the other.
func TestModules(t *testing.T) {
	t.Parallel()
	assets, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	got, err := assets.modules("js/app/room.js", "js/media/livekit.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"js/core/call.js", "js/core/emitter.js", "js/media/livekit.js", "vendor/livekit.mjs", "vendor/words.mjs"} {
		if !slices.Contains(got, assets.prefix+want) {
			t.Errorf("%s is not among %s", want, strings.Join(got, "\n"))
		}
	}
	if slices.Contains(got, assets.prefix+"js/app/room.js") || slices.Contains(got, assets.prefix+"vendor/twilio.mjs") {
		t.Errorf("more than is imported: %s", strings.Join(got, "\n"))
	}
	if _, err := assets.modules("js/app/nothing.js"); err == nil {
		t.Error("no error for a module that is not there")
	}
}

// Nothing that only people read goes over the wire, and nothing else is changed.
func TestAssetsAreSentWithoutComments(t *testing.T) {
	t.Parallel()
	assets, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range assets.files {
		sent := string(file.sent())
		switch path.Ext(name) {
		case ".js", ".css":
			if len(sent) == 0 || len(sent) >= len(file.source) {
				t.Errorf("%s: %d bytes in the repository, %d are sent", name, len(file.source), len(sent))
			}
			if strings.Contains(sent, "/**") || strings.Contains(sent, "\n\n") || strings.Contains(sent, "\n// ") {
				t.Errorf("%s is sent with comments", name)
			}
		default:
			if sent != string(file.source) {
				t.Errorf("%s is not sent as it is", name)
			}
		}
	}
	if got := string(withoutComments("a.js", []byte("const a = 1; // one\nlet = ;"))); got != "const a = 1; // one\nlet = ;" {
		t.Errorf("what cannot be read is sent as %q", got)
	}
}
