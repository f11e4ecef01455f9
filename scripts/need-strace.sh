#!/usr/bin/env bash
# Prints "strace" if it is here, which records what the gateway writes to the disk (bench/powercut); else nothing. It is
# installed as Debian's package when we are root on a machine with apt. Everything else goes to standard error.
set -euo pipefail

has() { command -v strace >/dev/null; }

if ! has && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	printf 'Installing for the power cuts: strace.\n' >&2
	export DEBIAN_FRONTEND=noninteractive
	{ apt-get update -q && apt-get install -q -y --no-install-recommends strace; } >&2 </dev/null || true
fi
if has; then
	echo strace
else
	printf 'note: strace is not here, so no power cuts are tried. Debian, Ubuntu: sudo apt-get install strace\n' >&2
fi
