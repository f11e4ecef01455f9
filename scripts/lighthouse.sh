#!/usr/bin/env bash
# Measures login, compose, history and home with Lighthouse in a real browser, on a server of its own, and prints a table: the
# median of RUNS (3) for each page. Lighthouse is pinned in web/lighthouse and installed there (200 packages, 190 MB), because
# nothing else needs it. REPORTS=folder keeps the full reports.
set -euo pipefail
cd "$(dirname "$0")/.."

CHROMIUM=$(scripts/need-chromium.sh)
[ -d web/lighthouse/node_modules/lighthouse ] || npm --prefix web/lighthouse ci --ignore-scripts --no-audit --no-fund >&2
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
CHROMIUM=$CHROMIUM SMSIR_URL=${link%%/setup*} SMSIR_SETUP_URL=$link node web/lighthouse/measure.mjs
