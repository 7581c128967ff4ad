#!/usr/bin/env bash
# Everything: types, lint, layers, unit tests, and the tests with real clients, kernel rules and a browser. Needs root for those.
set -euo pipefail
. "$(dirname "$0")/env.sh"
scripts/init.sh
scripts/check.sh static
# Else every process that a test starts, the box above all, translates its TypeScript anew: most of the time of its start.
export NODE_COMPILE_CACHE="$PWD/.tools/compile-cache"
# Limits end what hangs: a machine that others use too stands still for a while now and then.
export CAFE_PATIENCE="${CAFE_PATIENCE:-3}"
exec node scripts/tests/main.ts
