// Started by kill.e2e.ts: accepts pieces and says which are durable, until somebody kills it.
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { silentLog } from '#base/log.ts';
import { gappedMaker, killSample, SAID_FILE } from './fixtures.ts';
import { Store } from './store.ts';

const [, , dataDir = '', seed = ''] = argv;
const sample = killSample(Number(seed));
const config = { disks: [{ path: dataDir }], probeBytes: 0, cacheBytes: 0, floorBytes: 0, hashWorkers: 1 };
const store = await Store.open(config, gappedMaker, silentLog);
const task = store.task(sample.shape);
// A file, written without any buffer of ours: what was said has left the process before it dies.
const said = openSync(join(dataDir, SAID_FILE), 'w');
process.stdout.write('begun');
const order = [...Array(sample.shape.pieceCount).keys()].sort(() => Math.random() - 0.5).values();
await Promise.all(
  Array.from({ length: 8 }, async () => {
    for (const index of order) {
      const { kind } = await task.accept(sample.piece(index));
      writeSync(said, `${kind} ${index}\n`);
    }
  }),
);
await store.close();
