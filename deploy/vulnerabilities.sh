#!/bin/sh
# Asks the databases of known weaknesses about everything that Foyer is made of and
# tested with: that of Go, and that of npm for scripts. To be run before each
# release; docs/security.md says by when what it finds is to be mended.
#
# It ends with 0 when nothing is known, 1 when something is, and 2 when a database did
# not answer: then nothing was shown.
set -u
cd "$(dirname "$0")/.."
found=0 unasked=0

unasked() {
	unasked=1
	echo "NOT CHECKED: $1: its database did not answer." >&2
}

go build -o bin/govulncheck golang.org/x/vuln/cmd/govulncheck || exit 2
for module in $(find . -name go.mod -not -path '*/node_modules/*' | sort); do
	at=$(dirname "$module")
	echo "== Go: $at"
	# Of the program, only what it calls counts; of what only tests use, everything.
	if [ "$at" = . ]; then what=./...; else what="-scan=package all"; fi
	bin/govulncheck -C "$at" $what
	case $? in
	0) ;;
	3) found=1 ;;
	*) unasked "$at" ;;
	esac
done
for lock in $(find . -name package-lock.json -not -path '*/node_modules/*' | sort); do
	at=$(dirname "$lock")
	echo "== npm: $at"
	report=$(npm audit --json --package-lock-only --prefix "$at" 2>/dev/null)
	clean=$?
	case $report in
	*'"auditReportVersion"'*) [ $clean -eq 0 ] || { found=1; echo "$report"; } ;;
	*) unasked "$at" ;;
	esac
done
echo "== PostgreSQL $(sed -n 's/.*"@embedded-postgres\/linux-x64": "\(.*\)".*/\1/p' internal/postgres/binaries/package.json): in none of these, see https://www.postgresql.org/support/security/"

[ $unasked -eq 0 ] || { echo "Nothing is shown until every database has answered: run this again where they can be reached." >&2; exit 2; }
[ $found -eq 0 ] || { echo "Something is known: see above, and docs/security.md for by when to mend it." >&2; exit 1; }
echo "Nothing is known."
