#!/usr/bin/env bash
# Makes what run.sh boots, in .tools/vm: Debian's kernel, taken out of its package without installing it, and an initramfs. Needs root.
set -euo pipefail
. "$(dirname "$0")/../env.sh"
HERE=$PWD/scripts/vm

missing=()
for p in qemu-system-x86 busybox-static; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing ${missing[*]}" >&2
  DEBIAN_FRONTEND=noninteractive apt-get -q update >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}" >/dev/null
fi

mkdir -p .tools/vm
cd .tools/vm
if [ ! -e kernel/.unpacked ]; then
  rm -rf kernel deb && mkdir -p kernel deb
  package=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
  [ -n "$package" ] || { echo "vm: apt knows no linux-image-amd64 (try apt-get update)" >&2; exit 1; }
  echo "unpacking $package" >&2
  (cd deb && apt-get -q download "$package" 2>/dev/null >&2)
  dpkg -x deb/*.deb kernel
  rm -r deb
  version=$(ls kernel/lib/modules)
  busybox depmod -b "$PWD/kernel" "$version"
  cp "kernel/boot/vmlinuz-$version" kernel/vmlinuz
  touch kernel/.unpacked
fi

# Only what it takes to reach this machine's files; the guest loads the rest from there.
version=$(ls kernel/lib/modules)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,proc,sys,dev,lower,rw,new,report} "$root/lib/modules/$version"
cp /bin/busybox "$root/bin/busybox"
cp "$HERE/guest-init.sh" "$root/init"
cp "kernel/lib/modules/$version"/modules.{dep,alias,symbols} "$root/lib/modules/$version/" 2>/dev/null || true
for module in virtio_pci 9pnet_virtio 9p overlay; do
  line=$(grep "/$module\.ko:" "kernel/lib/modules/$version/modules.dep") || { echo "vm: the kernel has no module $module" >&2; exit 1; }
  for file in ${line/:/ }; do
    mkdir -p "$root/lib/modules/$version/$(dirname "$file")"
    cp "kernel/lib/modules/$version/$file" "$root/lib/modules/$version/$file"
  done
done
(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) | gzip -1 >initramfs.new
mv initramfs.new initramfs
