import type { Log } from '#base/log.ts';
import type { InfoHash } from '#base/units.ts';
import type { StoreLike } from '#task/task.ts';
import type { Change, Decisions } from './decisions.ts';
import type { Manager } from './manager.ts';
import type { Rechecks } from './rechecks.ts';
import { RestingTorrent, type RestingWorld } from './resting-torrent.ts';

export type OperatorAction =
  | { readonly do: 'pin' | 'unpin' | 'drop' | 'recheck' | 'block' | 'unblock' }
  | { readonly do: 'limit'; readonly mbps?: number };

/** Why nothing was done with a torrent. */
export type ActionRefusal =
  | 'unknown-torrent'
  | 'pinned'
  | 'by-settings'
  | 'nothing-there'
  | 'disk-gone'
  | 'not-written'
  | 'too-many';

export type ActionsDone = {
  readonly done: number;
  readonly refused: readonly { readonly infoHash: InfoHash; readonly why: ActionRefusal }[];
};

export type OperatorWorld = RestingWorld & {
  readonly store: RestingWorld['store'] &
    Pick<StoreLike, 'begunLog'> & {
      /** Path of the disk that the torrent lies on. */
      home(infoHash: InfoHash): string | undefined;
    };
  readonly manager: Pick<Manager, 'dismiss' | 'forgive' | 'living'>;
  readonly decisions: Decisions;
  readonly rechecks: Pick<Rechecks, 'begin'>;
  /** What the operator ordered is wanted no more. */
  cancelOrder(infoHash: InfoHash): void;
  readonly log: Log;
};

/** What the operator does with torrents, awake or at rest. */
export class Operator {
  readonly #world: OperatorWorld;

  constructor(world: OperatorWorld) {
    this.#world = world;
    world.index.listing.decidedOf = (infoHash) => world.decisions.bits(infoHash);
    this.mark();
  }

  /** The index's copy of what is decided is made anew: after a start, and when the settings were changed. */
  mark(): void {
    const { decisions, index } = this.#world;
    index.listing.decideAll(new Map(decisions.all().map((infoHash) => [infoHash, decisions.bits(infoHash)])));
  }

  async act(infoHashes: readonly InfoHash[], action: OperatorAction): Promise<ActionsDone> {
    const refused: { infoHash: InfoHash; why: ActionRefusal }[] = [];
    const wanted: InfoHash[] = [];
    for (const infoHash of new Set(infoHashes)) {
      const why = this.#refusal(infoHash, action.do);
      if (why) refused.push({ infoHash, why });
      else wanted.push(infoHash);
    }
    const kept = await this.#decide(wanted, action);
    if (kept) refused.push(...wanted.map((infoHash) => ({ infoHash, why: kept })));
    let done = 0;
    for (const infoHash of kept ? [] : wanted) {
      const why = await this.#do(infoHash, action.do);
      if (why) refused.push({ infoHash, why });
      else done++;
    }
    this.#world.log.info('operator', { what: action.do, done, refused: refused.length });
    return { done, refused };
  }

  #refusal(infoHash: InfoHash, what: OperatorAction['do']): ActionRefusal | undefined {
    const { decisions, index, manager } = this.#world;
    if (what === 'unpin') return decisions.isPinnedBySettings(infoHash) ? 'by-settings' : undefined;
    if (what === 'unblock') return decisions.isBlockedBySettings(infoHash) ? 'by-settings' : undefined;
    if (what === 'block') return undefined;
    if (index.names(infoHash).length === 0 && !manager.living(infoHash)) return 'unknown-torrent';
    return what === 'drop' && decisions.isPinned(infoHash) ? 'pinned' : undefined;
  }

  /** Why nothing is decided; undefined also where there is nothing to decide. */
  async #decide(infoHashes: readonly InfoHash[], action: OperatorAction): Promise<ActionRefusal | undefined> {
    const { decisions } = this.#world;
    const more = decisionOf(action);
    if (!more || infoHashes.length === 0) return undefined;
    const kept = await decisions.change(infoHashes, more);
    return kept === 'kept' ? undefined : kept === 'too-many' ? 'too-many' : 'not-written';
  }

  async #do(infoHash: InfoHash, what: OperatorAction['do']): Promise<ActionRefusal | undefined> {
    const { clock, decisions, index, manager, rechecks } = this.#world;
    const names = this.#names(infoHash);
    switch (what) {
      case 'drop':
        return this.#drop(infoHash);
      case 'recheck':
        return rechecks.begin(names[0] ?? infoHash) ? undefined : 'too-many';
      case 'block':
        // It is listed from now on, though it may never have been heard of: else nobody could take it back.
        index.putTask({ infoHash: names[0] ?? infoHash, addedAtMs: clock.nowMs() });
        await manager.dismiss(names, 'blocked');
        break;
      case 'unblock':
        manager.forgive(names);
        break;
    }
    index.listing.decide(infoHash, decisions.bits(infoHash));
    return undefined;
  }

  /** Its clients go and pass for a while: they have the swarm. Then every piece goes, after the index has forgotten it. */
  async #drop(infoHash: InfoHash): Promise<ActionRefusal | undefined> {
    const { index, manager, store, cancelOrder } = this.#world;
    const names = this.#names(infoHash);
    for (const name of names) cancelOrder(name);
    const [first = infoHash] = names;
    const row = index.task(first);
    if (row && row.haveCount > 0 && store.home(first) === undefined) return 'disk-gone';
    await manager.dismiss(names, 'removed');
    // Begun pieces outlive the process: they go, too.
    store.begunLog?.(first)?.close(true);
    const torrent = await RestingTorrent.open(first, this.#world);
    if (torrent) return (await torrent.drop()) ? undefined : 'not-written';
    if ((index.task(first)?.haveCount ?? 0) > 0) return 'disk-gone';
    index.emptyTask(first);
    return undefined;
  }

  /** The first one is that of its row. */
  #names(infoHash: InfoHash): readonly InfoHash[] {
    const names = this.#world.index.names(infoHash);
    return names.length > 0 ? names : [infoHash];
  }
}

function decisionOf(action: OperatorAction): Change | undefined {
  switch (action.do) {
    case 'pin':
      return { pinned: true };
    case 'unpin':
      return { pinned: undefined };
    case 'block':
      return { blocked: true };
    case 'unblock':
      return { blocked: undefined };
    case 'limit':
      return { limitMbps: action.mbps };
    default:
      return undefined;
  }
}
