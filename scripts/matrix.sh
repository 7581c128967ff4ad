#!/usr/bin/env bash
# Every client in every way it can meet the box: one JSON line a cell. Filters and settings: scripts/matrix/README.md.
set -euo pipefail
. "$(dirname "$0")/env.sh"
if [ "$(id -u)" != 0 ]; then
  echo "swarmbox: the matrix makes network namespaces and needs root: run it as root, e.g. sudo make matrix" >&2
  exit 1
fi
scripts/init.sh >&2
exec node scripts/matrix/main.ts
