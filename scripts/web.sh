#!/usr/bin/env bash
# Builds the page into web/dist.
set -euo pipefail
. "$(dirname "$0")/env.sh"
[ -e node_modules/.installed ] || scripts/init.sh
vite build --logLevel warn web
vite build --logLevel warn --mode central web
node scripts/page-size.ts
