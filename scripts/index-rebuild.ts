/** Builds the index anew from what lies on the disks, in lines for a person. See `scripts/index-rebuild`. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { argv, exit } from 'node:process';
import { errorText, isAbort } from '#base/errors.ts';
import { type Log, stderrLog } from '#base/log.ts';
import { MIB } from '#base/units.ts';
import type { Index } from '#index/index.ts';
import { type Renewal, renewIndex } from '#index/renewal.ts';
import { type Rebuilt, rebuild } from '#manager/rebuild.ts';
import { Store } from '#store/store.ts';
import type { TaskShape, TaskStore } from '#store/task-store.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { type Config, readConfig } from '../src/config.ts';
import { diskPlaces } from '../src/disk-settings.ts';

/** A store keeps what it knows of each torrent until it closes, some 50 bytes for each piece: it is opened anew after so many. */
const PIECES_OPEN = 1_000_000;
/** More than the store rechecks at a time would rest. */
const HASH_WORKERS = Math.min(2, availableParallelism());
/** What goes well is told in lines for a person. */
const log: Log = { ...stderrLog(), info: () => {}, with: () => log };

/** Rejects while a disk is away: what lies on it would be missing in an index that says nothing of that. */
async function openStore(config: Config, index: Pick<Index, 'setting'>): Promise<Store<FramedPiece>> {
  const store = await Store.open<FramedPiece>(
    {
      disks: diskPlaces(config, index),
      cacheBytes: 16 * MIB,
      floorBytes: config.floorMiB * MIB,
      hashWorkers: HASH_WORKERS,
    },
    FramedPiece,
    log,
  );
  const away = store.disks().filter(({ state }) => state === 'gone');
  if (away.length === 0) return store;
  await store.close();
  const paths = away.map(({ path }) => path).join(' ');
  throw new Error(`the disk ${paths} does not answer: mount it, or take it out of the configuration`);
}

/** Control characters and the like, which a stranger may have put into a name, are nothing for a terminal. */
const printable = (name: string): string => name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '_');

function told(found: Rebuilt): string {
  switch (found.kind) {
    case 'verified':
      return `${found.pieces} of ${found.pieceCount} pieces  ${printable(found.name)}`;
    case 'known':
      return `${found.pieces} of ${found.pieceCount} pieces, verified before`;
    case 'no-layers':
      return `not verified yet: its piece layers must come from a peer first  ${printable(found.name)}`;
    case 'unusable':
      return found.why === 'no-info'
        ? 'left alone: no info dictionary lies beside its pieces'
        : 'left alone: the info dictionary beside its pieces is not the one that its folder is named by';
  }
}

class Summary {
  #torrents = 0;
  #whole = 0;
  #pieces = 0;
  #unverified = 0;
  #unusable = 0;

  count(found: Rebuilt): void {
    if (found.kind === 'unusable') this.#unusable++;
    else this.#torrents++;
    if (found.kind === 'no-layers') this.#unverified++;
    if (found.kind !== 'verified' && found.kind !== 'known') return;
    this.#pieces += found.pieces;
    if (found.pieces === found.pieceCount) this.#whole++;
  }

  text(): string {
    return [
      `${this.#torrents} torrents, ${this.#whole} of them whole; ${this.#pieces} pieces verified.`,
      this.#unverified > 0 && `${this.#unverified} of them wait for their piece layers.`,
      this.#unusable > 0 &&
        `${this.#unusable} folders left alone: nothing in them can be verified; they may be deleted.`,
      'Lost: traffic counters, trackers, and when each torrent was last used.',
    ]
      .filter(Boolean)
      .join('\n');
  }
}

async function run(config: Config, { index }: Renewal, signal: AbortSignal): Promise<string> {
  let store = await openStore(config, index);
  const walked = store;
  let pieces = 0;
  try {
    const summary = new Summary();
    const task = (shape: TaskShape): TaskStore<FramedPiece> => store.task(shape);
    const world = { index, store: { onDisk: () => walked.onDisk(), task }, nowMs: Date.now };
    for await (const found of rebuild(world, signal)) {
      summary.count(found);
      console.log(`${found.infoHash}  ${told(found)}`);
      if (found.kind === 'verified') pieces += found.pieceCount;
      if (pieces < PIECES_OPEN) continue;
      pieces = 0;
      if (store !== walked) await store.close();
      store = await openStore(config, index);
    }
    return summary.text();
  } finally {
    if (store !== walked) await store.close();
    await walked.close();
  }
}

async function main(): Promise<number> {
  const path = argv[2];
  if (!path || argv.length > 3) {
    console.error('usage: scripts/index-rebuild CONFIG.json');
    return 2;
  }
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  let renewal: Renewal | undefined;
  try {
    const config = readConfig(path);
    renewal = await renewIndex(join(config.dataDir, 'swarmbox.db'), log, async (settings) => {
      await (await openStore(config, { setting: (key) => settings.get(key) })).close();
    });
    if (renewal.movedTo) console.log(`The index before is ${renewal.movedTo} now; delete it when all is well.`);
    if (renewal.goesOn) console.log('An interrupted rebuild goes on.');
    const summary = await run(config, renewal, stop.signal);
    renewal.index.endRun();
    console.log(summary);
    return 0;
  } catch (error) {
    console.error(`index-rebuild: ${isAbort(error) ? 'interrupted; run it again to go on' : errorText(error)}`);
    return 1;
  } finally {
    renewal?.index.close();
  }
}

exit(await main());
