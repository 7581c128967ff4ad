/** Clients that know nothing of fleets take a distribution from a giver that places: libtorrent, as it comes. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { distribution, temporary } from './fixtures.ts';
import { neighbour } from './keep-compliance.ts';

const LIMIT_MS = 60_000;
const BYTES = 12_000_000;

/** argv: the torrent, where its files go, its own address, and whom it dials. Ends when it has all. By TCP alone, which is all that nodes speak: where it tries uTP first it loses time. */
const CLIENT = `
import sys, time
import libtorrent as lt
torrent, folder, listen, *dial = sys.argv[1:]
session = lt.session({'listen_interfaces': listen, 'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False, 'enable_natpmp': False,
    'enable_outgoing_utp': False})
p = lt.add_torrent_params()
p.ti = lt.torrent_info(torrent)
p.save_path = folder
p.flags &= ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
handle = session.add_torrent(p)
while not handle.status().is_seeding:
    for place in dial:
        ip, port = place.rsplit(':', 1)
        handle.connect_peer((ip, int(port)))
    time.sleep(0.5)
time.sleep(2)`;

test('stock clients get all of it from a giver that places', { timeout: LIMIT_MS }, async (t) => {
  const patch = distribution(BYTES);
  const giver = await neighbour(t, patch, 'all');
  const folder = temporary(t);
  const torrent = join(folder, 'patch.torrent');
  writeFileSync(torrent, patch.seedBytes);
  const [own, others] = [['127.74.0.11', '127.74.0.12'], `${giver.place.ip}:${giver.place.port}`] as const;
  const clients = own.map(async (ip, i) => {
    const to = join(folder, `client${i}`);
    const dial = [others, ...own.slice(0, i).map((other) => `${other}:6881`)];
    await promisify(execFile)('/usr/bin/python3', ['-c', CLIENT, torrent, to, `${ip}:6881`, ...dial], {
      timeout: LIMIT_MS,
    });
    return readFileSync(join(to, ...(patch.seed.meta.files[0]?.path ?? [])));
  });
  for (const bytes of await Promise.all(clients)) assert.ok(bytes.equals(patch.bytes));
});
