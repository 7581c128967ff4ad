#!/usr/bin/env bash
# How soon a client with default settings gets its first byte from the box while every remote peer is dead.
set -euo pipefail
. "$(dirname "$0")/env.sh"
if [ "$(id -u)" != 0 ]; then
  echo "swarmbox: this makes network namespaces and needs root: run it as root, e.g. sudo make first-byte" >&2
  exit 1
fi
scripts/init.sh
exec node scripts/first-byte/main.ts
