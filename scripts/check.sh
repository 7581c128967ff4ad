#!/usr/bin/env bash
# Types, lint, layers, unit tests: some two minutes on two cores, no root, no network. `check.sh static` leaves the tests out.
set -euo pipefail
. "$(dirname "$0")/env.sh"
[ -e node_modules/.installed ] || scripts/init.sh
node scripts/layers.ts --check
node scripts/contract-schema.ts --check
biome check --error-on-warnings .
tsc
[ "${1:-}" = static ] && exit
# Else every thread that a test starts translates its TypeScript anew: half of the store's tests' time.
export NODE_COMPILE_CACHE="$PWD/.tools/compile-cache"
# Some files to a process, three processes at a time: one process for each file, as `make test` has it, takes most of its time to start. The simulated box is left to `make test`.
find src web scripts \( -name node_modules -o -path src/sim \) -prune -o -name '*.test.ts' -print | sort -r |
  xargs -n 22 -P 3 node --test --test-isolation=none --test-reporter=dot
