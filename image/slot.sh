#!/usr/bin/env bash
# slot.sh ROOTFS.tar VERSION OUT.sqfs: one system slot: Debian, firmware/root over it, Node and the daemon; kernel and initramfs in it, where GRUB reads them.
# PUBLIC_KEY: the certificate that its updates must be signed with. EXTRA: a folder that is laid over all of it (for tests).
set -euo pipefail
tar=$(realpath "${1:?usage: slot.sh ROOTFS.tar VERSION OUT.sqfs}")
version=${2:?usage: slot.sh ROOTFS.tar VERSION OUT.sqfs}
out=$(realpath -m "${3:?usage: slot.sh ROOTFS.tar VERSION OUT.sqfs}")
: "${SOURCE_DATE_EPOCH:?}" "${PUBLIC_KEY:?}"
key=$(realpath "$PUBLIC_KEY")
cd "$(dirname "$0")"
root=$(mktemp -d -p "$(dirname "$out")" slot.XXXXXX)
trap 'rm -rf "$root"' EXIT
tar -C "$root" --xattrs --numeric-owner -xf "$tar"
./strip-root.sh "$root"
./users.sh "$root"
mkdir -p "$root/usr/share/swarmbox"
cp "${tar%.tar}.packages" "$root/usr/share/swarmbox/packages"
cp -a --no-preserve=ownership ../firmware/root/. "$root/"
cp ../firmware/systemd/swarmbox*.service "$root/usr/lib/systemd/system/"
# In an image it comes before the network, not after it.
sed -i '/^\(Wants\|After\)=network-pre.target$/d' "$root/usr/lib/systemd/system/swarmbox-bridge.service"
./app.sh "$root"
sed -i "s/\"version\": \"[^\"]*\"/\"version\": \"$version\"/" "$root/opt/swarmbox/package.json"
echo "$version" >"$root/etc/swarmbox-version"
install -m 644 "$key" "$root/etc/rauc/keyring.pem" # the daemon, which is not root, asks RAUC about bundles
[ -z "${EXTRA:-}" ] || cp -a --no-preserve=ownership "$EXTRA/." "$root/"
while read -r verb unit; do
  case $verb in
    enable) systemctl --root="$root" --quiet enable "$unit" ;;
    mask) ln -sfn /dev/null "$root/etc/systemd/system/$unit" ;;
  esac
done < <(sed 's/#.*//' ../firmware/units.txt)
chown -R 0:0 "$root/opt" "$root/etc" "$root/usr/lib/swarmbox" "$root/usr/lib/systemd" "$root/usr/share/swarmbox"
chmod -R u=rwX,go=rX "$root/opt"
# All of them: when a file was checked out, or installed, differs from one machine to the other.
find "$root" -print0 | xargs -0r touch -h -d "@$SOURCE_DATE_EPOCH"
rm -f "$out"
# gzip or xz: Debian's GRUB reads no zstd.
mksquashfs "$root" "$out" -comp "${SLOT_COMPRESSION:-xz}" -b 256K -noappend -no-progress -quiet -no-exports
