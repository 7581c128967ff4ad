#!/usr/bin/env bash
# What thousands of held connections and a storm of hostile ones cost the box. Settings: scripts/flood/settings.ts.
set -euo pipefail
. "$(dirname "$0")/env.sh"
need_root flood
scripts/init.sh
exec node scripts/flood/main.ts
