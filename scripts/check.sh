#!/usr/bin/env bash
# Types, lint, layers, unit tests: under a minute, no root, no network. `check.sh static` leaves the tests out.
set -euo pipefail
. "$(dirname "$0")/env.sh"
[ -e node_modules/.installed ] || scripts/init.sh
node scripts/layers.ts --check
biome check --error-on-warnings .
tsc
[ "${1:-}" = static ] || node --test --test-reporter=dot 'src/**/*.test.ts' 'web/**/*.test.ts' 'scripts/**/*.test.ts'
