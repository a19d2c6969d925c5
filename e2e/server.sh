#!/bin/sh
# Prints the path of a program that a test puts around Foyer: nginx, caddy, openssl
# or redis-server. Debian as root gets the package of that name when it is missing;
# anywhere else it says what to install.
set -eu

name=$1
find_program() {
	PATH="$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/bin" command -v "$name"
}

find_program && exit

if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ] && command -v apt-get >/dev/null; then
	install="apt-get install -y --no-install-recommends $name"
	export DEBIAN_FRONTEND=noninteractive
	{ $install || { apt-get update && $install; }; } >&2 && find_program && exit
fi
echo "Some tests need $name: install it (Debian: apt-get install $name; macOS: brew install $name)." >&2
exit 1
