#!/usr/bin/env bash
# rootfs.sh OUT.tar PACKAGES.txt: Debian as a slot holds it, with its kernel and initramfs, and what packages it is made of. Needs root and a Debian mirror
# (SWARMBOX_MIRROR, SWARMBOX_SECURITY_MIRROR). Its packages are kept in DEBS, and are not fetched again.
set -euo pipefail
out=$(realpath -m "${1:?usage: rootfs.sh OUT.tar PACKAGES.txt}")
manifest=$(realpath -m "${2:?usage: rootfs.sh OUT.tar PACKAGES.txt}")
cd "$(dirname "$0")"
: "${SOURCE_DATE_EPOCH:?}" "${DEBS:?}"
mirror=${SWARMBOX_MIRROR:-http://deb.debian.org/debian}
security=${SWARMBOX_SECURITY_MIRROR:-http://deb.debian.org/debian-security}
mkdir -p "$DEBS"

words() { sed 's/#.*//' "$1" | tr -s ' \n' '\n\n' | sed '/^$/d'; }
options=()
set -f # the patterns are dpkg's
for pattern in $(words left-out.txt); do
  # shellcheck disable=SC2086
  for one in $(bash -fc "printf '%s\n' $pattern"); do options+=("--dpkgopt=path-exclude=$one"); done
done
set +f
# Licences stay.
options+=('--dpkgopt=path-include=/usr/share/doc/*/copyright')

here=$PWD
mmdebstrap --quiet --variant=essential --format=tar --mode=root "${options[@]}" \
  --aptopt='APT::Install-Recommends "false"' --skip=download/empty --skip=essential/unlink --skip=cleanup/apt \
  --setup-hook='mkdir -p "$1/var/cache/apt/archives"' \
  --setup-hook="sync-in '$DEBS' /var/cache/apt/archives" \
  --essential-hook="mkdir -p \"\$1/etc/initramfs-tools\" && cp -a '$here/../firmware/initramfs/.' \"\$1/etc/initramfs-tools/\" && chown -R 0:0 \"\$1/etc/initramfs-tools\" && find \"\$1/etc/initramfs-tools\" -exec touch -d '@$SOURCE_DATE_EPOCH' {} +" \
  --customize-hook="sync-out /var/cache/apt/archives '$DEBS'" \
  --customize-hook="chroot \"\$1\" dpkg-query -W -f '\${Package} \${Version} \${Architecture}\n' >'$manifest'" \
  --include="$(words packages.txt | paste -sd,)" trixie "$out" \
  "deb $mirror trixie main" "deb $security trixie-security main" "deb $mirror trixie-updates main"
