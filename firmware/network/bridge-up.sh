#!/bin/sh
# [VLANS="10 20"] bridge-up.sh LAN WAN [BRIDGE]: makes a transparent wire out of two ports and lays the persistent half of the steering under it.
# Needs root, no IP address, no daemon; running it again repairs what is missing. Runs in the current network namespace.
# What stays after it: the bridge, a device on it for each VLAN that is served, `table bridge swarmbox_l2`, ip rules 100-102 with
# tables 100-102 and two for each VLAN. All of it is harmless without the daemon: only sockets that carry the marks 0x100 / 0x200 (a
# VLAN's id stands above their twelve bits) are ever routed through it. bridge-down.sh undoes it.
set -eu

LAN=${1:?usage: bridge-up.sh LAN WAN [BRIDGE]}
WAN=${2:?usage: bridge-up.sh LAN WAN [BRIDGE]}
BR=${3:-br0}
# Largest frame the ports are opened for; `keep` leaves their MTU alone. Ports that cannot do it keep what they have.
PORT_MTU=${PORT_MTU:-9216}
# 802.1Q ids whose clients are served like untagged ones. Frames of any other VLAN pass as they are.
VLANS=${VLANS:-}

# Fake next hops: routes to them pick the port, the rules below put the real MACs in. They never appear on a wire.
LANHOP=02:1c:00:00:00:0a
WANHOP=02:1c:00:00:00:0b

say() { echo "bridge-up: $*" >&2; }
for port in "$LAN" "$WAN"; do
  [ -e "/sys/class/net/$port" ] || { say "there is no port named $port (ip link shows what there is)"; exit 1; }
done
[ "$LAN" != "$WAN" ] || { say "LAN and WAN must be two ports"; exit 1; }
# The names go into nft rules; the kernel allows more in a name than is wise there.
for name in "$LAN" "$WAN" "$BR"; do
  case $name in *[!A-Za-z0-9._-]* | '') say "cannot use the interface name '$name'"; exit 1 ;; esac
done
wanted=$VLANS VLANS=
for vlan in $wanted; do
  case $vlan in *[!0-9]* | 0* | ?????*) bad=1 ;; *) bad= ;; esac
  [ -z "$bad" ] && [ "$vlan" -le 4094 ] || { say "VLANS: '$vlan' is no VLAN id, 1 to 4094"; exit 1; }
  [ "${#BR}" -le 10 ] || { say "VLANS: the bridge's name must be 10 characters or less"; exit 1; }
  case " $VLANS " in *" $vlan "*) ;; *) VLANS="$VLANS${VLANS:+ }$vlan" ;; esac
done

# Builtins and batches rather than a process for each step: on a slow machine they are most of the time until the wire is one.
get() { VALUE=; [ ! -e "$1" ] || read -r VALUE <"$1" || true; }
put() { [ ! -e "/proc/sys/net/$1" ] || echo "$2" >"/proc/sys/net/$1"; }
mtu_of() { get "/sys/class/net/$1/mtu"; }

# ---- the bridge -----------------------------------------------------------------------------------------------------
# A box that asks, reports or answers nothing: no router solicitation, no neighbour discovery, no multicast report of its own.
# IPv6 itself stays on at the bridge: steered IPv6 connections end here, and need no address to do so.
quiet() {
  put "ipv6/conf/$1/addr_gen_mode" 1
  put "ipv6/conf/$1/accept_ra" 0
  put "ipv6/conf/$1/router_solicitations" 0
  put "ipv4/conf/$1/arp_notify" 0
  # The sender of a steered packet is never routable from here, by design.
  put "ipv4/conf/$1/rp_filter" 0
}
get "/sys/class/net/$LAN/address" && own_mac=$VALUE
if [ ! -e "/sys/class/net/$BR" ]; then
  # What was found here is kept in the bridge's own alias, so that it lives exactly as long as the bridge does.
  was=swarmbox
  get /proc/sys/net/ipv4/tcp_fwmark_accept && was="$was fwmark_accept=$VALUE"
  get /proc/sys/net/ipv4/conf/all/rp_filter && was="$was rp_filter=$VALUE"
  mtu_of "$LAN" && was="$was lan_mtu=$VALUE"
  mtu_of "$WAN" && was="$was wan_mtu=$VALUE"
  ip -batch - <<I
