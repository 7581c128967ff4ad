#!/bin/busybox sh
# The guest's process 1: this machine's files below a layer of memory, one command in them, its exit code, power off.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
fail() { echo "vm: $*"; poweroff -f; }
for module in virtio_pci 9pnet_virtio 9p overlay; do modprobe "$module" || fail "no module $module"; done
nine() { mount -t 9p -o "trans=virtio,version=9p2000.L,msize=524288,$3" "$1" "$2" || fail "cannot mount $1"; }
nine root /lower ro,cache=loose
nine report /report rw,cache=none
# What the guest writes stays in its memory.
mount -t tmpfs -o size=75% tmpfs /rw
mkdir /rw/upper /rw/work
mount -t overlay -o lowerdir=/lower,upperdir=/rw/upper,workdir=/rw/work overlay /new || fail "no overlay"
for dir in proc sys dev; do mount --move "/$dir" "/new/$dir"; done
mkdir -p /new/dev/pts /new/dev/shm
mount -t devpts devpts /new/dev/pts
mount -t tmpfs tmpfs /new/dev/shm
mount -t tmpfs tmpfs /new/run
# The kernel loads what a rule or a device needs; its helper lives in this root, not in the command's.
nine modules /lib/modules ro,cache=loose
echo /bin/modprobe >/new/proc/sys/kernel/modprobe
# What a cafe needs, in one go: found on demand, each takes its second or two, and a daemon's start its half minute.
modprobe -a veth bridge 8021q sch_tbf nfnetlink_log nft_meta_bridge nft_objref nft_limit nft_log nft_tproxy \
  nft_chain_nat nft_masq nft_ct
ip link set lo up
hostname vm

cp /report/command /new/run/command
stty -F /new/dev/ttyS1 raw 2>/dev/null
chroot /new /bin/bash /run/command >/new/dev/ttyS1 2>&1 </dev/null
echo $? >/report/exit
sync
poweroff -f
