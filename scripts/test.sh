#!/usr/bin/env bash
# Everything: what check does, then the tests against real clients, kernel rules and a browser.
set -euo pipefail
. "$(dirname "$0")/env.sh"
scripts/init.sh
scripts/check.sh
node --test --test-concurrency=1 'src/**/*.test.ts' 'web/**/*.test.ts' 'scripts/**/*.test.ts' 'src/**/*.e2e.ts' 'scripts/**/*.e2e.ts'
