#!/usr/bin/env bash
# Feeds every parser of strangers' bytes with INPUTS (1,000,000) inputs each: see scripts/fuzz/README.md.
set -euo pipefail
. "$(dirname "$0")/env.sh"
[ -e node_modules/.installed ] || scripts/init.sh
exec nice node scripts/fuzz/main.ts "$@"
