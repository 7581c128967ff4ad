#!/usr/bin/env bash
# Figures for serving, hashing and encrypted handshakes, as ratios against a named peer. About two minutes; no test asserts them.
set -euo pipefail
. "$(dirname "$0")/env.sh"
scripts/init.sh
exec node scripts/bench/main.ts "$@"
