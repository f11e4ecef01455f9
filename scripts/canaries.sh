#!/usr/bin/env bash
# Puts each bug of internal/canary into the program in turn and runs the suites that must find it. Prints by which each was
# found, and fails unless all were, and unless the same suites pass without a bug.
#
#   scripts/canaries.sh [BUG...]    all of them, if none is named
set -euo pipefail
cd "$(dirname "$0")/.."

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
export CGO_ENABLED=0
for pkg in internal/store/sqlite internal/accept bench/sim e2e; do
	go test -c -tags canaries -o "$out/$(basename "$pkg").test" "./$pkg"
done

# suite NAME runs one of the suites with the bug of $CANARY; its status is that of the suite.
suite() {
	case $1 in
	store) (cd internal/store/sqlite && "$out/sqlite.test" -test.short -test.run '^TestWriterSyncs$') ;;
	accept) (cd internal/accept && "$out/accept.test" -test.short) ;;
	sim) (cd bench/sim && SIM_SHARED=0 SIM_SEEDS=${SEEDS:-80} SIM_FIRST=1 "$out/sim.test" -test.timeout 15m -test.run '^TestSim$') ;;
	nodes) (cd bench/sim && SMSIR_REQUIRE=postgres SIM_SHARED=1 SIM_SEEDS=${NODE_SEEDS:-60} SIM_FIRST=1 "$out/sim.test" -test.timeout 30m -test.run '^TestSim$') ;;
	power) (cd e2e && SMSIR_CRASH_SEED=7 "$out/e2e.test" -test.timeout 15m -test.run '^TestPowerCuts$') ;;
	crash) (cd e2e && SMSIR_CRASH_KILLS=${KILLS:-6} SMSIR_CRASH_SEED=7 "$out/e2e.test" -test.timeout 15m -test.run '^TestCrash$') ;;
	esac
}

bugs=("$@")
if [ ${#bugs[@]} = 0 ]; then
	mapfile -t bugs < <(sed -n 's/^\t[A-Za-z]* *Bug = "\([a-z-]*\)".*/\1/p' internal/canary/canary.go)
fi
suites=(store accept sim crash power)
if scripts/need-postgres.sh >/dev/null 2>&1; then
	suites+=(nodes)
else
	echo "canaries lease-ignored, buried-alive: not tried, there is no PostgreSQL here"
	others=()
	for bug in "${bugs[@]}"; do
		case $bug in lease-ignored | buried-alive) ;; *) others+=("$bug") ;; esac
	done
	bugs=("${others[@]}")
fi
# A missing sync must be found by what is missing, and not only by a look at the settings; bugs of several nodes by several nodes.
of() {
	case $1 in lease-ignored | buried-alive) echo nodes && return ;; esac
	if [ "$1" = no-sync ] && [ -n "$(scripts/need-strace.sh)" ]; then
		echo power
	else
		echo "${suites[@]}"
	fi
}
found=0 start=$SECONDS
for bug in "${bugs[@]}"; do
	by=
	for name in $(of "$bug"); do
		if ! CANARY=$bug suite "$name" >"$out/log" 2>&1; then
			by=$name
			break
		fi
	done
	if [ -z "$by" ]; then
		echo "canary $bug: LIVES. No suite found it: what these suites pass proves less than it says."
		continue
	fi
	found=$((found + 1))
	why=$(grep -m1 -E 'FAIL  |_test\.go:[0-9]+: [^S]' "$out/log" | sed 's/^ *//' | cut -c1-110 || true)
	echo "canary $bug: found by $by: $why"
done
sound=yes
if [ $# = 0 ]; then
	for name in "${suites[@]}"; do
		if ! CANARY=none suite "$name" >"$out/log" 2>&1; then
			echo "without a bug, suite $name fails:"
			tail -30 "$out/log"
			sound=no
		fi
	done
fi
echo "canaries: $found of ${#bugs[@]} caught, without a bug all pass: $sound ($((SECONDS - start)) s)"
[ "$found" = "${#bugs[@]}" ] && [ $sound = yes ]
