import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import type { TestStream } from '#client/fixtures.ts';
import { FakeSeed } from '#downloader/fake-seed.ts';
import { FakeStore } from '#store/fake-store.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { decodeMessage, FrameSplitter } from '#wire/frames.ts';
import { HANDSHAKE_BYTES, newPeerId } from '#wire/handshake.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import type { ShelfWorld } from './piece-shelf.ts';
import { Task } from './task.ts';
import type { Remembered, TaskWorld } from './task-world.ts';

/** Of a shelf that nobody listens to. */
export const quietShelfWorld: ShelfWorld = {
  gained: () => {},
  lost: () => {},
  disk: () => {},
  cannotKeep: () => {},
  contradicted: () => {},
  forgets: () => true,
  keptBeside: () => {},
  log: silentLog,
};

/** Of three pieces of two blocks. */
export const torrent = oneFileTorrent(6 * BLOCK_BYTES, 2 * BLOCK_BYTES);
export const origin = { endpoint: { ip: '203.0.113.1', port: 6881 } };
/** The index knows nothing of it. */
export const nothing: Remembered = {
  info: undefined,
  layers: undefined,
  beside: false,
  have: undefined,
  whole: false,
  trackers: [],
  doubtful: false,
};
/** A client's. */
export const handshake = {
  infoHash: torrent.meta.infoHash,
  peerId: newPeerId(),
  extended: true,
  fast: true,
  dht: false,
  v2: false,
};

/** A task of that torrent, every peer of which is a seed; `kept` counts what its manager is told. */
export function taskOf(
  t: TestContext,
  remembered: Remembered = nothing,
  over: Partial<TaskWorld> = {},
  infoHash = torrent.meta.infoHash,
) {
  const store = new FakeStore(FramedPiece);
  const seeds: FakeSeed[] = [];
  const kept = {
    info: 0,
    beside: 0,
    have: undefined as Buffer | undefined,
    gone: [] as (string | undefined)[],
    refused: [] as string[],
  };
  const world: TaskWorld = {
    clock: realClock,
    peerId: newPeerId(),
    store: (shape) => store.task(shape),
    begun: () => undefined,
    identified: () => true,
    lenders: () => [],
    dial: async () => {
      const [ours, theirs] = duplexPair();
      // A socket tells its other end that it is gone; the pair's halves only end.
      ours.on('close', () => theirs.destroy());
      theirs.on('close', () => ours.destroy());
      seeds.push(new FakeSeed(theirs, torrent, { metadata: true }));
      return ours;
    },
    askSlot: (granted) => granted(),
    withdraw: () => {},
    releaseSlot: () => {},
    bid: () => {},
    begunBytes: () => Number.POSITIVE_INFINITY,
    failed: (error) => assert.ifError(error),
    keepInfo: () => void kept.info++,
    keptBeside: () => void kept.beside++,
    metainfo: async () => undefined,
    forgetPieces: () => true,
    keepHave: (have) => {
      kept.have = Buffer.from(have);
    },
    keepTraffic: () => {},
    keepTrackers: () => {},
    found: () => {},
    refusal: () => undefined,
    told: () => {},
    dhtNode: () => {},
    lookUp: async () => {},
    isBox: () => false,
    cannotKeep: (why) => void kept.refused.push(why),
    gone: (why) => void kept.gone.push(why),
    log: silentLog,
    ...over,
  };
  const scope = new Scope((error) => assert.fail(String(error)));
  const task = new Task(infoHash, remembered, world, scope);
  t.after(async () => {
    await task.close();
    await scope.close();
  });
  return { task, store, seeds, kept };
}

/** What a client was sent, by kind of message. */
export function said(stream: TestStream): { kind: string; piece?: number }[] {
  const messages: { kind: string; piece?: number }[] = [];
  const frames = new FrameSplitter(1 << 20);
  frames.push(Buffer.concat(stream.writes).subarray(HANDSHAKE_BYTES), (frame) => {
    const m = decodeMessage(frame);
    if (m.kind === 'ok') messages.push(m.value);
  });
  return messages;
}
export const haves = (stream: TestStream): (number | undefined)[] =>
  said(stream).flatMap((m) => (m.kind === 'have' ? [m.piece] : []));

export async function until(what: string, true_: () => boolean): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (true_()) return;
    await sleep(10);
  }
  assert.fail(`not within 5 s: ${what}`);
}
