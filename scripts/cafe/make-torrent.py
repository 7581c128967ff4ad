"""Makes a torrent of BitTorrent v2 (BEP 52), alone or as a hybrid, with libtorrent: the box must agree with others, not with itself.

argv[1]: {"dir": parent of the content, "name": path, "pieceBytes": n, "version": "hybrid" or "v2", "trackers": [..], "out": path}
Says {"v1": 40 hex digits or "", "v2": 64 hex digits}.
"""
import json
import os
import sys

import libtorrent as lt

o = json.loads(sys.argv[1])
files = lt.file_storage()
lt.add_files(files, os.path.join(o["dir"], o["name"]))
flags = lt.create_torrent.v2_only if o["version"] == "v2" else 0
made = lt.create_torrent(files, o["pieceBytes"], flags)
for tier, url in enumerate(o["trackers"]):
    made.add_tracker(url, tier)
lt.set_piece_hashes(made, o["dir"])
with open(o["out"], "wb") as out:
    out.write(lt.bencode(made.generate()))
hashes = lt.torrent_info(o["out"]).info_hashes()
print(json.dumps({"v1": str(hashes.v1) if hashes.has_v1() else "", "v2": str(hashes.v2)}))
