#!/usr/bin/env bash
# Prints, joined by commas, which other people's SMPP programs the tests of e2e/interop find here: node-smpp (npm's package
# smpp), net-smpp (Perl), kannel, tshark. What is missing is installed: npm's from the lock file beside the tests, the others as
# Debian's packages when we are root on a machine with apt. Everything but the list goes to standard error. No service is
# started: the tests start what they need, on free ports, and end it.
# With an argument, only that one is looked for.
set -euo pipefail
cd "$(dirname "$0")/../e2e/interop"

has() {
	case $1 in
	node-smpp) command -v node >/dev/null && [ node_modules/.package-lock.json -nt package-lock.json ] ;;
	net-smpp) command -v perl >/dev/null && perl -MNet::SMPP -e 1 2>/dev/null ;;
	kannel) PATH=$PATH:/usr/sbin command -v bearerbox >/dev/null && PATH=$PATH:/usr/sbin command -v smsbox >/dev/null ;;
	tshark) command -v tshark >/dev/null ;;
	esac
}

wanted=("${@:-}")
[ -n "${wanted[0]}" ] || wanted=(node-smpp net-smpp kannel tshark)

packages=()
for name in "${wanted[@]}"; do
	has "$name" && continue
	case $name in
	node-smpp)
		if command -v npm >/dev/null; then
			{ npm ci --ignore-scripts --no-audit --no-fund && touch node_modules/.package-lock.json; } >&2 </dev/null || true
		fi
		;;
	net-smpp) packages+=(libnet-smpp-perl) ;;
	kannel | tshark) packages+=("$name") ;;
	*) printf 'error: nothing is known of "%s": node-smpp, net-smpp, kannel or tshark\n' "$name" >&2 && exit 2 ;;
	esac
done

if [ "${#packages[@]}" -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	printf 'Installing for the tests with other SMPP programs: %s.\n' "${packages[*]}" >&2
	export DEBIAN_FRONTEND=noninteractive
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then # Debian's way to install a service without starting it
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod +x "$policy"
		trap 'rm -f "$policy"' EXIT
	fi
	{ apt-get update -q && apt-get install -q -y --no-install-recommends "${packages[@]}"; } >&2 </dev/null || true
fi

found=()
for name in "${wanted[@]}"; do
	if has "$name"; then
		found+=("$name")
		continue
	fi
	case $name in
	node-smpp) how='npm ci --ignore-scripts, in e2e/interop' ;;
	net-smpp) how='sudo apt-get install libnet-smpp-perl' ;;
	*) how="sudo apt-get install $name" ;;
	esac
	printf 'note: %s is not here, so what it would test is not run. Debian, Ubuntu: %s\n' "$name" "$how" >&2
done
(IFS=, && printf '%s\n' "${found[*]:-}")
