#!/usr/bin/env bash
# disk.sh SLOT.sqfs GRUBDIR OUT.img: the disk as it is flashed: GPT with a BIOS boot partition, the ESP, slot A, an empty slot B. What lies behind them is made at the first start.
set -euo pipefail
slot=$(realpath "${1:?usage: disk.sh SLOT.sqfs GRUBDIR OUT.img}")
grub=$(realpath "${2:?usage: disk.sh SLOT.sqfs GRUBDIR OUT.img}")
out=$(realpath -m "${3:?usage: disk.sh SLOT.sqfs GRUBDIR OUT.img}")
: "${SOURCE_DATE_EPOCH:?}"
cd "$(dirname "$0")"
export MTOOLS_SKIP_CHECK=1
work=$(mktemp -d -p "$(dirname "$out")" disk.XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{in/EFI/BOOT,root,tmp}
boot=$work/in/EFI/BOOT
cp "$grub/BOOTX64.EFI" grub/grub.cfg "$boot/"
echo swarmbox >"$boot/swarmbox.id"
grub-editenv "$boot/grubenv" create
grub-editenv "$boot/grubenv" set ORDER="A B" A_OK=1 A_TRY=0 B_OK=0 B_TRY=0
cp "$boot/grubenv" "$boot/grubenv.bak"
find "$work/in" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
cp "$slot" "$work/in/slot.sqfs"
cp "$grub/core.img" "$work/in/"
# The numbers are the same on every disk; which of two disks was started is found out otherwise (firmware/initramfs).
cat >"$work/disk.cfg" <<C
image esp.vfat { vfat { label = "SWARMBOX" extraargs = "--invariant -i 5b0c5e01" files = { "EFI" } } size = 32M }
image disk.img {
  hdimage { partition-table-type = "gpt" disk-uuid = "8d3c1f0e-6a52-4c0f-9a34-5b0c00000001" align = 1M }
  partition swarmbox-bios { image = "core.img" partition-type-uuid = "21686148-6449-6E6F-744E-656564454649" size = 1M partition-uuid = "8d3c1f0e-6a52-4c0f-9a34-5b0c000000b1" }
  partition swarmbox-esp { image = "esp.vfat" partition-type-uuid = "U" partition-uuid = "8d3c1f0e-6a52-4c0f-9a34-5b0c000000e5" }
  partition swarmbox-a { image = "slot.sqfs" size = 320M partition-type-uuid = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709" partition-uuid = "8d3c1f0e-6a52-4c0f-9a34-5b0c0000000a" }
  partition swarmbox-b { size = 320M partition-type-uuid = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709" partition-uuid = "8d3c1f0e-6a52-4c0f-9a34-5b0c0000000b" }
}
C
genimage --rootpath "$work/root" --inputpath "$work/in" --outputpath "$work/out" --tmppath "$work/tmp" --config "$work/disk.cfg" --loglevel 0
# BIOS: boot.img is told where core.img lies, and core.img where its own second sector is, as grub-bios-setup does.
python3 - "$work/out/disk.img" "$grub/boot.img" <<'P'
import json, struct, subprocess, sys
image, boot = sys.argv[1:3]
table = json.loads(subprocess.check_output(['sfdisk', '-J', image]))['partitiontable']['partitions']
sector = next(p['start'] for p in table if p['name'] == 'swarmbox-bios')
code = bytearray(open(boot, 'rb').read())
struct.pack_into('<Q', code, 0x5C, sector)
code[0x66:0x68] = b'\x90\x90'
with open(image, 'r+b') as disk:
    disk.write(bytes(code[:440]))
    disk.seek(sector * 512 + 0x1F4)
    disk.write(struct.pack('<Q', sector + 1))
P
mv "$work/out/disk.img" "$out"
