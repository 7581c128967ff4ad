import { Bitfield } from '#base/bitfield.ts';
import { realClock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import type { Store } from '#store/store.ts';
import { Task } from '#task/task.ts';
import type { TaskWorld } from '#task/task-world.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import { newPeerId } from '#wire/handshake.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { dialOrigin } from '../../../src/origin-dial.ts';

/** A manager's side of a task whose torrent is public, always has a slot and a seat, and is remembered nowhere. */
const worldOf = (store: Store<FramedPiece>, fail: (why: string) => void): TaskWorld => ({
  clock: realClock,
  peerId: newPeerId(),
  store: (shape) => store.task(shape),
  begun: () => undefined,
  dial: (to) => dialOrigin('no bridge', to),
  askSlot: (granted) => granted(),
  withdraw: () => {},
  releaseSlot: () => {},
  bid: () => {},
  begunBytes: () => Number.POSITIVE_INFINITY,
  failed: (error) => fail(errorText(error)),
  identified: () => true,
  lenders: () => [],
  keepInfo: () => {},
  keptBeside: () => {},
  metainfo: async () => undefined,
  keepHave: () => {},
  forgetPieces: () => true,
  keepTraffic: () => {},
  keepTrackers: () => {},
  found: () => {},
  told: () => {},
  dhtNode: () => {},
  lookUp: async () => {},
  isBox: () => false,
  refusal: () => undefined,
  cannotKeep: (why) => fail(`the store keeps nothing more: ${why}`),
  gone: (why) => {
    if (why !== undefined) fail(`the task is gone: ${why}`);
  },
  log: silentLog,
});

const fail = (why: string): never => {
  throw new Error(why);
};

/** The daemon's task over the store: with every piece, or with none. */
export function benchTask(store: Store<FramedPiece>, meta: Metainfo, have: 'all' | 'nothing'): Task {
  const known = new Bitfield(meta.pieceCount);
  if (have === 'all') known.setAll();
  const remembered = {
    info: meta.infoBytes,
    layers: undefined,
    beside: false,
    have: known.bytes,
    whole: have === 'all',
    trackers: [],
    doubtful: false,
  };
  const scope = new Scope((error) => fail(errorText(error)));
  return new Task(meta.infoHash, remembered, worldOf(store, fail), scope);
}
