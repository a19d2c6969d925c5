package web

import (
	"strings"

	"foyer/internal/words"
)

// browsers by what their User-Agent says and others' do not, in the order to look:
// almost all claim to be Safari, and many to be Chrome.
var browsers = []struct{ mark, name string }{
	{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"},
	{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
}

// system is what a browser runs on.
type system struct {
	name     string
	handheld bool
}

var systems = []struct {
	mark string
	system
}{
	{"iPhone", system{"iPhone", true}}, {"iPad", system{"iPad", true}}, {"Android", system{"Android", true}},
	{"CrOS", system{"ChromeOS", false}}, {"Windows", system{"Windows", false}}, {"Mac OS X", system{"macOS", false}}, {"Linux", system{"Linux", false}},
}

// device says in names which browser on what sent a User-Agent. Either may be
// empty: it is what the browser says, and there are browsers that nobody knows.
func device(agent string) (browser string, on system) {
	for _, b := range browsers {
		if strings.Contains(agent, b.mark) {
			browser = b.name
			break
		}
	}
	for _, s := range systems {
		if strings.Contains(agent, s.mark) {
			return browser, s.system
		}
	}
	return browser, system{}
}

func deviceName(browser string, on system) string {
	switch {
	case browser != "" && on.name != "":
		return words.Text("places.browser_on", "browser", browser, "system", on.name)
	case browser+on.name != "":
		return browser + on.name
	}
	return words.Text("places.unknown")
}
