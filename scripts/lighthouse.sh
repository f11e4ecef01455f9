#!/usr/bin/env bash
# Measures login, compose, history and home with Lighthouse in a real browser, on a server of its own, and prints a table: the
# median of RUNS (3) for each page. Lighthouse is pinned in web/lighthouse and installed there (200 packages, 190 MB), because
# nothing else needs it. REPORTS=folder keeps the full reports.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -d web/lighthouse/node_modules/lighthouse ] || npm --prefix web/lighthouse ci --ignore-scripts --no-audit --no-fund >&2
exec scripts/with-server.sh node web/lighthouse/measure.mjs
