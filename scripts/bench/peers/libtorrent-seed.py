"""Seeds one torrent with libtorrent's own settings for a fast seed (high_performance_seed).

argv: torrent file, folder of its files, port; `trust`: without hashing the files, as after a restart. Says {"port": n}; ends when its standard input does.
"""
import json
import sys

import libtorrent as lt


def main():
    torrent, directory, port = sys.argv[1:4]
    settings = lt.high_performance_seed()
    # The address and what it would announce to are not part of its serving; idle clients may stay for a whole run.
    settings.update({
        "listen_interfaces": "127.0.0.1:" + port,
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "peer_timeout": 600,
        "inactivity_timeout": 600,
    })
    session = lt.session(settings)
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(torrent)
    params.save_path = directory
    if sys.argv[4:] == ["trust"]:
        params.flags |= lt.torrent_flags.seed_mode
    handle = session.add_torrent(params)
    handle.set_max_connections(8000)
    handle.set_max_uploads(8000)
    # It hangs up on who comes before its queue has let the torrent begin, which one that it trusts is seeding before.
    while not handle.status().is_seeding or handle.status().flags & lt.torrent_flags.paused:
        session.wait_for_alert(100)
        session.pop_alerts()
    print(json.dumps({"port": session.listen_port()}), flush=True)
    sys.stdin.read()


main()
