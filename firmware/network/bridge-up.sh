#!/bin/sh
# bridge-up.sh LAN WAN [BRIDGE]: makes a transparent wire out of two ports and lays the persistent half of the steering under it.
# Needs root, no IP address, no daemon; running it again repairs what is missing. Runs in the current network namespace.
# What stays after it: the bridge, `table bridge swarmbox_l2`, ip rules 100-102 with tables 100-102. All of it is harmless
# without the daemon: only sockets that carry the marks 0x100 / 0x200 are ever routed through it. bridge-down.sh undoes it.
set -eu

LAN=${1:?usage: bridge-up.sh LAN WAN [BRIDGE]}
WAN=${2:?usage: bridge-up.sh LAN WAN [BRIDGE]}
BR=${3:-br0}
# Largest frame the ports are opened for; `keep` leaves their MTU alone. Ports that cannot do it keep what they have.
PORT_MTU=${PORT_MTU:-9216}

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

get() { cat "/proc/sys/net/$1" 2>/dev/null || true; }
put() { [ ! -e "/proc/sys/net/$1" ] || echo "$2" >"/proc/sys/net/$1"; }

# ---- the bridge -----------------------------------------------------------------------------------------------------
if [ ! -e "/sys/class/net/$BR" ]; then
  ip link add "$BR" type bridge
  # What was found here is kept in the bridge's own alias, so that it lives exactly as long as the bridge does.
  ip link set dev "$BR" alias "swarmbox fwmark_accept=$(get ipv4/tcp_fwmark_accept) rp_filter=$(get ipv4/conf/all/rp_filter)\
 lan_mtu=$(cat "/sys/class/net/$LAN/mtu") wan_mtu=$(cat "/sys/class/net/$WAN/mtu")"
fi
# A box that asks, reports or answers nothing: no router solicitation, no neighbour discovery, no multicast report of its own.
# IPv6 itself stays on at the bridge: steered IPv6 connections end here, and need no address to do so.
put "ipv6/conf/$BR/addr_gen_mode" 1
put "ipv6/conf/$BR/accept_ra" 0
put "ipv6/conf/$BR/router_solicitations" 0
put "ipv4/conf/$BR/arp_notify" 0
for port in "$LAN" "$WAN"; do put "ipv6/conf/$port/disable_ipv6" 1; done

# No spanning tree (it would hold the wire for 30 s and emit frames), no snooping (it would withhold multicast),
# no forwarding delay. Ageing: the usual 5 minutes, as in any switch.
# group_fwd_mask: 01:80:c2:00:00:03..0f cross (0e: LLDP). STP (00) crosses because spanning tree is off.
ip link set dev "$BR" type bridge stp_state 0 forward_delay 0 mcast_snooping 0 ageing_time 30000 group_fwd_mask 0xfff8
# The bridge's MAC is the LAN port's, fixed: an unpinned one follows whichever port joined last.
ip link set dev "$BR" address "$(cat "/sys/class/net/$LAN/address")"

for port in "$LAN" "$WAN"; do
  [ "$(basename "$(readlink "/sys/class/net/$port/master" 2>/dev/null || echo none)")" = "$BR" ] || ip link set dev "$port" master "$BR"
  # LACP (02) is refused in the bridge's own mask but accepted in a port's. 01, the pause frame, no Linux bridge forwards.
  ip link set dev "$port" type bridge_slave group_fwd_mask 0xfffd ||
    say "$port: this kernel does not let LACP (01:80:c2:00:00:02) through"
  # Offloads that alter a stream of frames beyond recall. GRO stays: what it merges, it splits again exactly as it was.
  if command -v ethtool >/dev/null; then
    for off in lro rx-gro-list rx-udp-gro-forwarding; do ethtool -K "$port" "$off" off >/dev/null 2>&1 || true; done
  fi
done

# ---- frame size -----------------------------------------------------------------------------------------------------
# Both ports take jumbo frames where the hardware allows it. The bridge's own stack stays at the usual size: it must not
# offer a server on the far side segments that only this wire can carry.
if [ "$PORT_MTU" != keep ]; then
  for port in "$LAN" "$WAN"; do
    max=$(ip -d link show dev "$port" | sed -n 's/.* maxmtu \([0-9]*\).*/\1/p')
    want=$PORT_MTU
    [ -z "$max" ] || [ "$max" = 0 ] || [ "$max" -ge "$want" ] || want=$max
    [ "$(cat "/sys/class/net/$port/mtu")" -ge "$want" ] || ip link set dev "$port" mtu "$want" 2>/dev/null ||
      say "$port: frames over $(cat "/sys/class/net/$port/mtu") bytes do not pass"
  done
fi
own=1500
for port in "$LAN" "$WAN"; do
  mtu=$(cat "/sys/class/net/$port/mtu"); [ "$mtu" -ge "$own" ] || own=$mtu
done
ip link set dev "$BR" mtu "$own"

ip link set dev "$LAN" up
ip link set dev "$WAN" up
ip link set dev "$BR" up

