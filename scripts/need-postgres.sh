#!/usr/bin/env bash
# Prints the folder of PostgreSQL's server programs for the tests of the PostgreSQL store: that of an initdb in PATH, else
# the newest below /usr/lib/postgresql, else Debian's package, which is installed when we are root on a machine with apt.
# Everything but the path goes to standard error. The tests start a cluster of their own; no service is needed.
set -euo pipefail

find_server() {
	local path dir
	if path=$(command -v initdb) && dir=$(dirname "$(readlink -f "$path")") && [ -x "$dir/postgres" ]; then
		printf '%s\n' "$dir"
		return 0
	fi
	for dir in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
		if [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ]; then
			printf '%s\n' "$dir"
			return 0
		fi
	done
	return 1
}

find_server && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	printf 'PostgreSQL was not found: installing the package "postgresql", without a cluster of its own.\n' >&2
	export DEBIAN_FRONTEND=noninteractive
	mkdir -p /etc/postgresql-common
	[ -e /etc/postgresql-common/createcluster.conf ] || printf 'create_main_cluster = false\n' >/etc/postgresql-common/createcluster.conf
	{ apt-get update -q && apt-get install -q -y --no-install-recommends postgresql; } >&2 </dev/null || true
	find_server && exit 0
fi

cat >&2 <<'TEXT'
error: the tests of the PostgreSQL store need the server's programs (initdb, postgres) of version 14 or newer, and none were found.
  Debian, Ubuntu:  sudo apt-get install postgresql
  Fedora:          sudo dnf install postgresql-server
  macOS:           brew install postgresql@16, and put its bin folder into PATH
  elsewhere:       put the folder of initdb and postgres into PATH
"go test ./..." runs without them and says what it skipped.
TEXT
exit 1
