import { createHash } from 'node:crypto';
import { Bitfield } from '#base/bitfield.ts';
import { keptKey } from '#store/fake-store.ts';
import { pieceSize } from '#wire/metainfo.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import type { Box } from './box.ts';
import type { Street } from './street.ts';

/** What must hold between any two events. Says what does not. */
export function brokenNow(box: Box): string[] {
  const views = box.manager.views();
  const down = views.filter(({ state }) => state === 'down').length;
  const { free } = box.manager.slots;
  const broken: string[] = [];
  if (down !== box.slots - free) broken.push(`${down} tasks are down, and ${box.slots - free} slots are taken`);
  for (const { infoHash, state, origins } of views) {
    const live = origins.filter((origin) => origin.state === 'up' || origin.state === 'dialling').length;
    if (state !== 'down' && live > 0) broken.push(`${infoHash} has ${live} origins in state ${state}`);
  }
  return broken;
}

/** The index never runs ahead of the disk: what it says is had lies there, and is right unless it has rotted since. */
export function indexAhead({ life: { index }, disk, torrents }: Street): string[] {
  const ahead: string[] = [];
  for (const { meta } of torrents) {
    const shape = shapeOf(meta);
    const bits = index.task(meta.infoHash)?.have;
    const have = bits && Bitfield.from(bits, meta.pieceCount);
    for (let piece = 0; have && piece < meta.pieceCount; piece++) {
      if (!have.has(piece) || disk.rotten.has(keptKey(meta.infoHash, piece))) continue;
      const bytes = disk.bytesOf(meta.infoHash, piece);
      const sha1 = shape.checksOf(piece).find((check) => check.kind === 'sha1');
      const isRight =
        bytes?.length === pieceSize(meta, piece) &&
        sha1 &&
        createHash('sha1').update(bytes).digest().equals(sha1.digest);
      if (!isRight)
        ahead.push(
          `the index has piece ${piece} of ${meta.infoHash}, the disk has ${bytes ? 'other bytes' : 'nothing'}`,
        );
    }
  }
  return ahead;
}
