import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bitfield } from '#base/bitfield.ts';
import { realClock } from '#base/clock.ts';
import { logTo } from '#base/log.ts';
import { newPeerId } from '#wire/handshake.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { parseInfo } from '#wire/metainfo.ts';
import { Downloader, type DownloadWorld } from './downloader.ts';
import { runProgram } from './fixtures.ts';

/** Real libtorrent seeds, of which only the info-hash and the addresses are known. */

const SEED = `
import libtorrent as lt, sys, time
dir, forced = sys.argv[1], sys.argv[2] == 'forced'
policy = 0 if forced else 2
s = lt.session({'listen_interfaces': '127.0.0.1:0', 'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False,
  'enable_natpmp': False, 'in_enc_policy': policy, 'out_enc_policy': policy, 'allow_multiple_connections_per_ip': True})
p = lt.add_torrent_params()
p.ti = lt.torrent_info(dir + '/file.torrent')
p.save_path = dir
p.trackers = []
h = s.add_torrent(p)
while not h.status().is_seeding or s.listen_port() == 0: time.sleep(0.02)
print(s.listen_port(), flush=True)
time.sleep(120)
`;

type Seed = { child: ReturnType<typeof runProgram>; port: number };
const torrent = oneFileTorrent(30 * 262_144 + 4_321, 262_144);

async function startSeed(dir: string, how: 'plain' | 'forced'): Promise<Seed> {
  const child = runProgram('/usr/bin/python3', ['-c', SEED, dir, how]);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, port: Number(line.toString()) };
}

async function stop({ child }: Seed): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function fetchFrom(how: ('plain' | 'forced')[], meanwhile?: (seeds: Seed[], kept: number) => void) {
  const dir = await mkdtemp(path.join(tmpdir(), 'swarmbox-downloader-'));
  const seeds: Seed[] = [];
  const events: string[] = [];
  const kept = new Map<number, Buffer>();
  const sockets = new Set<net.Socket>();
  let wanBytes = 0;
  const world: DownloadWorld = {
    infoHash: torrent.meta.infoHash,
    peerId: newPeerId(),
    clock: realClock,
    log: logTo(({ event }) => events.push(event)),
    found: () => {},
    dial: async ({ endpoint }) => {
      const socket = net.connect(endpoint.port, endpoint.ip);
      sockets.add(socket);
      await once(socket, 'connect');
      return socket;
    },
    accept: async (piece) => {
      const bytes = Buffer.concat(piece.payloadParts());
      const want = torrent.meta.pieceHashes?.subarray(piece.index * 20, piece.index * 20 + 20);
      if (
        !createHash('sha1')
          .update(bytes)
          .digest()
          .equals(want ?? Buffer.alloc(0))
      )
        return 'bad';
      kept.set(piece.index, bytes);
      meanwhile?.(seeds, kept.size);
      return 'ok';
    },
    lacksLayers: () => undefined,
    gotLayers: () => {},
    gotInfo: (infoBytes) => {
      const parsed = parseInfo(infoBytes, torrent.meta.infoHash);
      assert.ok(parsed.kind === 'ok');
      d.setShape(parsed.value, new Bitfield(parsed.value.pieceCount));
    },
    lack: () => 1,
    mayBegin: () => true,
    begunBytes: () => Number.POSITIVE_INFINITY,
    failed: (error) => assert.ifError(error),
    received: () => {},
    receivedNearby: () => {},
  };
  const d = new Downloader(world);
  try {
    await writeFile(path.join(dir, 'file'), torrent.content);
    const file = Buffer.concat([Buffer.from('d4:info'), torrent.meta.infoBytes, Buffer.from('e')]);
    await writeFile(path.join(dir, 'file.torrent'), file);
    for (const one of how) seeds.push(await startSeed(dir, one));
    const beganMs = Date.now();
    d.addSources(seeds.map(({ port }) => ({ endpoint: { ip: '127.0.0.1', port } })));
    d.start();
    while (kept.size < torrent.meta.pieceCount && Date.now() - beganMs < 60_000) await sleep(20);
    const tookMs = Date.now() - beganMs;
    await d.close();
    await sleep(50);
    for (const socket of sockets) wanBytes += socket.bytesRead;
    assert.ok(
      [...sockets].every((s) => s.destroyed),
      'a connection is left',
    );
    const bytes = Buffer.concat([...kept].sort(([a], [b]) => a - b).map(([, b]) => b));
    assert.ok(bytes.equals(torrent.content), `${kept.size} pieces of ${torrent.meta.pieceCount}`);
    return { wanBytes, events, tookMs, dials: sockets.size };
  } finally {
    await d.close();
    for (const seed of seeds) if (seed.child.exitCode === null && seed.child.signalCode === null) await stop(seed);
    await rm(dir, { recursive: true, force: true });
  }
}

const skip = existsSync('/usr/bin/python3') ? false : 'python3 is not installed';
const options = { skip, timeout: 120_000 };

test(
  'the metainfo and every piece come from two libtorrent seeds, hardly a byte more than needed',
  options,
  async (t) => {
    const { wanBytes, events, tookMs } = await fetchFrom(['plain', 'plain']);
    t.diagnostic(`${tookMs} ms, ${(wanBytes / torrent.content.length).toFixed(4)} of the payload`);
    assert.ok(wanBytes <= 1.05 * torrent.content.length, `${wanBytes} bytes for ${torrent.content.length}`);
    assert.deepEqual(events, []);
  },
);

test('a seed that insists on encryption is spoken to encrypted', options, async () => {
  const { wanBytes, dials } = await fetchFrom(['forced']);
  assert.equal(dials, 2);
  assert.ok(wanBytes <= 1.05 * torrent.content.length);
});

test('when a seed is killed in the middle, the other finishes and little is fetched twice', options, async () => {
  let killed = false;
  const { wanBytes } = await fetchFrom(['plain', 'plain'], (seeds, kept) => {
    if (kept < 5 || killed) return;
    killed = true;
    seeds[0]?.child.kill('SIGKILL');
  });
  assert.ok(killed);
  assert.ok(wanBytes <= 1.05 * torrent.content.length);
});
