#!/usr/bin/env bash
# Removes what the other targets made: the page, the installed packages, the pinned Node, what the type check remembers.
set -euo pipefail
. "$(dirname "$0")/env.sh"
rm -rf web/dist node_modules .tools .tsbuildinfo
