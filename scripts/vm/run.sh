#!/usr/bin/env bash
# run.sh SECONDS COMMAND [ARG...]: runs a command as root on Debian's kernel, in a virtual machine that sees this machine's files.
# What it writes is gone with the machine. Gives its output and its exit code; 124 when it took longer than SECONDS. make.sh comes first.
set -euo pipefail
seconds=${1:?usage: run.sh SECONDS COMMAND [ARG...]}
shift
where=$PWD
cd "$(dirname "$0")/../../.tools/vm"
vm=$PWD

report=$(mktemp -d)
pid=
end() {
  [ -z "$pid" ] || { kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; } || true
  rm -rf "$report"
}
trap end EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
{
  printf 'export PATH=%q HOME=/root LC_ALL=C.UTF-8\n' "$PATH"
  printf 'cd %q && exec' "$where"
  printf ' %q' "$@"
  echo
} >"$report/command"

share() { echo "-fsdev local,id=$1,path=$2,security_model=$3,multidevs=remap$4 -device virtio-9p-pci,fsdev=$1,mount_tag=$1"; }
# Software emulation: a /dev/kvm may be there and yet fail. la57, smap and the like off: cheaper to emulate. AVX off: new in QEMU 7.2, where a
# client was once seen to crash. One processor, one thread: with several, V8 found its own code pages damaged now and then; and it is no slower.
# shellcheck disable=SC2046,SC2086
timeout -k 5 "$seconds" qemu-system-x86_64 -nodefaults -no-user-config -display none -monitor none -no-reboot \
  -machine q35 -accel tcg,thread=single -cpu max,la57=off,smap=off,smep=off,umip=off,pku=off,avx=off,avx2=off -smp 1 -m "${VM_MIB:-3072}" \
  -kernel kernel/vmlinuz -initrd initramfs -append "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off" \
  -serial "file:$report/console" -chardev stdio,id=out,signal=off -device isa-serial,chardev=out \
  -object rng-random,id=rng,filename=/dev/urandom -device virtio-rng-pci,rng=rng \
  $(share root / none ,readonly=on) $(share modules "$vm/kernel/lib/modules" none ,readonly=on) $(share report "$report" none "") \
  </dev/null &
pid=$!
code=0
wait "$pid" || code=$?
pid=
if [ "$code" = 124 ] || [ "$code" = 137 ]; then
  echo "vm: no end within $seconds s" >&2
  exit 124
fi
[ -s "$report/exit" ] || { echo "vm: the guest ended without a word" >&2; tail -n 40 "$report/console" >&2; exit 125; }
exit "$(cat "$report/exit")"
