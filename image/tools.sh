#!/usr/bin/env bash
# Installs what it takes to build an image (as root), on Debian 12 or 13. Twice without harm.
set -euo pipefail
PACKAGES=(mmdebstrap squashfs-tools rauc genimage mtools dosfstools fdisk e2fsprogs grub-common openssl python3 zstd rsync)
[ "${1:-}" != test ] || PACKAGES+=(qemu-system-x86 ovmf dnsmasq-base curl)
missing=()
for p in "${PACKAGES[@]}"; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" != 0 ]; then
  echo "swarmbox: these Debian packages are missing; install them as root and run this again:" >&2
  echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi
echo "installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
{ apt-get -q update && apt-get -q install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 || {
  tail -n 20 "$log" >&2
  echo "swarmbox: apt-get could not install: ${missing[*]}" >&2
  exit 1
}
rm -f "$log"
