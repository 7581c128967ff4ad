"""One end of a wire under test: puts raw frames on a device and reports every frame that arrives there.

argv[1]: device. Each line of standard input is a frame in hex, to be sent as it is. Each frame that comes in is printed
in hex, its VLAN tag put back where the kernel took it out (packet(7), PACKET_AUXDATA). First line printed: "ready".
"""
import select
import socket
import struct
import sys

SOL_PACKET = 263
PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC = 1, 1
PACKET_AUXDATA = 8
TP_STATUS_VLAN_VALID, TP_STATUS_VLAN_TPID_VALID = 0x10, 0x40
ETH_P_ALL = 0x0003
PACKET_OUTGOING = 4
RECEIVE_BUFFER_BYTES = 4 << 20
LONGEST_FRAME_BYTES = 65536

device = sys.argv[1]
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
s.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
s.bind((device, ETH_P_ALL))
# The frames are addressed to machines that do not exist.
s.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, struct.pack("iHH8s", socket.if_nametoindex(device), PACKET_MR_PROMISC, 0, b""))


def tagged(frame, control):
    for level, kind, data in control:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", data[:20])
            if status & TP_STATUS_VLAN_VALID:
                tpid = tpid if status & TP_STATUS_VLAN_TPID_VALID else 0x8100
                return frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]
    return frame


print("ready", flush=True)
commands = sys.stdin.buffer
while True:
    readable, _, _ = select.select([s, commands], [], [])
    if s in readable:
        frame, control, _, sender = s.recvmsg(LONGEST_FRAME_BYTES, 256)
        if sender[2] != PACKET_OUTGOING:
            print(tagged(frame, control).hex(), flush=True)
    if commands in readable:
        line = commands.readline()
        if not line:
            break
        s.send(bytes.fromhex(line.decode().strip()))
