#!/usr/bin/env bash
# grub.sh OUTDIR: GRUB for UEFI (BOOTX64.EFI) and for BIOS (boot.img, core.img), of Debian's packages, which are unpacked and not installed.
set -euo pipefail
out=$(realpath -m "${1:?usage: grub.sh OUTDIR}")
cd "$(dirname "$0")"
: "${DEBS:?}"
mirror=${SWARMBOX_MIRROR:-http://deb.debian.org/debian}
mkdir -p "$out" "$DEBS"
tools=$out/tools
if [ ! -e "$tools/.unpacked" ]; then
  rm -rf "$tools" && mkdir -p "$tools"
  mmdebstrap --quiet --variant=extract --mode=root --include=grub-common,grub-efi-amd64-bin,grub-pc-bin trixie "$tools" \
    "deb $mirror trixie main" "deb ${SWARMBOX_SECURITY_MIRROR:-http://deb.debian.org/debian-security} trixie-security main"
  touch "$tools/.unpacked"
fi
modules="part_gpt fat squash4 gzio xzio normal configfile search search_fs_file loadenv test echo regexp probe linux serial terminal minicmd sleep reboot halt ls cat datetime datehook"
# Its program runs with its own libraries: nothing of it is installed.
libraries=$tools/usr/lib/x86_64-linux-gnu
# What is built in is read by a parser that knows no comments.
grep -v '^#' grub/early.cfg >"$out/early.cfg"
make() { # FORMAT OUT MODULES...
  local format=$1 to=$2
  shift 2
  # shellcheck disable=SC2086
  "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" "$tools/usr/bin/grub-mkimage" \
    -d "$tools/usr/lib/grub/$format" -O "$format" -p /EFI/BOOT -c "$out/early.cfg" -o "$out/$to" $modules "$@"
}
make x86_64-efi BOOTX64.EFI efi_gop efi_uga all_video
make i386-pc core.img biosdisk all_video
cp "$tools/usr/lib/grub/i386-pc/boot.img" "$out/boot.img"
