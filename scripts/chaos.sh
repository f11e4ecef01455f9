#!/usr/bin/env bash
# Tries to make the gateway lose, double or lie about a message, for $1 minutes (0: one pass of everything), and ends with one
# line of numbers. Fails if anything did. Further arguments are those of bench/chaos.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
exec go run ./bench/chaos -minutes "${1:?number of minutes}" "${@:2}"
