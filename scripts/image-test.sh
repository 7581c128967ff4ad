#!/usr/bin/env bash
# The image in a virtual machine: from its first start over faults, updates and power cuts to the last try of a broken system. Hours, for the machine's processor is emulated. Needs root, and what
# `make image` built. ONLY: names of tests' files, otherwise all in their order; IMAGE_DIR: where the image is.
set -euo pipefail
. "$(dirname "$0")/env.sh"
need_root image-test
scripts/init.sh
image/tools.sh test
ls "${IMAGE_DIR:-build/image}"/*.img >/dev/null 2>&1 || scripts/image.sh
export NODE_COMPILE_CACHE="$PWD/.tools/compile-cache"
read -ra names <<<"${ONLY:-}"
exec node scripts/image/main.ts "${names[@]}"
