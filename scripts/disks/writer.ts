/**
 * A box under load, as far as its disks and its index know: it accepts pieces, notes them, and reads what it has, until somebody kills it.
 * argv: folder of the index, seed of its torrents, folders of the disks. Says `piece TORRENT INDEX` when the index has been told of a durable piece, and
 * `wrong TORRENT INDEX` should a read ever give other bytes.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { Bitfield } from '#base/bitfield.ts';
import { errorCode } from '#base/errors.ts';
import { silentLog } from '#base/log.ts';
import { Index } from '#index/index.ts';
import { gappedMaker, payloadOf, type Sample } from '#store/fixtures.ts';
import { Store } from '#store/store.ts';
import { samplesOf } from './samples.ts';

const [, , folder = '', seed = '', ...paths] = argv;
const samples = samplesOf(Number(seed));
const index = Index.open(join(folder, 'index.db'), silentLog);
const disks = paths.map((path) => ({ path }));
const store = await Store.open(
  { disks, probeBytes: 0, cacheBytes: 0, floorBytes: 0, hashWorkers: 1 },
  gappedMaker,
  silentLog,
);
const pause = new Int32Array(new SharedArrayBuffer(4));
/** Without any buffer of ours: what was said has left the process before it dies. Waits while the reader is behind. */
function say(line: string): void {
  for (;;) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}
say('begun');

async function fill({ shape, piece, payload }: Sample, number: number): Promise<void> {
  const task = store.task(shape);
  const known = index.task(shape.infoHash)?.have;
  const have = (known && Bitfield.from(known, shape.pieceCount)) ?? new Bitfield(shape.pieceCount);
  index.putTask({ infoHash: shape.infoHash, addedAtMs: 1, info: Buffer.from('de'), pieceCount: shape.pieceCount });
  const order = [...Array(shape.pieceCount).keys()].sort(() => Math.random() - 0.5).values();
  const lane = async () => {
    for (const at of order) {
      if (have.has(at)) {
        const read = await task.read(at);
        if (read.kind !== 'ok' || !payloadOf(read.piece).equals(payload(at))) say(`wrong ${number} ${at}`);
      } else if ((await task.accept(piece(at))).kind === 'durable') {
        have.set(at);
        if (index.setHave(shape.infoHash, have.bytes)) say(`piece ${number} ${at}`);
      }
    }
  };
  await Promise.all([lane(), lane(), lane()]);
}

await Promise.all(samples.map(fill));
say('filled');
setInterval(() => {}, 1000);
