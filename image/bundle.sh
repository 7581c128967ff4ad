#!/usr/bin/env bash
# bundle.sh SLOT.sqfs VERSION OUT.raucb: an update, signed with KEY and CERTIFICATE.
set -euo pipefail
slot=$(realpath "${1:?usage: bundle.sh SLOT.sqfs VERSION OUT.raucb}")
version=${2:?usage: bundle.sh SLOT.sqfs VERSION OUT.raucb}
out=$(realpath -m "${3:?usage: bundle.sh SLOT.sqfs VERSION OUT.raucb}")
: "${KEY:?}" "${CERTIFICATE:?}"
work=$(mktemp -d -p "$(dirname "$out")" bundle.XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir "$work/in"
cp --reflink=auto "$slot" "$work/in/slot.img"
cat >"$work/in/manifest.raucm" <<M
[update]
compatible=${COMPATIBLE:-swarmbox-x86-64}
version=$version
description=${NOTES:-}
[bundle]
format=verity
[image.system]
filename=slot.img
M
rm -f "$out"
rauc --cert="$CERTIFICATE" --key="$KEY" bundle "$work/in" "$out" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