link add $BR type bridge
link set dev $BR alias "$was"
I
fi
quiet "$BR"
for port in "$LAN" "$WAN"; do put "ipv6/conf/$port/disable_ipv6" 1; done

# No spanning tree (it would hold the wire for 30 s and emit frames), no snooping (it would withhold multicast),
# no forwarding delay. Ageing: the usual 5 minutes, as in any switch.
# group_fwd_mask: 01:80:c2:00:00:03..0f cross (0e: LLDP). STP (00) crosses because spanning tree is off.
# The bridge's MAC is the LAN port's, fixed: an unpinned one follows whichever port joined last.
{
  echo "link set dev $BR type bridge stp_state 0 forward_delay 0 mcast_snooping 0 ageing_time 30000 group_fwd_mask 0xfff8"
  echo "link set dev $BR address $own_mac"
  for port in "$LAN" "$WAN"; do [ -e "/sys/class/net/$BR/brif/$port" ] || echo "link set dev $port master $BR"; done
  for dev in "$LAN" "$WAN" "$BR"; do echo "link set dev $dev up"; done
} | ip -batch -

# From here on it is a wire. What follows makes a good one of it.
for port in "$LAN" "$WAN"; do
  # LACP (02) is refused in the bridge's own mask but accepted in a port's. 01, the pause frame, no Linux bridge forwards.
  ip link set dev "$port" type bridge_slave group_fwd_mask 0xfffd ||
    say "$port: this kernel does not let LACP (01:80:c2:00:00:02) through"
  # Offloads that alter a stream of frames beyond recall. GRO stays: what it merges, it splits again exactly as it was.
  if command -v ethtool >/dev/null; then
    ethtool -K "$port" lro off rx-gro-list off rx-udp-gro-forwarding off >/dev/null 2>&1 ||
      for off in lro rx-gro-list rx-udp-gro-forwarding; do ethtool -K "$port" "$off" off >/dev/null 2>&1 || true; done
  fi
done

# ---- frame size -----------------------------------------------------------------------------------------------------
# Both ports take jumbo frames where the hardware allows it. The bridge's own stack stays at the usual size: it must not
# offer a server on the far side segments that only this wire can carry.
own=1500
for port in "$LAN" "$WAN"; do
  mtu_of "$port"
  if [ "$PORT_MTU" != keep ] && [ "$VALUE" -lt "$PORT_MTU" ] && ! ip link set dev "$port" mtu "$PORT_MTU" 2>/dev/null; then
    max=$(ip -d link show dev "$port" | sed -n 's/.* maxmtu \([0-9]*\).*/\1/p')
    { [ -n "$max" ] && [ "$max" -gt "$VALUE" ] && ip link set dev "$port" mtu "$max" 2>/dev/null; } ||
      say "$port: frames over $VALUE bytes do not pass"
  fi
  mtu_of "$port"
  [ "$VALUE" -ge "$own" ] || own=$VALUE
done
mtu_of "$BR"
[ "$VALUE" = "$own" ] || ip link set dev "$BR" mtu "$own"

# ---- VLANs ----------------------------------------------------------------------------------------------------------
# Steered frames of a VLAN are handed to its device on the bridge, which takes the tag off and puts it on again.
for path in "/sys/class/net/$BR".*; do
  [ -e "$path" ] || continue
  vlan=${path##*.}
  case " $VLANS " in *" $vlan "*) continue ;; esac
  # Only devices made here.
  get "$path/ifalias"
  [ "$VALUE" != swarmbox ] || ip link del dev "$BR.$vlan"
