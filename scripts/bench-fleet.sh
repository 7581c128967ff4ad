#!/usr/bin/env bash
# RabbitMQ alone, libtorrent alone and this fleet, side by side on one machine: scripts/fleet/bench/README.md. No test asserts the figures.
set -euo pipefail
. "$(dirname "$0")/env.sh"
need_root bench-fleet
scripts/init.sh >&2
# All files, the broker's among them, lie in memory: disks are not what is measured.
export TMPDIR=/dev/shm
exec node scripts/fleet/bench/main.ts
