import assert from 'node:assert/strict';
import { BLOCK_BYTES } from '#base/units.ts';
import type { HashRange } from '#wire/hash-messages.ts';
import { HashTrees } from '#wire/hash-trees.ts';
import { LayerFetch } from '#wire/layer-fetch.ts';
import { WIRE_LIMITS } from '#wire/limits.ts';
import { madeTorrent } from '#wire/made-torrent.ts';
import { HASH_BYTES } from '#wire/merkle.ts';
import { type Metainfo, parseMetainfo } from '#wire/metainfo.ts';
import { layersOf } from '#wire/piece-layers.ts';
import type { Random } from '../random.ts';
import type { Target } from '../target.ts';

const content = [11, 3, 2, 1].map((pieces, i) => ({
  path: [`f${i}`],
  bytes: Buffer.alloc((pieces - 1) * 2 * BLOCK_BYTES + 9, i + 1),
}));
const whole = parseMetainfo(madeTorrent('v2', content, 2 * BLOCK_BYTES).torrentFile);
assert.ok(whole.kind === 'ok');
const meta: Metainfo = whole.value;
const trees = new HashTrees(meta);
const blob = layersOf(meta);
const roots = meta.rooted.map((file) => Buffer.from(file.piecesRoot));

const LIMITS = { window: 2, stallMs: 1000, refusedMs: 500 };
const EDGES = [0, 1, 2, 3, 4, 8, 16, 512, 1024, 0x8000_0000, 0xffff_ffff];

/** A range that a stranger asks for: each number taken from the input. */
function rangeFrom(input: Buffer, at: number, random: Random): HashRange {
  const n = (i: number): number => {
    const byte = input[(at + i) % input.length] as number;
    return random.chance(0.8) ? byte % 9 : (EDGES[byte % EDGES.length] as number);
  };
  return { piecesRoot: random.pick(roots), baseLayer: n(0), index: n(1), length: n(2), proofLayers: n(3) };
}

/** What the box answers proves itself; what it fetches is right, however much the peers lie. */
const hashTrees: Target = {
  run(input, random) {
    if (input.length === 0) return;
    for (let at = 0; at < Math.min(input.length, 64); at += 4) {
      const range = rangeFrom(input, at, random);
      const answer = trees.answer(range);
      assert.ok((answer?.length ?? 0) <= (WIRE_LIMITS.hashesAtOnce + 40) * HASH_BYTES);
    }
    fetch(input, random);
  },
};

function fetch(input: Buffer, random: Random): void {
  const layers = new LayerFetch<number>(meta, LIMITS);
  let nowMs = 0;
  for (let step = 0; step < 200; step++) {
    nowMs += random.below(600);
    const peer = random.below(3);
    for (const range of layers.ask(peer, nowMs)) {
      const hashes = trees.answer(range);
      assert.ok(hashes, 'we can answer what we ask');
      const habit = (input[step % input.length] as number) % 5;
      if (habit === 0) layers.rejected(peer, range, nowMs);
      else if (habit === 1) layers.leave(peer);
      else if (habit === 2) {
        const lie = Buffer.from(hashes);
        const at = random.below(lie.length);
        lie[at] = (lie[at] as number) ^ (1 + random.below(255));
        assert.equal(layers.hashes(range, random.chance(0.9) ? lie : lie.subarray(0, at)).kind, 'liar');
      } else {
        const told = layers.hashes(range, hashes);
        assert.notEqual(told.kind, 'liar');
        if (told.kind === 'done') {
          assert.ok(blob?.equals(told.blob));
          return;
        }
      }
      layers.hashes(rangeFrom(input, step, random), input);
    }
  }
}

export const hashTreeTargets = { 'hash-trees': hashTrees };