done
for vlan in $VLANS; do
  dev=$BR.$vlan
  [ -e "/sys/class/net/$dev" ] || {
    ip link add link "$BR" name "$dev" type vlan id "$vlan" || { say "this kernel has no 802.1Q: VLAN $vlan is not served"; exit 1; }
    ip link set dev "$dev" alias swarmbox
  }
  quiet "$dev"
  # A management address on the bridge is not to be found from a VLAN.
  put "ipv4/conf/$dev/arp_ignore" 1
  ip link set dev "$dev" address "$own_mac" mtu "$own"
  ip link set dev "$dev" up
done

# ---- the persistent half of the steering ----------------------------------------------------------------------------
bridge -batch - <<B
fdb replace $LANHOP dev $LAN master static
fdb replace $WANHOP dev $WAN master static
B
# br_netfilter, where it is loaded, would push every bridged packet through the IP hooks: cost, and no use to us.
for family in iptables ip6tables arptables; do put "bridge/bridge-nf-call-$family" 0; done
# An accepted connection and its answers carry the mark of the packet that opened it: rule 101 then finds them.
put ipv4/tcp_fwmark_accept 1
put ipv4/conf/all/rp_filter 0

families="4 6"
[ -e "/proc/sys/net/ipv6/conf/$BR" ] || families=4
# lane FAMILY DEVICE MARK-TO-LAN TABLE MARK-TO-WAN TABLE: how packets with these marks come in through the device, and leave by it.
lane() {
  if [ "$1" = 4 ]; then lan_hop=169.254.77.1 wan_hop=169.254.77.2; else lan_hop=fe80::1c:a wan_hop=fe80::1c:b; fi
  cat <<I
neigh replace $lan_hop lladdr $LANHOP dev $2 nud permanent
neigh replace $wan_hop lladdr $WANHOP dev $2 nud permanent
route replace default via $lan_hop dev $2 onlink table $4
route replace default via $wan_hop dev $2 onlink table $6
I
  # in : a steered packet, to the local socket
  echo "rule add pref 100 iif $2 fwmark $3 lookup 100"
  # out: what accepted sockets emit, to the LAN port
  echo "rule add pref 101 iif lo fwmark $3 lookup $4"
  # out: what sockets toward the origin emit, to the WAN port
  echo "rule add pref 102 iif lo fwmark $5 lookup $6"
}
for f in $families; do
  {
    ip "-$f" rule show | while IFS=: read -r pref _; do
      case $pref in 100 | 101 | 102) echo "rule del pref $pref" ;; esac
    done
    echo 'route replace local default dev lo table 100'
    lane "$f" "$BR" 0x100 101 0x200 102
    for vlan in $VLANS; do
      lan_mark=$((vlan << 12 | 0x100)) wan_mark=$((vlan << 12 | 0x200))
      # A VLAN's tables are numbered as its marks.
      lane "$f" "$BR.$vlan" "$lan_mark" "$lan_mark" "$wan_mark" "$wan_mark"
    done
  } | ip "-$f" -batch -
done
marks=
for vlan in $VLANS; do marks="$marks${marks:+, }$vlan : $((vlan << 12))"; done

# Learns both MACs of every TCP (and uTP) connection that the LAN opens, and puts them on what the box emits in its place: on the
# wires there is only the client's MAC and its gateway's. A table that is replaced loses what it learned, which would
# break the box's open connections, so it is loaded only when it is absent or made for other ports, VLANs or an older version of this. The mark
# in the keys is the VLAN: two of them may use the same IPv4 addresses. IPv6 ones are the world's own, and nft 1.0.6 writes the MAC over the
# end of a map's key that is longer than 16 bytes.
# An address may move to another machine, and a router may be replaced: `update` would keep the first MAC for ever, so each is taken out and put in
# again, every two seconds at most for one pair of MACs. Only who dials the world shows where the router is: of what goes to private addresses the MAC
# is taken while there is no other, and of what goes to the box itself never.
near4="10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16, 224.0.0.0/4"
near6="fc00::/7, fe80::/10, ff00::/8"
made_for="$LAN $WAN $own_mac${VLANS:+ vlans $(echo "$VLANS" | cksum | tr ' ' -)}" # a table's comment is short
lane_of_vlan=${marks:+"meta mark set vlan id map { $marks } return"}
case "$(nft -t list table bridge swarmbox_l2 2>/dev/null)" in
*"comment \"ports $made_for\""*) ;;
*)
  nft -f - <<N
