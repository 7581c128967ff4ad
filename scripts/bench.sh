#!/usr/bin/env bash
# What serving, fetching and the parts cost, beside named programs: scripts/bench/README.md. About ten minutes; no test asserts the figures.
set -euo pipefail
. "$(dirname "$0")/env.sh"
scripts/init.sh
exec node scripts/bench/main.ts "$@"
