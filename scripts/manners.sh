#!/usr/bin/env bash
# An ordinary user beside a box that fills, with the box's manners and without them: scripts/manners/README.md.
set -euo pipefail
. "$(dirname "$0")/env.sh"
need_root manners
scripts/init.sh
exec node scripts/manners/main.ts
