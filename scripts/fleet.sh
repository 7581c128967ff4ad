#!/usr/bin/env bash
# A fleet on one machine: a broker, a central, relays and terminals in network namespaces, and a folder distributed to all of them. Settings: scripts/fleet/fleet.ts.
set -euo pipefail
. "$(dirname "$0")/env.sh"
need_root fleet
scripts/init.sh
exec node scripts/fleet/fleet.ts
