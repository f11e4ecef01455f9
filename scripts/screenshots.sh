#!/usr/bin/env bash
# Writes the pictures of the manual and the README into docs/manual/images: the main screens on a phone and a desk, light and
# dark, of a server of its own that holds sample data only.
set -euo pipefail
cd "$(dirname "$0")/.."

exec scripts/with-server.sh node web/e2e/screenshots.mjs docs/manual/images
