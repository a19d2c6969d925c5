package web

import "testing"

func TestDevice(t *testing.T) {
	t.Parallel()
	const chrome = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
	tests := []struct{ agent, want string }{
		{"Mozilla/5.0 (X11; Linux x86_64) " + chrome + " Safari/537.36", "Chrome on Linux"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + chrome + " Safari/537.36 Edg/140.0.0.0", "Edge on Windows"},
		{"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15", "Safari on macOS"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"},
		{"Mozilla/5.0 (Linux; Android 15; SM-S931B) " + chrome + " Mobile Safari/537.36", "Chrome on Android"},
		{"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) " + chrome + " Safari/537.36", "Chrome on ChromeOS"},
		{"curl/8.0", "A browser that does not say its name"},
		{"something on Linux", "Linux"},
		{"", "A browser that does not say its name"},
	}
	for _, test := range tests {
		if got := deviceName(device(test.agent)); got != test.want {
			t.Errorf("%q is %q, want %q", test.agent, got, test.want)
		}
	}
}
