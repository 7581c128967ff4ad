#!/usr/bin/env bash
# Half an hour of real clients on a box whose disk is too small for what they want: its memory, and their bytes. MINUTES (30).
set -euo pipefail
. "$(dirname "$0")/env.sh"
if [ "$(id -u)" != 0 ]; then
  echo "swarmbox: the soak makes network namespaces and needs root: run it as root, e.g. sudo make soak" >&2
  exit 1
fi
scripts/init.sh
exec node scripts/soak/main.ts
