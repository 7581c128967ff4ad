#!/bin/sh
# bridge-down.sh [BRIDGE]: undoes bridge-up.sh. The ports are separate again (and up); running it twice is harmless.
set -eu
BR=${1:-br0}
put() { [ -z "$2" ] || [ ! -e "/proc/sys/net/$1" ] || echo "$2" >"/proc/sys/net/$1"; }

nft -f - <<'N'
table bridge swarmbox_l2
delete table bridge swarmbox_l2
N
for f in -4 -6; do
  for pref in 100 101 102; do while ip "$f" rule del pref "$pref" 2>/dev/null; do :; done; done
  for table in 100 101 102; do ip "$f" route flush table "$table" 2>/dev/null || true; done
done

[ -e "/sys/class/net/$BR" ] || exit 0
was=$(cat "/sys/class/net/$BR/ifalias" 2>/dev/null || true)
kept() { printf '%s\n' "$was" | tr ' ' '\n' | sed -n "s/^$1=//p"; }
# Only a bridge that bridge-up.sh made is taken away.
case $was in swarmbox*) ;; *) echo "bridge-down: $BR was not made by bridge-up.sh: left as it is" >&2; exit 1 ;; esac

# bridge-up.sh takes LAN first; the LAN port is the one whose MAC the bridge wears.
mac=$(cat "/sys/class/net/$BR/address")
for path in "/sys/class/net/$BR/brif"/*; do
  [ -e "$path" ] || continue
  port=$(basename "$path")
  if [ "$(cat "/sys/class/net/$port/address")" = "$mac" ]; then mtu=$(kept lan_mtu); else mtu=$(kept wan_mtu); fi
  ip link set dev "$port" nomaster
  [ -z "$mtu" ] || ip link set dev "$port" mtu "$mtu"
  put "ipv6/conf/$port/disable_ipv6" 0
done
ip link del dev "$BR"
put ipv4/tcp_fwmark_accept "$(kept fwmark_accept)"
put ipv4/conf/all/rp_filter "$(kept rp_filter)"
