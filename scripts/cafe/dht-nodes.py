"""Runs inside the internet's namespace: the nodes of a small DHT (BEP 5, 32), one libtorrent session each.

argv[1]: {"nodes": [[IPv4 address, IPv6 address], ..], "port": port}. Says `ready` when every node knows others.
A real client calls a DHT of fewer than nine nodes broken (Transmission), and takes one node of each network.
"""
import json
import sys
import time

import libtorrent as lt

TICK_S = 0.2
GOOD_ENOUGH = 8


def node(v4, v6, port):
    return lt.session(
        {
            "listen_interfaces": "%s:%d,[%s]:%d" % (v4, port, v6, port),
            "enable_dht": True,
            "enable_lsd": False,
            "enable_upnp": False,
            "enable_natpmp": False,
            "dht_bootstrap_nodes": "",
            # The cafe's addresses are no public ones, and its few machines send more than strangers would.
            "dht_restrict_routing_ips": False,
            "dht_restrict_search_ips": False,
            "dht_enforce_node_id": False,
            "dht_prefer_verified_node_ids": False,
            "dht_block_ratelimit": 1000,
            "dht_upload_rate_limit": 1_000_000,
            "alert_mask": lt.alert.category_t.stats_notification,
        }
    )


def known(session):
    """How many nodes it has in its tables, IPv4 and IPv6 together."""
    session.post_dht_stats()
    time.sleep(TICK_S)
    tables = [a for a in session.pop_alerts() if isinstance(a, lt.dht_stats_alert)]
    return sum(bucket["num_nodes"] for a in tables for bucket in a.routing_table)


def main():
    o = json.loads(sys.argv[1])
    sessions = [node(v4, v6, o["port"]) for v4, v6 in o["nodes"]]
    for session in sessions:
        for v4, v6 in o["nodes"]:
            session.add_dht_node((v4, o["port"]))
            session.add_dht_node((v6, o["port"]))
    while any(known(s) < GOOD_ENOUGH for s in sessions):
        pass
    print("ready", flush=True)
    while True:
        time.sleep(3600)


main()
