"""with-taps.py NETNS:DEVICE... -- COMMAND...: opens a tap in each network namespace and becomes the command, in which {tap0}, {tap1} are their descriptors."""
import ctypes
import fcntl
import os
import signal
import struct
import sys

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x0002, 0x1000, 0x4000

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


def enter(netns):
    """Python's own setns came with 3.12."""
    if libc.setns(netns, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), 'setns')


at = sys.argv.index('--')
taps, command = sys.argv[1:at], sys.argv[at + 1 :]
home = os.open('/proc/self/ns/net', os.O_RDONLY)
for i, tap in enumerate(taps):
    netns, device = tap.split(':')
    place = os.open(f'/run/netns/{netns}', os.O_RDONLY)
    enter(place)
    os.close(place)
    tun = os.open('/dev/net/tun', os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack('16sH22x', device.encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
    os.set_inheritable(tun, True)
    command = [word.replace(f'{{tap{i}}}', str(tun)) for word in command]
enter(home)
# It ends with the program that started it, however that one ends.
libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
os.execvp(command[0], command)