table bridge swarmbox_l2
delete table bridge swarmbox_l2
table bridge swarmbox_l2 {
  comment "ports $made_for"
  map cmac4 { type mark . ipv4_addr : ether_addr; flags dynamic,timeout; timeout 2h; size 65536; }   # client -> MAC its frames come from
  map gmac4 { type mark . ipv4_addr : ether_addr; flags dynamic,timeout; timeout 2h; size 65536; }   # client -> MAC its frames go to
  map cmac6 { type ipv6_addr : ether_addr; flags dynamic,timeout; timeout 2h; size 65536; }
  map gmac6 { type ipv6_addr : ether_addr; flags dynamic,timeout; timeout 2h; size 65536; }
  set fresh4 { type mark . ipv4_addr . ether_addr . ether_addr; flags dynamic,timeout; timeout 2s; size 65536; }
  set fresh6 { type ipv6_addr . ether_addr . ether_addr; flags dynamic,timeout; timeout 2s; size 65536; }
  chain learn {
    type filter hook prerouting priority -310; policy accept;
    iifname != "$LAN" accept
    meta l4proto != { tcp, udp } accept
    meta l4proto tcp tcp flags & (fin|syn|rst|ack) != syn accept
    udp length != 28 accept   # a uTP SYN (BEP 29): the daemon may have to refuse it
    meta l4proto udp @th,64,8 != 0x41 accept
    ether type { 8021q, 8021ad } jump tagged
    ether daddr $own_mac accept
    meta mark . ip saddr . ether saddr . ether daddr @fresh4 accept
    ip6 saddr . ether saddr . ether daddr @fresh6 accept
    add @fresh4 { meta mark . ip saddr . ether saddr . ether daddr } delete @cmac4 { meta mark . ip saddr : ether saddr } add @cmac4 { meta mark . ip saddr : ether saddr }
    add @fresh6 { ip6 saddr . ether saddr . ether daddr } delete @cmac6 { ip6 saddr : ether saddr } add @cmac6 { ip6 saddr : ether saddr }
    ip daddr != { $near4 } delete @gmac4 { meta mark . ip saddr : ether daddr }
    ip6 daddr != { $near6 } delete @gmac6 { ip6 saddr : ether daddr }
    update @gmac4 { meta mark . ip saddr : ether daddr }
    update @gmac6 { ip6 saddr : ether daddr }
  }
  chain tagged {
    $lane_of_vlan
    accept
  }
  chain out {
    type filter hook postrouting priority 0; policy accept;
    ether daddr != { $LANHOP, $WANHOP } accept
    meta mark set meta mark & 0xfffff000
    oifname "$LAN" ether daddr $LANHOP ether saddr set meta mark . ip daddr map @gmac4 ether daddr set meta mark . ip daddr map @cmac4 accept
    oifname "$WAN" ether daddr $WANHOP ether saddr set meta mark . ip saddr map @cmac4 ether daddr set meta mark . ip saddr map @gmac4 accept
    oifname "$LAN" ether daddr $LANHOP ether saddr set ip6 daddr map @gmac6 ether daddr set ip6 daddr map @cmac6 accept
    oifname "$WAN" ether daddr $WANHOP ether saddr set ip6 saddr map @cmac6 ether daddr set ip6 saddr map @gmac6 accept
    counter drop
  }
}
N
  ;;
esac
