#!/usr/bin/env bash
# The page with a made-up box behind it, for those who work on the page. Ends with Ctrl-C.
set -euo pipefail
. "$(dirname "$0")/env.sh"
[ -e node_modules/.installed ] || scripts/init.sh
exec node web/mock/dev.ts
