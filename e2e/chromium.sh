#!/bin/sh
# Prints the path of a Chromium or Chrome on this machine. Debian as root, and
# without one, gets the package chromium; anywhere else it says what to install.
set -eu

find_browser() {
	if [ -n "${CHROMIUM:-}" ]; then
		command -v "$CHROMIUM" && return
	fi
	for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
		command -v "$name" && return
	done
	for path in \
		"/Applications/Chromium.app/Contents/MacOS/Chromium" \
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
		"$HOME/Applications/Chromium.app/Contents/MacOS/Chromium" \
		"$HOME/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
		/opt/google/chrome/chrome \
		/snap/bin/chromium
	do
		if [ -x "$path" ]; then
			echo "$path"
			return
		fi
	done
	return 1
}

find_browser && exit

if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ] && command -v apt-get >/dev/null; then
	install="apt-get install -y --no-install-recommends chromium"
	export DEBIAN_FRONTEND=noninteractive
	{ $install || { apt-get update && $install; }; } >&2 && find_browser && exit
fi
echo "The browser tests need Chromium or Chrome: install it (Debian: apt-get install chromium; macOS: brew install --cask chromium), or name its program in CHROMIUM." >&2
exit 1
