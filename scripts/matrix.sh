#!/usr/bin/env bash
# Every client in every way it can meet the box: one JSON line a cell. Filters and settings: scripts/matrix/README.md.
set -euo pipefail
. "$(dirname "$0")/env.sh"
need_root matrix
scripts/init.sh >&2
exec node scripts/matrix/main.ts
