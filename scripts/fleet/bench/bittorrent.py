"""libtorrent alone: argv[1] is {"role": "seed", ...} or {"role": "nodes", ...}. Asked and answered by lines of JSON, as lines.ts says.

The seed has the file, its torrent and a tracker (HTTP, compact answers, at most 50 peers); the nodes are one session each, with an address of its own.
Settings are libtorrent's own, but for what one machine needs (addresses, no discovery beyond the tracker, TCP, no encryption) and what makes it quicker here
(deeper request queues, larger send buffers, connections without a pause between them).
"""
import http.server
import json
import os
import random
import shutil
import socket
import struct
import sys
import threading
import time
import urllib.parse

import libtorrent as lt

PORT = 26881
KIB, MIB = 1 << 10, 1 << 20
SHARED = {
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "enable_outgoing_utp": False, "enable_incoming_utp": False,
    "out_enc_policy": int(lt.enc_policy.pe_disabled), "in_enc_policy": int(lt.enc_policy.pe_disabled),
    "allow_multiple_connections_per_ip": True, "ssrf_mitigation": False,
    "alert_mask": lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
}
QUICKER = {
    "min_reconnect_time": 1, "connection_speed": 200, "torrent_connect_boost": 100, "min_announce_interval": 1,
    "aio_threads": 1, "hashing_threads": 1, "mixed_mode_algorithm": 0, "peer_turnover": 0,
    "max_out_request_queue": 500, "max_allowed_in_request_queue": 2000, "request_queue_time": 3,
    "send_buffer_watermark": 3 * MIB, "send_buffer_low_watermark": 64 * KIB,
    "send_socket_buffer_size": MIB, "recv_socket_buffer_size": MIB,
    "seed_choking_algorithm": 0,
}


def session(address):
    own = {"listen_interfaces": f"{address}:{PORT}", "outgoing_interfaces": address}
    return lt.session({**SHARED, **QUICKER, **own})


def params(info, folder):
    p = lt.add_torrent_params()
    p.ti = info
    p.save_path = folder
    p.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    return p


class Tracker:
    """Of one torrent at a time: whoever asks is told of those who asked before, and of the seed."""

    def __init__(self, seed):
        self.seed, self.known, self.lock = seed, set(), threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                asked = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query, encoding="latin1")
                body = outer.answer((self.client_address[0], int(asked["port"][0])))
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.request_queue_size = 256
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}/announce"

    def begin(self):
        with self.lock:
            self.known = {self.seed}

    def answer(self, asker):
        with self.lock:
            others = [peer for peer in self.known if peer != asker]
            self.known.add(asker)
        random.shuffle(others)
        peers = b"".join(socket.inet_aton(ip) + struct.pack(">H", port) for ip, port in others[:50])
        return b"d8:intervali30e12:min intervali1e5:peers%d:" % len(peers) + peers + b"e"


class Seed:
    def __init__(self, o):
        self.session = session(o["address"])
        self.tracker = Tracker((o["address"], PORT))
        self.handle = None

    def stand(self, _):
        return {}

    def prepare(self, o):
        began = time.time()
        files = lt.file_storage()
        size = os.path.getsize(o["path"])
        files.add_file(os.path.basename(o["path"]), size)
        made = lt.create_torrent(files, 256 * KIB if size <= 100e6 else MIB, lt.create_torrent.v1_only)
        lt.set_piece_hashes(made, os.path.dirname(o["path"]))
        torrent = lt.bencode(made.generate())
        with open(o["torrent"], "wb") as out:
            out.write(torrent)
        p = params(lt.torrent_info(lt.bdecode(torrent)), os.path.dirname(o["path"]))
        p.flags |= lt.torrent_flags.seed_mode
        p.trackers = []
        self.handle = self.session.add_torrent(p)
        self.tracker.begin()
        return {"tracker": self.tracker.url, "prepareS": time.time() - began}

    def forget(self, _):
        if self.handle is not None:
            self.session.remove_torrent(self.handle)
        self.handle = None
        return {}


class Nodes:
    def __init__(self, o):
        self.dir = o["dir"]
        self.sessions = {n: session(address) for n, address in o["nodes"]}
        self.handles = {}

    def folder(self, node):
        return f"{self.dir}/bittorrent-{node}"

    def stand(self, _):
        return {}

    def load(self, o):
        with open(o["torrent"], "rb") as torrent:
            self.info = lt.torrent_info(lt.bdecode(torrent.read()))
        for node in self.sessions:
            os.makedirs(self.folder(node), exist_ok=True)
        return {}

    def all(self, o):
        for node, ses in self.sessions.items():
            p = params(self.info, self.folder(node))
            p.trackers = [o["tracker"]]
            self.handles[node] = ses.add_torrent(p)
        at = {}
        while len(at) < len(self.sessions):
            for node, ses in self.sessions.items():
                for alert in ses.pop_alerts():
                    if isinstance(alert, lt.torrent_finished_alert):
                        at[node] = time.time() * 1000
                    elif isinstance(alert, (lt.torrent_error_alert, lt.file_error_alert, lt.listen_failed_alert)):
                        print(node, alert.message(), file=sys.stderr)
            time.sleep(0.005)
        return {"nodesMs": list(at.values())}

    def forget(self, _):
        for node, handle in self.handles.items():
            self.sessions[node].remove_torrent(handle)
            shutil.rmtree(self.folder(node), ignore_errors=True)
        self.handles = {}
        return {}


def main():
    o = json.loads(sys.argv[1])
    one = Seed(o) if o["role"] == "seed" else Nodes(o)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = getattr(one, asked["what"])(asked)
        except Exception as error:
            answer = {"trouble": repr(error)}
        print(json.dumps(answer), flush=True)
    os._exit(0)


main()
