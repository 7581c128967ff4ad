#!/usr/bin/env bash
# strip-root.sh ROOT: takes out of a Debian tree what a finished system never uses: packages are not installed there any more, and nothing is compiled.
set -euo pipefail
root=${1:?usage: strip-root.sh ROOT}
[ -e "$root/usr/lib/os-release" ] || { echo "strip-root: $root is no system" >&2; exit 1; }
cd "$root"

# One kernel, under one name; GRUB reads both from the slot.
(cd boot && mv vmlinuz-* vmlinuz && mv initrd.img-* initrd.img && rm -f config-* ./*.old System.map-*)

# The package managers, what only they and the initramfs's maker need, and perl.
rm -rf usr/bin/{apt,apt-*,dpkg,dpkg-*,debconf*,perl*,deb-systemd-*,gpgv,update-alternatives,lsinitramfs,unmkinitramfs} \
  usr/sbin/{update-initramfs,mkinitramfs,update-rc.d,invoke-rc.d,service,policy-rc.d,dpkg-*} \
  usr/lib/{apt,dpkg,init} usr/share/{perl,perl5,debconf,dpkg,initramfs-tools,bug,debianutils,common-licenses-not,keyrings,pixmaps,applications,menu,gcc,gdb,polkit-1} \
  usr/lib/x86_64-linux-gnu/{perl,perl-base,libapt-*,gconv} usr/lib/aarch64-linux-gnu/{perl,perl-base,libapt-*,gconv} \
  etc/{apt,dpkg,initramfs-tools,kernel,cron*,alternatives.bak} usr/lib/udev/hwdb.bin usr/share/zoneinfo/{right,posix} usr/share/i18n \
  usr/share/grub usr/lib/grub etc/grub.d etc/default/grub usr/share/initramfs-tools
rm -rf var/lib/{apt,dpkg} var/cache var/log var/backups var/lib/systemd/deb-systemd-* var/lib/initramfs-tools
mkdir -p var/cache var/log efi config data
# Every start has its own; systemd puts it there.
: >etc/machine-id
rm -f etc/hostname etc/resolv.conf var/lib/dbus/machine-id
ln -s ../run/systemd/resolve/resolv.conf etc/resolv.conf
ln -s ../run/swarmbox-boot/hostname etc/hostname
# The zone is chosen on the page; until then it is UTC.
ln -sfn ../config/zone/localtime etc/localtime
# Nobody signs in: no account has a password, and root none that fits.
sed -i 's/^root:[^:]*:/root:!:/' etc/shadow
