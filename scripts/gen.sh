#!/usr/bin/env bash
# Writes every generated file from its source. With --check it changes nothing, and fails if one is out of date.
set -euo pipefail
cd "$(dirname "$0")/.."

api=api/openapi.json                  # from the routes and wire types
types=web/src/lib/api/schema.d.ts     # from the API document
sample=docs/smsir.sample.yaml         # from internal/config

# generate writes the files below the folder $1.
generate() {
	mkdir -p "$1/$(dirname "$api")" "$1/$(dirname "$types")" "$1/$(dirname "$sample")"
	go run ./cmd/smsir openapi >"$1/$api.new"
	mv "$1/$api.new" "$1/$api"
	web/node_modules/.bin/openapi-typescript "$1/$api" -o "$1/$types" >&2
	go run ./cmd/smsir config sample >"$1/$sample.new"
	mv "$1/$sample.new" "$1/$sample"
}

if [ "${1:-}" != "--check" ]; then
	generate .
	exit 0
fi

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
generate "$fresh"
stale=0
for file in "$api" "$types" "$sample"; do
	if ! diff -u "$file" "$fresh/$file" >"$fresh/diff" 2>&1; then
		printf 'error: %s is out of date; run "make gen" and commit it. First differences:\n' "$file" >&2
		head -n 20 "$fresh/diff" >&2
		stale=1
	fi
done
[ "$stale" = 0 ] && echo "Generated files are up to date."
exit "$stale"
