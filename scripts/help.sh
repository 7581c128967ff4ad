#!/usr/bin/env bash
cat <<'T'
make cafe    a virtual internet cafe around the real daemon; page at http://127.0.0.1:8080; Ctrl-C ends it
             ONCE=1 runs the scenario once and prints a table and a JSON line
make test    everything: types, lint, layers, unit tests, tests with real clients and kernel rules
make fuzz    a million inputs for every parser of strangers' bytes; INPUTS and SEED choose others
make check   the quick part of it, without root
make bench   figures for serving and hashing, as ratios against named peers
make matrix  real clients in every way they can meet the box: one JSON line each (settings: scripts/matrix/README.md)
make matrix-vlan  clients in VLANs, in a virtual machine with Debian's kernel (installs QEMU; some ten minutes)
make flood   thousands of connections and a storm of hostile ones: memory, loop delay, ordinary traffic
make avalanche  thousands of clients within seconds, and a box without a processor: who serves whom, and when it is over
make soak    half an hour of real clients on a disk too small for them: memory, and their bytes
make first-byte  how soon a client with default settings gets its first byte while every remote peer is dead
make manners  an ordinary user beside a box that fills a slow line, with the box's manners and without
make sim     the box's decisions (who may fetch, what stays on disk and in memory) before a referee; settings: scripts/lab/README.md
make what-if what other disks and rules would have saved: asks the running box (ADMIN: as for scripts/ask)
make fleet   a broker, a central, relays and terminals behind slow lines, and a folder that goes to all of them (scripts/fleet/fleet.ts)
make bench-fleet  how soon every node of a fleet has a file, beside RabbitMQ alone and libtorrent alone (settings: scripts/fleet/bench/README.md)
make web     builds the page into web/dist
make web-dev the page with a made-up box behind it, at http://127.0.0.1:5173; shows what is edited at once (web/README.md)
make init    installs what the others need (they call it themselves)
make image   the image to flash and the update of it, in build/image (root)
make image-test  the image in a virtual machine: first start, faults, updates, power cuts, broken systems; hours (ONLY="wire": a part of it)
make clean   removes what was installed and built here
T
