#!/usr/bin/env bash
# Kills a loaded server $1 times and fails unless the test ran and its oracle found every message accounted for.
set -euo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
SMSIR_CRASH_KILLS=${1:?number of kills} go test -timeout 4h -count=1 -v -run '^TestCrash$' ./e2e | tee "$log"
if ! grep -q '^--- PASS: TestCrash' "$log"; then
	echo "error: no crash test ran" >&2
	exit 1
fi
