#!/usr/bin/env bash
# Prints the path of a Chromium for the browser tests: $CHROMIUM, else one in PATH, else Debian's package, which is
# installed when we are root on a machine with apt. Everything but the path goes to standard error.
set -euo pipefail

works() { "$1" --version >/dev/null 2>&1; }

find_browser() {
	local name path
	for name in chromium chromium-browser google-chrome google-chrome-stable; do
		if path=$(command -v "$name") && works "$path"; then
			printf '%s\n' "$path"
			return 0
		fi
	done
	return 1
}

if [ -n "${CHROMIUM:-}" ]; then
	if ! path=$(command -v "$CHROMIUM") || ! works "$path"; then
		printf 'error: CHROMIUM is set to %s, which does not run. Set it to the path of a Chromium, or unset it.\n' "$CHROMIUM" >&2
		exit 1
	fi
	printf '%s\n' "$path"
	exit 0
fi

find_browser && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	printf 'Chromium was not found: installing the package "chromium".\n' >&2
	export DEBIAN_FRONTEND=noninteractive
	{ apt-get update -q && apt-get install -q -y --no-install-recommends chromium; } >&2 </dev/null
	find_browser && exit 0
fi

cat >&2 <<'TEXT'
error: the browser tests need Chromium, and none was found.
  Debian, Ubuntu:  sudo apt-get install chromium
  Fedora:          sudo dnf install chromium
  macOS:           brew install --cask chromium
  elsewhere:       set CHROMIUM to the path of a Chromium or Chrome
"make test-go test-web" runs everything else.
TEXT
exit 1
