#!/usr/bin/env bash
# Prints a folder for the temporary files of tests that are not about the disk: /dev/shm, where a sync costs nothing, if it has
# room, memory to spare, and may run programs; else the usual one.
set -euo pipefail

fast=/dev/shm
room() { # in kB, of the file system and of memory
	local disk memory
	disk=$(df --output=avail -k "$fast" | tail -n 1)
	memory=$(awk '$1 == "MemAvailable:" {print $2}' /proc/meminfo)
	[ "$disk" -ge 2000000 ] && [ "$memory" -ge 6000000 ]
}
runs() {
	local file status=0
	file=$(mktemp "$fast/smsir-XXXXXX")
	printf '#!/bin/sh\n' >"$file" && chmod +x "$file"
	"$file" || status=$?
	rm -f "$file"
	return "$status"
}

if [ -z "${TMPDIR:-}" ] && [ -d "$fast" ] && [ -w "$fast" ] && { room && runs; } 2>/dev/null; then
	echo "$fast"
else
	echo "${TMPDIR:-/tmp}"
fi