# ---- the persistent half of the steering ----------------------------------------------------------------------------
bridge fdb replace "$LANHOP" dev "$LAN" master static
bridge fdb replace "$WANHOP" dev "$WAN" master static
# br_netfilter, where it is loaded, would push every bridged packet through the IP hooks: cost, and no use to us.
for family in iptables ip6tables arptables; do put "bridge/bridge-nf-call-$family" 0; done
# An accepted connection and its answers carry the mark of the packet that opened it: rule 101 then finds them.
put ipv4/tcp_fwmark_accept 1
# The sender of a steered packet is never routable from here, by design.
put ipv4/conf/all/rp_filter 0
put "ipv4/conf/$BR/rp_filter" 0

ip neigh replace 169.254.77.1 lladdr "$LANHOP" dev "$BR" nud permanent
ip neigh replace 169.254.77.2 lladdr "$WANHOP" dev "$BR" nud permanent
ip route replace local default dev lo table 100
ip route replace default via 169.254.77.1 dev "$BR" onlink table 101
ip route replace default via 169.254.77.2 dev "$BR" onlink table 102
families=-4
if [ -e "/proc/sys/net/ipv6/conf/$BR" ]; then
  families="-4 -6"
  ip -6 neigh replace fe80::1c:a lladdr "$LANHOP" dev "$BR" nud permanent
  ip -6 neigh replace fe80::1c:b lladdr "$WANHOP" dev "$BR" nud permanent
  ip -6 route replace local default dev lo table 100
  ip -6 route replace default via fe80::1c:a dev "$BR" onlink table 101
  ip -6 route replace default via fe80::1c:b dev "$BR" onlink table 102
fi
rule() { # family preference rest... : present exactly once
  family=$1 pref=$2
  shift 2
  while ip "$family" rule del pref "$pref" 2>/dev/null; do :; done
  ip "$family" rule add pref "$pref" "$@"
}
for f in $families; do
  rule "$f" 100 iif "$BR" fwmark 0x100 lookup 100 # in : a steered packet, to the local socket
  rule "$f" 101 iif lo fwmark 0x100 lookup 101    # out: what accepted sockets emit, to the LAN port
  rule "$f" 102 iif lo fwmark 0x200 lookup 102    # out: what sockets toward the origin emit, to the WAN port
done

# Learns both MACs of every TCP (and uTP) connection that the LAN opens, and puts them on what the box emits in its place: on the
# wires there is only the client's MAC and its gateway's. A table that is replaced loses what it learned, which would
# break the box's open connections, so it is loaded only when it is absent or made for other ports.
made_for="$LAN $WAN"
if [ "$(nft list table bridge swarmbox_l2 2>/dev/null | sed -n 's/^[[:space:]]*comment "ports \(.*\)"$/\1/p')" != "$made_for" ]; then
  nft -f - <<N
table bridge swarmbox_l2
delete table bridge swarmbox_l2
table bridge swarmbox_l2 {
  comment "ports $made_for"
  map cmac4 { type ipv4_addr : ether_addr; flags dynamic,timeout; timeout 2h; size 65536; }   # client -> MAC its frames come from
  map gmac4 { type ipv4_addr : ether_addr; flags dynamic,timeout; timeout 2h; size 65536; }   # client -> MAC its frames go to
  map cmac6 { type ipv6_addr : ether_addr; flags dynamic,timeout; timeout 2h; size 65536; }
  map gmac6 { type ipv6_addr : ether_addr; flags dynamic,timeout; timeout 2h; size 65536; }
  chain learn {
    type filter hook prerouting priority -310; policy accept;
    iifname != "$LAN" accept
    meta l4proto != { tcp, udp } accept
    meta l4proto tcp tcp flags & (fin|syn|rst|ack) != syn accept
    udp length != 28 accept   # a uTP SYN (BEP 29): the daemon may have to refuse it
    meta l4proto udp @th,64,8 != 0x41 accept
    update @cmac4 { ip saddr : ether saddr } update @gmac4 { ip saddr : ether daddr }
    update @cmac6 { ip6 saddr : ether saddr } update @gmac6 { ip6 saddr : ether daddr }
  }
  chain out {
    type filter hook postrouting priority 0; policy accept;
    ether daddr != { $LANHOP, $WANHOP } accept
    oifname "$LAN" ether daddr $LANHOP ether saddr set ip daddr map @gmac4 ether daddr set ip daddr map @cmac4 accept
    oifname "$WAN" ether daddr $WANHOP ether saddr set ip saddr map @cmac4 ether daddr set ip saddr map @gmac4 accept
    oifname "$LAN" ether daddr $LANHOP ether saddr set ip6 daddr map @gmac6 ether daddr set ip6 daddr map @cmac6 accept
    oifname "$WAN" ether daddr $WANHOP ether saddr set ip6 saddr map @cmac6 ether daddr set ip6 saddr map @gmac6 accept
    counter drop
  }
}
N
fi
