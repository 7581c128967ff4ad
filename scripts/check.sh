#!/usr/bin/env bash
# Types, lint, layers, unit tests: little more than a minute on two cores that do nothing else, no root, no network. `check.sh static` leaves the tests out.
set -euo pipefail
. "$(dirname "$0")/env.sh"
[ -e node_modules/.installed ] || scripts/init.sh
node scripts/layers.ts --check

unit_tests() {
  # Else every thread that a test starts translates its TypeScript anew: half of the store's tests' time.
  export NODE_COMPILE_CACHE="$PWD/.tools/compile-cache"
  # Some files to a process, four processes at a time, as some only wait: one process for each file, as `make test` has it, takes most of its time to start. The
  # simulated box is left to `make test`.
  find src web scripts \( -name node_modules -o -path src/sim \) -prune -o -name '*.test.ts' -print | sort |
    xargs -n 14 -P 4 node --test --test-isolation=none --test-reporter=dot
}

# Beside each other, and each ends before this does.
checks=()
node scripts/contract-schema.ts --check & checks+=($!)
tsc & checks+=($!)
biome check --error-on-warnings . & checks+=($!)
if [ "${1:-}" != static ]; then unit_tests & checks+=($!); fi
failed=0
for check in "${checks[@]}"; do wait "$check" || failed=1; done
exit "$failed"
