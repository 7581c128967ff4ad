#!/usr/bin/env bash
# Clients in VLANs, on a kernel that has 802.1Q (in a virtual machine): one JSON line a download or check. Some ten minutes.
set -euo pipefail
. "$(dirname "$0")/env.sh"
need_root matrix-vlan
scripts/init.sh >&2
scripts/vm/make.sh >&2
# Frames of every kind first: two of its VLANs are served ones, whose frames must cross as they are, too.
code=0
scripts/vm/run.sh 600 env CAFE_PATIENCE=6 "NODE_OPTIONS=$NODE_OPTIONS" VLANS="7 10" node --test scripts/cafe/transparency.e2e.ts >&2 || code=$?
scripts/vm/run.sh 1200 env CAFE_PATIENCE=6 "NODE_OPTIONS=$NODE_OPTIONS" node scripts/vlan/main.ts || code=$?
exit "$code"
