"""Fetches one torrent from a seed with libtorrent's default settings: what the box's own fetching is measured against.

argv[1]: {"torrentPath": path, "dir": path, "port": the seed's}. Says {}, then for each line on its standard input fetches it
all into a fresh folder and says {"seconds": until all is verified and written, "durableS": and synced, "cpuS": n}.
"""
import json
import os
import shutil
import sys
import tempfile
import time

import libtorrent as lt


def session():
    return lt.session({
        "listen_interfaces": "127.0.0.3:0",
        "outgoing_interfaces": "127.0.0.3",
        "enable_dht": False,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_outgoing_utp": False,
        "out_enc_policy": int(lt.enc_policy.pe_disabled),
        "alert_mask": lt.alert.category_t.status_notification | lt.alert.category_t.storage_notification,
    })


def wait_for(ses, kind):
    while True:
        ses.wait_for_alert(1000)
        if any(isinstance(alert, kind) for alert in ses.pop_alerts()):
            return


def sync(directory):
    for root, _, names in os.walk(directory):
        for name in names:
            fd = os.open(os.path.join(root, name), os.O_RDONLY)
            os.fsync(fd)
            os.close(fd)


def fill(o):
    directory = tempfile.mkdtemp(prefix="libtorrent-fill-", dir=o["dir"])
    ses = session()
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(o["torrentPath"])
    params.save_path = directory
    params.flags &= ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
    cpu = sum(os.times()[:2])
    since = time.monotonic()
    handle = ses.add_torrent(params)
    handle.connect_peer(("127.0.0.1", o["port"]))
    wait_for(ses, lt.torrent_finished_alert)
    handle.flush_cache()
    wait_for(ses, lt.cache_flushed_alert)
    seconds = time.monotonic() - since
    sync(directory)
    durable = time.monotonic() - since
    cpu = sum(os.times()[:2]) - cpu
    ses.remove_torrent(handle)
    del handle
    del ses
    shutil.rmtree(directory)
    return {"seconds": seconds, "durableS": durable, "cpuS": cpu}


def main():
    o = json.loads(sys.argv[1])
    print("{}", flush=True)
    for _ in sys.stdin:
        print(json.dumps(fill(o)), flush=True)


main()
