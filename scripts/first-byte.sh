#!/usr/bin/env bash
# How soon a client with default settings gets its first byte from the box while every remote peer is dead.
set -euo pipefail
. "$(dirname "$0")/env.sh"
need_root first-byte
scripts/init.sh
exec node scripts/first-byte/main.ts
