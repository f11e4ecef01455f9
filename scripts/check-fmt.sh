#!/usr/bin/env bash
# Fails and names the Go files that "make fmt" would change.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t files < <(git ls-files '*.go')
[ "${#files[@]}" -gt 0 ] || { echo "error: no Go file found" >&2; exit 1; }
unformatted=$(go tool -modfile=tools/go.mod gofumpt -l "${files[@]}")
if [ -n "$unformatted" ]; then
	printf 'Not formatted; run "make fmt":\n%s\n' "$unformatted" >&2
	exit 1
fi
echo "${#files[@]} Go files are formatted."
