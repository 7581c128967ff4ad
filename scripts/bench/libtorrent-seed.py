"""Seeds one torrent with libtorrent's default settings: the peer that the box is measured against.

argv: torrent file, folder of its files, port. Says {"port": n, "name": "libtorrent x.y.z"}; ends when its standard input does.
"""
import json
import sys

import libtorrent as lt


def main():
    torrent, directory, port = sys.argv[1:]
    # The address and what it would announce to are not part of its serving; everything else is as it comes.
    session = lt.session({
        "listen_interfaces": "127.0.0.1:" + port,
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
    })
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(torrent)
    params.save_path = directory
    handle = session.add_torrent(params)
    while not handle.status().is_seeding:
        session.wait_for_alert(100)
        session.pop_alerts()
    print(json.dumps({"port": session.listen_port(), "name": "libtorrent " + lt.__version__}), flush=True)
    sys.stdin.read()


main()
