#!/usr/bin/env bash
# What thousands of held connections and a storm of hostile ones cost the box. Settings: scripts/flood/settings.ts.
set -euo pipefail
. "$(dirname "$0")/env.sh"
if [ "$(id -u)" != 0 ]; then
  echo "swarmbox: the flood makes network namespaces and needs root: run it as root, e.g. sudo make flood" >&2
  exit 1
fi
scripts/init.sh
exec node scripts/flood/main.ts
