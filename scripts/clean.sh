#!/usr/bin/env bash
# Removes what the other targets made: the page, the image, the installed packages, the pinned Node, what the type check remembers. The keys of updates stay.
set -euo pipefail
. "$(dirname "$0")/env.sh"
rm -rf build/image web/dist node_modules .tools .tsbuildinfo
