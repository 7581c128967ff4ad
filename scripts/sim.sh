#!/usr/bin/env bash
# Simulations, one after the other; each says JSON lines by itself.
set -euo pipefail
. "$(dirname "$0")/env.sh"
scripts/init.sh >&2
# The product's own rules before a referee that knows nothing of it (scripts/lab/README.md).
node scripts/lab/sim.ts
# The whole box on virtual time: clients, swarm, lines and disk from a seed (src/sim/README.md). It ends with the first run that breaks a promise.
node src/sim/main.ts --seeds "${RUNS:-1-200}"
