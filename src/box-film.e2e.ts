/** A film that is watched while it comes, over a line that is little faster than the film: its pieces come in order, and from where the viewer turns to. */
import assert from 'node:assert/strict';
import { cp, open } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../scripts/cafe/servers.ts';
import type { Cafe, CafeOptions } from '../scripts/cafe/world.ts';
import { inCafe, options, task } from './box-fixtures.ts';

const PIECE_BYTES = 256 * 1024;
const FILM_MBIT = 4.8;
const CAFE: CafeOptions = {
  sizeMib: 12,
  pieceKib: PIECE_BYTES / 1024,
  wanMbit: 8,
  clients: ['libtorrent', 'libtorrent'],
  seeders: ['libtorrent', 'libtorrent'],
  extras: { isolatePcs: true },
};
/** The end of each file comes early, and every fourth piece is one that the other client wants. */
const OUT_OF_TURN = 16;

/** A directory with the torrent's files in which every second piece is missing, as a client has them that took what came. */
async function halfOf(cafe: Cafe): Promise<string> {
  const dir = join(cafe.dir, 'half');
  await cp(join(cafe.payload.dir, cafe.payload.name), join(dir, cafe.payload.name), { recursive: true });
  let at = 0;
  for (const { path, lengthBytes } of cafe.payload.files) {
    await using file = await open(join(dir, path), 'r+');
    for (let byte = 0; byte < lengthBytes; byte += PIECE_BYTES / 2) {
      const piece = Math.floor((at + byte) / PIECE_BYTES);
      if (piece % 2 === 1) await file.write(Buffer.alloc(Math.min(64, lengthBytes - byte)), 0, undefined, byte);
    }
    at += lengthBytes;
  }
  return dir;
}

/** Seconds that a film stands still which begins with its first piece and is shown as its pieces come. */
function stalledSeconds(pieces: ReadonlyMap<number, number>, endS: number): number {
  let shownS = pieces.get(0) ?? endS;
  let stalledS = 0;
  for (let piece = 0; piece < pieces.size; piece++) {
    const cameS = pieces.get(piece) ?? endS;
    stalledS += Math.max(0, cameS - shownS);
    shownS = Math.max(shownS, cameS) + (PIECE_BYTES * 8) / (FILM_MBIT * 1e6);
  }
  return stalledS;
}

test(
  'a film comes in order, beside a client that has every second piece of it and takes the others as they come',
  options,
  (t) =>
    inCafe('film', CAFE, async (cafe) => {
      const dir = await halfOf(cafe);
      await cafe.daemon.start();
      const other = await cafe.download(1, 'libtorrent', { dir });
      const player = await cafe.download(2, 'libtorrent', { film: {} });
      const [theirs, ours] = await Promise.all([other.complete(90), player.complete(90)]);
      const { pieces } = player.client;
      const stalledS = stalledSeconds(pieces, ours.seconds);
      t.diagnostic(JSON.stringify({ stalledS, player: ours.seconds, other: theirs.seconds }));
      // The others come from the other client, by the LAN, all at once.
      const overTheLine = [...pieces.keys()].filter((piece) => piece % 2 === 1);
      for (const [place, piece] of overTheLine.entries())
        assert.ok(2 * place - piece <= OUT_OF_TURN, `piece ${piece} was number ${place}: ${overTheLine}`);
      assert.deepEqual([await player.wrongFiles(), await other.wrongFiles()], [[], []]);
    }),
);

test('a viewer turns to a later place in the film, of which the box has nothing yet', options, (t) =>
  inCafe('turn', { ...CAFE, sizeMib: 40 }, async (cafe) => {
    const jumpTo = 128;
    await cafe.daemon.start();
    const player = await cafe.download(1, 'libtorrent', { film: { jumpTo } });
    const { pieces, child } = player.client;
    // And the ends of the files: one that comes after the turn looks like a place that the viewer has turned to.
    await until('the first pieces', async () => pieces.size > 11, 60_000, child);
    child.kill('SIGUSR2');
    const begin = performance.now();
    await until('the piece', async () => pieces.has(jumpTo), 60_000, child);
    const seconds = (performance.now() - begin) / 1000;
    await sleep(1_000);
    const haveBytes = (await task(cafe))?.haveBytes ?? 0;
    t.diagnostic(
      JSON.stringify({ seconds, havePieces: haveBytes / PIECE_BYTES, pieces: [...pieces.keys()].join(' ') }),
    );
    assert.ok(haveBytes < jumpTo * PIECE_BYTES, 'what lies before it was not fetched first');
    await player.remove();
  }),
);
