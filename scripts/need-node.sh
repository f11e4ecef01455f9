#!/usr/bin/env bash
# Checks that Node.js is there and new enough to build and test the web app. Prints nothing when it is.
set -euo pipefail

need="20.19.0" # "engines" in web/package.json

fail() {
	printf 'error: %s\n' "$1" >&2
	printf 'Install Node.js %s or newer, which brings npm: https://nodejs.org/en/download, or your package manager.\n' "$need" >&2
	printf 'Only the web app needs it: "go build ./..." and "go test ./..." do without.\n' >&2
	exit 1
}

command -v node >/dev/null || fail "node was not found in PATH"
command -v npm >/dev/null || fail "npm was not found in PATH"
have=$(node --version)
have=${have#v}
oldest=$(printf '%s\n%s\n' "$need" "$have" | sort -V | head -n 1)
[ "$oldest" = "$need" ] || fail "node is version $have"
