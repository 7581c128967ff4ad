#!/usr/bin/env bash
# Half an hour of real clients on a box whose disk is too small for what they want: its memory, and their bytes. MINUTES (30).
set -euo pipefail
. "$(dirname "$0")/env.sh"
need_root soak
scripts/init.sh
exec node scripts/soak/main.ts
