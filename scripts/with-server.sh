#!/usr/bin/env bash
# Starts bin/smsir on an empty data folder, runs a command with SMSIR_URL, SMSIR_SETUP_URL and CHROMIUM set, and ends the server.
set -euo pipefail
cd "$(dirname "$0")/.."

CHROMIUM=$(scripts/need-chromium.sh)
data=$(mktemp -d)
bin/smsir serve --data-dir "$data/data" --listen 127.0.0.1:0 >"$data/said" 2>"$data/log" &
server=$!
finish() {
	kill "$server" 2>/dev/null && wait "$server" || true
	rm -rf "$data"
}
trap finish EXIT

link=''
for _ in $(seq 300); do
	link=$(grep -o 'http://[^ ]*/setup#code=[^ ]*' "$data/said" || true)
	[ -z "$link" ] || break
	sleep 0.1
done
if [ -z "$link" ]; then
	echo "error: the server printed no setup link:" >&2
	cat "$data/said" "$data/log" >&2
	exit 1
fi
CHROMIUM=$CHROMIUM SMSIR_URL=${link%%/setup*} SMSIR_SETUP_URL=$link "$@"
