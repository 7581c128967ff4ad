#!/usr/bin/env bash
# Types, lint, layers, unit tests: about a minute on two cores that do nothing else, no root, no network. `check.sh static` leaves the tests out.
set -euo pipefail
. "$(dirname "$0")/env.sh"
[ -e node_modules/.installed ] || scripts/init.sh
node scripts/layers.ts --check
# Beside each other, and each ends before this does.
checks=()
node scripts/contract-schema.ts --check & checks+=($!)
tsc & checks+=($!)
biome check --error-on-warnings . & checks+=($!)
failed=0
for check in "${checks[@]}"; do wait "$check" || failed=1; done
[ "$failed" = 0 ] || exit 1
[ "${1:-}" = static ] && exit
# Else every thread that a test starts translates its TypeScript anew: half of the store's tests' time.
export NODE_COMPILE_CACHE="$PWD/.tools/compile-cache"
# Some files to a process, three processes at a time: one process for each file, as `make test` has it, takes most of its time to start. The simulated box is left to `make test`.
find src web scripts \( -name node_modules -o -path src/sim \) -prune -o -name '*.test.ts' -print | sort |
  xargs -n 22 -P 3 node --test --test-isolation=none --test-reporter=dot
