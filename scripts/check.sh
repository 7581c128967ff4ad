#!/usr/bin/env bash
# Types, lint, layers, unit tests: under a minute, no root, no network. `check.sh static` leaves the tests out.
set -euo pipefail
. "$(dirname "$0")/env.sh"
[ -e node_modules/.installed ] || scripts/init.sh
node scripts/layers.ts --check
biome check --error-on-warnings .
tsc
[ "${1:-}" = static ] && exit
# Else every thread that a test starts translates its TypeScript anew: half of the store's tests' time.
export NODE_COMPILE_CACHE="$PWD/.tools/compile-cache"
# A few processes for all files: one for each file, as `make test` has it, takes most of its time to start.
parts=()
for part in 1 2 3 4; do
  node --test --test-isolation=none --test-shard="$part/4" --test-reporter=dot 'src/**/*.test.ts' 'web/**/*.test.ts' 'scripts/**/*.test.ts' &
  parts+=($!)
done
failed=0
for part in "${parts[@]}"; do wait "$part" || failed=1; done
exit "$failed"
