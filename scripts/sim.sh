#!/usr/bin/env bash
# The product's decisions, judged by a referee that knows nothing of it: scripts/lab/README.md. One JSON line a rule and setting.
set -euo pipefail
. "$(dirname "$0")/env.sh"
scripts/init.sh >&2
exec node scripts/lab/sim.ts "$@"
