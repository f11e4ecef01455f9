#!/usr/bin/env bash
# Tests the packages in which goroutines meet under the race detector. It is the one thing here that needs cgo; says so,
# and exits 75, where there is no C compiler.
set -euo pipefail
cd "$(dirname "$0")/.."

compiler=$(go env CC)
if ! command -v "${compiler%% *}" >/dev/null; then
	echo "race detector: NOT RUN, it needs a C compiler and $compiler was not found (Debian: apt-get install gcc libc6-dev)."
	exit 75
fi
# Doors and assembly are left out: they hold no state of their own, and Chromium has nothing to do with races.
mapfile -t packages < <(go list ./... | grep -v -E '/(e2e|bench|web|cmd/smsir)(/|$)')
CGO_ENABLED=1 exec go test -race -shuffle=on -timeout 20m "${packages[@]}"
