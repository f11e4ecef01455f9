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
# Assembly is left out, since Chromium has nothing to do with races, and so are tables of a thousand requests one after the other
# and packages without a goroutine, which take long and show none. So is go vet, which finds the same without the detector.
mapfile -t packages < <(go list ./... | grep -v -E '/(e2e|bench|web|cmd/smsir|gsm|internal/number)(/|$)')
GOTMPDIR=${TMPDIR:-/tmp}
TMPDIR=$(scripts/fast-tmp.sh)
export GOTMPDIR TMPDIR
CGO_ENABLED=1 exec go test -race -vet=off -shuffle=on -timeout 20m -skip '^(TestAccessMatrix|TestMissingAndForeignAreAlike)$' "${packages[@]}"
