/**
 * A box under load, as far as its disks and its index know: it accepts pieces, notes them, and reads what it has, until somebody kills it.
 * argv: folder of the index, seed of its torrents, folders of the disks. Says `piece TORRENT INDEX` when the index has been told of a durable piece, and
 * `wrong TORRENT INDEX` should a read ever give other bytes.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { Bitfield } from '#base/bitfield.ts';
import { silentLog } from '#base/log.ts';
import { Index } from '#index/index.ts';
import { gappedMaker, payloadOf } from '#store/fixtures.ts';
import { Store } from '#store/store.ts';
import { samplesOf } from './samples.ts';

const [, , folder = '', seed = '', ...paths] = argv;
const index = Index.open(join(folder, 'index.db'), silentLog);
const disks = paths.map((path) => ({ path }));
const store = await Store.open(
  { disks, probeBytes: 0, cacheBytes: 0, floorBytes: 0, hashWorkers: 1 },
  gappedMaker,
  silentLog,
);
// Without any buffer of ours: what was said has left the process before it dies.
const say = (line: string) => writeSync(1, `${line}\n`);
say('begun');

async function fill(number: number): Promise<void> {
  const { shape, piece, payload } = samplesOf(Number(seed))[number] ?? never();
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

const never = (): never => {
  throw new Error('bug: no such torrent');
};

await Promise.all(samplesOf(Number(seed)).map((_, number) => fill(number)));
say('filled');
setInterval(() => {}, 1000);
