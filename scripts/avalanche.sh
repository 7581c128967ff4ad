#!/usr/bin/env bash
# What thousands of clients within seconds cost the box, and what they get. Settings: scripts/avalanche/settings.ts.
set -euo pipefail
. "$(dirname "$0")/env.sh"
need_root avalanche
scripts/init.sh
exec node scripts/avalanche/main.ts
