/** The box is restarted in the middle of a download: it goes on where it was, and fetches nothing twice but what was in flight. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { ClientKind } from '../scripts/cafe/clients/client.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import { holds, inCafe, logged, options, snapshot, wanDuring } from './box-fixtures.ts';

const PIECE_BYTES = 256 * 1024;
/** Headers of Ethernet, IP, TCP and BitTorrent, handshakes, announces. */
const OVERHEAD = 1.07;
const WAN_MBIT = 20;
/** What stood in the line's queue (a tenth of a second) when the box died reached its port, and nobody. */
const LINE_BYTES = (WAN_MBIT * 1e6) / 8 / 10;
const LIMIT_S = 60;

/** What the daemon's process has read so far, from disk or memory (proc(5), io). */
async function readBytes(cafe: Cafe): Promise<number> {
  const io = await readFile(`/proc/${cafe.daemon.pid}/io`, 'utf8');
  return Number(/^rchar: (\d+)/m.exec(io)?.[1]);
}

async function filled(cafe: Cafe): Promise<number> {
  return (await snapshot(cafe)).totals.filledBytes;
}

type How = 'SIGTERM' | 'SIGKILL';

async function restartInTheMiddle(cafe: Cafe, how: How): Promise<void> {
  const { totalBytes } = cafe.payload;
  const end = async () => {
    if (how === 'SIGKILL') await cafe.daemon.kill();
    else assert.equal((await cafe.daemon.stop())?.code, 0);
  };
  await cafe.daemon.start();
  const readByNew = await readBytes(cafe);

  const wan = await wanDuring(cafe, async () => {
    const first = await cafe.download(1, 'aria2');
    await holds(cafe, 0.4);
    await end();
    // Alone, it would fetch by itself: every byte that comes in is to be the box's.
    await first.client.kill();
    await cafe.daemon.start();
    const next = await cafe.download(2, 'libtorrent');
    await next.complete(LIMIT_S);
    assert.deepEqual(await next.wrongFiles(), []);
  });
  assert.ok(
    (await logged(cafe, 'metainfo')).some((l) => l.from === 'the disk' && Number(l.have) > 0),
    'it went on',
  );
  const filledBytes = await filled(cafe);
  assert.ok(filledBytes <= totalBytes + PIECE_BYTES, `the box fetched ${filledBytes} of ${totalBytes}`);
  const most = OVERHEAD * (totalBytes + PIECE_BYTES) + LINE_BYTES;
  assert.ok(wan <= most, `${wan} bytes came in for ${totalBytes}`);

  await end();
  await cafe.daemon.start();
  const readAtStart = (await readBytes(cafe)) - readByNew;
  assert.ok(readAtStart < totalBytes / 4, `it read ${readAtStart} bytes more than an empty box does`);
  const warm = await wanDuring(cafe, async () => {
    const third = await cafe.download(1, 'aria2');
    await third.complete(LIMIT_S);
    assert.deepEqual(await third.wrongFiles(), []);
  });
  assert.ok(warm < 0.05 * totalBytes, `${warm} bytes came in for a torrent that the box holds`);
  assert.equal(await filled(cafe), filledBytes);
  assert.equal((await cafe.daemon.stop())?.code, 0);
}

const cafeOf = (seeders: readonly ClientKind[]) =>
  ({ sizeMib: 8, wanMbit: WAN_MBIT, clients: ['aria2', 'libtorrent'], seeders }) as const;

for (const how of ['SIGTERM', 'SIGKILL'] as const) {
  test(`a restart by ${how} costs at most a piece; what is whole is neither fetched nor hashed again`, options, () =>
    inCafe('again', cafeOf(['libtorrent']), (cafe) => restartInTheMiddle(cafe, how)),
  );
  // While one of two origins lags, pieces that it was asked for long ago stay begun: what they have must survive too.
  test(`so does a restart by ${how} between two origins`, options, () =>
    inCafe('again2', cafeOf(['libtorrent', 'aria2']), (cafe) => restartInTheMiddle(cafe, how)),
  );
}
