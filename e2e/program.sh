#!/bin/sh
# Prints the path of a program that the browser tests use: chromium (or Chrome), firefox,
# or one that a test puts around Foyer, like nginx. Debian as root gets the package when
# it is missing; anywhere else it says what to install. CHROMIUM and FIREFOX name others.
set -eu

name=$1
package=$name
brew=$name
chosen=
PATH="$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/bin"
case $name in
chromium)
	chosen=${CHROMIUM:-}
	brew="--cask chromium"
	set -- chromium chromium-browser google-chrome google-chrome-stable chrome \
		"/Applications/Chromium.app/Contents/MacOS/Chromium" \
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
		"${HOME:-}/Applications/Chromium.app/Contents/MacOS/Chromium" \
		"${HOME:-}/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
		/opt/google/chrome/chrome \
		/snap/bin/chromium
	;;
firefox)
	chosen=${FIREFOX:-}
	package=firefox-esr
	brew="--cask firefox"
	set -- firefox-esr firefox \
		"/Applications/Firefox.app/Contents/MacOS/firefox" \
		"$HOME/Applications/Firefox.app/Contents/MacOS/firefox" \
		/snap/bin/firefox
	;;
esac

find_program() {
	for candidate in "$chosen" "$@"; do
		[ -n "$candidate" ] && command -v "$candidate" && return
	done
	return 1
}

find_program "$@" && exit

if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ] && command -v apt-get >/dev/null; then
	# A machine that has just started may be installing things itself: apt-get waits for
	# the lock of packages, but not for that of their lists.
	apt="apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=5"
	install="$apt install -y --no-install-recommends $package"
	export DEBIAN_FRONTEND=noninteractive
	for pause in 0 10 30; do
		sleep "$pause"
		{ $install || { $apt update && $install; }; } >&2 && find_program "$@" && exit
	done
fi
echo "The browser tests need $name: install it (Debian: apt-get install $package; macOS: brew install $brew)." >&2
exit 1
