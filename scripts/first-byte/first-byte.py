"""libtorrent with its default settings: how long from adding the torrent to its first payload byte.

argv: torrent, directory. Prints one JSON line and ends.
"""
import json
import sys
import time

import libtorrent as lt

LIMIT_S = 60

session = lt.session({"listen_interfaces": "0.0.0.0:6881,[::]:6881"})
params = lt.add_torrent_params()
params.ti = lt.torrent_info(sys.argv[1])
params.save_path = sys.argv[2]
params.flags &= ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
start = time.monotonic()
handle = session.add_torrent(params)
seconds = None
while seconds is None and time.monotonic() - start < LIMIT_S:
    if handle.status().total_payload_download > 0:
        seconds = round(time.monotonic() - start, 2)
    time.sleep(0.01)
print(json.dumps({"client": "libtorrent " + lt.__version__, "firstByteS": seconds}), flush=True)
