#!/usr/bin/env bash
# Simulations, one after the other; each says JSON lines by itself.
set -euo pipefail
. "$(dirname "$0")/env.sh"
scripts/init.sh >&2
# The product's own rules before a referee that knows nothing of it (scripts/lab/README.md).
node scripts/lab/sim.ts
