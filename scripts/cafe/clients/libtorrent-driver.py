"""Runs one torrent in libtorrent with its default settings and reports in JSON lines.

argv[1]: {"source": path or magnet, "dir": path, "encrypt": bool, "seed": bool, "ways": see client.ts, "only": files or absent,
          "mostBytesPerS": download limit or absent, "film": {"jumpTo": piece or absent} or absent}
"""
import json
import signal
import sys
import threading
import time

import libtorrent as lt

PORT = 6881
TICK_S = 0.25


def say(**line):
    print(json.dumps(line), flush=True)


def endpoint(ip, port):
    return "[%s]:%d" % (ip, port) if ":" in ip else "%s:%d" % (ip, port)


def settings(encrypt, seed, ways):
    wanted = {
        "listen_interfaces": "0.0.0.0:%d,[::]:%d" % (PORT, PORT),
        # Of several trackers a downloader asks the first that answers; a seeder is to be found through any.
        "announce_to_all_trackers": seed,
        "announce_to_all_tiers": seed,
        "alert_mask": lt.alert.category_t.status_notification
        | lt.alert.category_t.storage_notification
        | lt.alert.category_t.piece_progress_notification
        | lt.alert.category_t.error_notification,
        "stop_tracker_timeout": 2,
    }
    if "reconnectS" in ways:
        wanted["min_reconnect_time"] = ways["reconnectS"]
    if encrypt:
        wanted["out_enc_policy"] = int(lt.enc_policy.pe_forced)
        wanted["in_enc_policy"] = int(lt.enc_policy.pe_forced)
        wanted["allowed_enc_level"] = int(lt.enc_level.pe_rc4)
    if "utp" in ways:
        wanted["enable_outgoing_utp"] = wanted["enable_incoming_utp"] = ways["utp"]
    if "lsd" in ways:
        wanted["enable_lsd"] = ways["lsd"]
    dht = ways.get("dht")
    if dht is not None:
        wanted["enable_dht"] = bool(dht)
    if dht:
        wanted["dht_bootstrap_nodes"] = ",".join(endpoint(ip, dht["port"]) for ip in dht["nodes"])
    return wanted


def params(source, directory):
    if source.startswith("magnet:"):
        p = lt.parse_magnet_uri(source)
    else:
        p = lt.add_torrent_params()
        p.ti = lt.torrent_info(source)
    p.save_path = directory
    # A client that a person runs starts at once and is not queued behind others.
    p.flags &= ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
    return p


def jump(handle, piece):
    """As players do whose viewer turns to another place: nothing before it is wanted any more."""
    count = handle.torrent_file().num_pieces()
    handle.prioritize_pieces([0] * piece + [4] * (count - piece))
    say(event="jump")


def flushed(session, handle, limit_s):
    """Waits until what was received is in the files."""
    handle.flush_cache()
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        session.wait_for_alert(200)
        if any(isinstance(a, lt.cache_flushed_alert) for a in session.pop_alerts()):
            return


def main():
    o = json.loads(sys.argv[1])
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    session = lt.session(settings(o["encrypt"], o["seed"], o["ways"]))
    added = params(o["source"], o["dir"])
    only = o.get("only")
    wants_all = threading.Event()
    if only is None:
        wants_all.set()
    else:
        signal.signal(signal.SIGUSR1, lambda *_: wants_all.set())
        added.file_priorities = [4 if i in only else 0 for i in range(added.ti.num_files())]
    film = o.get("film")
    jumps = threading.Event()
    if film is not None:
        added.flags |= lt.torrent_flags.sequential_download
        signal.signal(signal.SIGUSR2, lambda *_: jumps.set())
    handle = session.add_torrent(added)
    handle.set_download_limit(o.get("mostBytesPerS") or 0)
    say(event="added")
    complete = False
    told_at = 0.0
    while not ended.is_set():
        session.wait_for_alert(int(TICK_S * 1000))
        finished = False
        for alert in session.pop_alerts():
            if isinstance(alert, lt.torrent_finished_alert):
                finished = True
            elif isinstance(alert, lt.piece_finished_alert):
                if film is not None:
                    say(event="piece", piece=alert.piece_index)
            elif "error" in alert.what() or "failed" in alert.what():
                print(alert.message(), file=sys.stderr, flush=True)
        if jumps.is_set():
            jumps.clear()
            jump(handle, film["jumpTo"])
        if only is not None:
            if not wants_all.is_set():
                continue
            only = None
            finished = False
            handle.prioritize_files([4] * added.ti.num_files())
        status = handle.status()
        if (finished or status.is_seeding) and not complete:
            complete = True
            flushed(session, handle, 5)
            say(event="done")
            if not o["seed"]:
                break
        if time.monotonic() - told_at >= TICK_S and not complete:
            told_at = time.monotonic()
            say(event="progress", fraction=status.progress, rate=status.download_payload_rate)
    # Its end tells the tracker that this peer is gone.
    session.remove_torrent(handle)
    del handle
    del session


main()
