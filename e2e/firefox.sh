#!/bin/sh
# Prints the path of a Firefox on this machine. Debian as root, and without one, gets
# the package firefox-esr; anywhere else it says what to install.
set -eu

find_browser() {
	if [ -n "${FIREFOX:-}" ]; then
		command -v "$FIREFOX" && return
	fi
	for name in firefox-esr firefox; do
		command -v "$name" && return
	done
	for path in "/Applications/Firefox.app/Contents/MacOS/firefox" "$HOME/Applications/Firefox.app/Contents/MacOS/firefox" /snap/bin/firefox; do
		if [ -x "$path" ]; then
			echo "$path"
			return
		fi
	done
	return 1
}

find_browser && exit

if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ] && command -v apt-get >/dev/null; then
	install="apt-get install -y --no-install-recommends firefox-esr"
	export DEBIAN_FRONTEND=noninteractive
	{ $install || { apt-get update && $install; }; } >&2 && find_browser && exit
fi
echo "The browser tests need Firefox: install it (Debian: apt-get install firefox-esr; macOS: brew install --cask firefox), or name its program in FIREFOX." >&2
exit 1
