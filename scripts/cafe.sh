#!/usr/bin/env bash
# The virtual cafe: real clients, tracker and seeders in network namespaces around the real daemon. Settings: scripts/cafe/settings.ts.
set -euo pipefail
. "$(dirname "$0")/env.sh"
need_root cafe
scripts/init.sh
# The page is part of what is shown; an old one would show another daemon.
if [ -e web/index.html ] && { [ ! -e web/dist/index.html ] || [ -n "$(find web src/admin -newer web/dist/index.html -type f -not -path 'web/dist/*' -print -quit)" ]; }; then
  scripts/web.sh
fi
exec node scripts/cafe/main.ts
