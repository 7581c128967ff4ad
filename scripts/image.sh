#!/usr/bin/env bash
# Builds what is flashed (build/image/swarmbox-VERSION.img) and what it is updated by (swarmbox-VERSION.raucb). Needs root. VERSION: otherwise that of package.json. KEYS: a folder of `make keys`.
set -euo pipefail
. "$(dirname "$0")/env.sh"
need_root image
image/tools.sh
[ -e node_modules/.installed ] || scripts/init.sh
[ -e web/dist/index.html ] || scripts/web.sh
image/keys.sh "${KEYS:=build/keys}"
version=${VERSION:-$(node -p 'require("./package.json").version')}
dir=$PWD/build/image
mkdir -p "$dir"
export DEBS=$dir/debs
began=$SECONDS
said() { echo "$1: $((SECONDS - began)) s"; began=$SECONDS; }

# The same commit gives the same bytes.
when() { git log -1 --format=%ct -- "$@" 2>/dev/null | grep . || echo 1790000000; }
parts=(image/rootfs.sh image/packages.txt image/left-out.txt firmware/initramfs)
rootfs=$dir/rootfs-$(find "${parts[@]}" -type f -exec sha256sum {} + | sort | sha256sum | cut -c1-16)
if [ ! -e "$rootfs.tar" ]; then
  rm -f "$dir"/rootfs-*
  SOURCE_DATE_EPOCH=$(when "${parts[@]}") image/rootfs.sh "$rootfs.new.tar" "$rootfs.packages"
  mv "$rootfs.new.tar" "$rootfs.tar"
  said 'Debian'
fi
if [ ! -e "$dir/grub/boot.img" ] || [ image/grub/early.cfg -nt "$dir/grub/boot.img" ]; then
  image/grub.sh "$dir/grub"
  said 'GRUB'
fi
SOURCE_DATE_EPOCH=$(when .)
export SOURCE_DATE_EPOCH
PUBLIC_KEY=$KEYS/authority.pem image/slot.sh "$rootfs.tar" "$version" "$dir/swarmbox-$version.slot"
said 'system slot'
image/disk.sh "$dir/swarmbox-$version.slot" "$dir/grub" "$dir/swarmbox-$version.img"
said 'disk image'
KEY=$KEYS/signer.key CERTIFICATE=$KEYS/signer.pem image/bundle.sh "$dir/swarmbox-$version.slot" "$version" "$dir/swarmbox-$version.raucb"
said 'update'
unsquashfs -cat "$dir/swarmbox-$version.slot" usr/share/swarmbox/packages >"$dir/swarmbox-$version.packages"
(cd "$dir" && sha256sum "swarmbox-$version".{slot,img,raucb} | tee "swarmbox-$version.sha256")
ls -s --block-size=1 "$dir/swarmbox-$version".* | sed 's/^/  /'
