"""Downloads one torrent with libtorrent from one peer, and stays until its standard input ends.

argv: torrent file, folder, peer's ip, peer's port, 1 to fetch in order else 0
"""
import sys
import time

import libtorrent as lt


def main():
    torrent, folder, ip, port, in_order = sys.argv[1:]
    session = lt.session({
        "listen_interfaces": "0.0.0.0:0",
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_outgoing_utp": False,
        "enable_incoming_utp": False,
        "out_enc_policy": 2,
        "in_enc_policy": 2,
    })
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(torrent)
    params.save_path = folder
    params.trackers = []
    if in_order == "1":
        params.flags |= lt.torrent_flags.sequential_download
    handle = session.add_torrent(params)
    handle.connect_peer((ip, int(port)), 0)
    sys.stdin.read()


main()
