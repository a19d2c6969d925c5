#!/bin/sh
# Runs a command that fetches something, and again a little later when it fails: a
# network may be away for a moment.
for pause in 5 15 45; do
	"$@" && exit
	echo "That failed; once more in $pause seconds: $*" >&2
	sleep "$pause"
done
exec "$@"
