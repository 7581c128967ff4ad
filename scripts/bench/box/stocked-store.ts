import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { keepFreedMemory } from '#kernel/libc.ts';
import { Store } from '#store/store.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { type Metainfo, parseMetainfo, pieceSize } from '#wire/metainfo.ts';
import { shapeOf } from '#wire/piece-shape.ts';

const ACCEPTS_AT_ONCE = 8;

export function metainfoOf(path: string): Metainfo {
  const parsed = parseMetainfo(readFileSync(path));
  if (parsed.kind === 'bad') throw new Error(`${path}: ${parsed.why}`);
  return parsed.value;
}

/** The daemon's store over a folder of its own. */
export function openStore(o: { dataDir: string; cacheBytes: number }): Promise<Store<FramedPiece>> {
  keepFreedMemory();
  return Store.open(
    { disks: [{ path: o.dataDir }], probeBytes: 0, cacheBytes: o.cacheBytes, floorBytes: 0, hashWorkers: 1 },
    FramedPiece,
    silentLog,
  );
}

/** Puts the whole torrent into the store, as if it had been fetched: from the files below `dir`. */
export async function stock(store: Store<FramedPiece>, meta: Metainfo, dir: string): Promise<void> {
  const task = store.task(shapeOf(meta));
  const content = contentOf(meta, dir);
  const accept = async (): Promise<void> => {
    for (;;) {
      const next = await content.next();
      if (next.done) return;
      const { kind } = await task.accept(next.value);
      if (kind !== 'durable') throw new Error(`the store took no piece: ${kind}`);
    }
  };
  await Promise.all(Array.from({ length: ACCEPTS_AT_ONCE }, accept));
}

/** The torrent's pieces in order, read across its files. */
async function* contentOf(meta: Metainfo, dir: string): AsyncGenerator<FramedPiece> {
  let at = 0;
  let piece = FramedPiece.allocate(0, pieceSize(meta, 0));
  let filled = 0;
  let block = Buffer.alloc(0);
  for (const file of meta.files) {
    await using handle = await open(join(dir, ...file.path));
    for await (const chunk of handle.createReadStream({ highWaterMark: 1 << 20, autoClose: false })) {
      block = Buffer.concat([block, chunk as Buffer]);
      for (;;) {
        const wanted = Math.min(BLOCK_BYTES, piece.lengthBytes - filled);
        if (block.length < wanted) break;
        piece.putBlock(filled, block.subarray(0, wanted));
        block = block.subarray(wanted);
        filled += wanted;
        if (filled < piece.lengthBytes) continue;
        yield piece;
        if (++at === meta.pieceCount) return;
        piece = FramedPiece.allocate(at, pieceSize(meta, at));
        filled = 0;
      }
    }
  }
}
