import type { Clock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import type { InfoHash } from '#base/units.ts';
import type { Index } from '#index/index.ts';
import type { TaskRow } from '#index/task-row.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { Refusals } from './hearsay.ts';
import { Policy, type PolicyConfig } from './policy.ts';
import { Setbacks } from './setbacks.ts';

export type RefusingWorld = { readonly clock: Clock; readonly index: Pick<Index, 'names'>; readonly log: Log };

/** Which torrents the box has no part in: what the operator blocks and what is private, what proved to be of no use lately, and what its agent threw at. */
export class Refusing {
  readonly #world: RefusingWorld;
  /** What is asked anew each time, whatever the settings are. */
  readonly #asked: Pick<PolicyConfig, 'blocks' | 'isOwn'>;
  #policy: Policy;
  #refusals = new Refusals();
  readonly #setbacks = new Setbacks();

  constructor(config: PolicyConfig, world: RefusingWorld) {
    this.#world = world;
    const { blocks, isOwn } = config;
    this.#asked = { ...(blocks && { blocks }), ...(isOwn && { isOwn }) };
    this.#policy = new Policy(config);
  }

  /** From now on by these rules: what was refused under others is looked at anew. */
  change(config: PolicyConfig): void {
    this.#policy = new Policy({ ...this.#asked, ...config });
    this.#refusals = new Refusals();
  }

  /** Undefined: it is served. */
  why(id: InfoHash): string | undefined {
    if (this.#setbacks.holds(id, this.#nowMs)) return 'task-failed';
    return this.blocked(id) ?? this.#refusals.why(id, this.#nowMs);
  }

  /** No task may be made of it now. */
  holds(id: InfoHash): boolean {
    return this.#setbacks.holds(id, this.#nowMs) || this.blocked(id) !== undefined;
  }

  /** A list that allows a hybrid by its other name allows it by this one, too: of torrents at rest, the index knows both. */
  blocked(id: InfoHash): 'blocked' | undefined {
    const why = this.#policy.refusesHash(id);
    if (!why || !this.#policy.isListed) return why;
    this.#policy.sameTorrent(this.#world.index.names(id));
    return this.#policy.refusesHash(id);
  }

  /** Both are names of one torrent. */
  sameTorrent(ids: readonly InfoHash[]): void {
    this.#policy.sameTorrent(ids);
  }

  /** Of a torrent by all of its names, whether or not it has a task. */
  ofNamed(ids: readonly InfoHash[], isPrivate: boolean): string | undefined {
    const names = ids.flatMap((id) => [id, ...this.#world.index.names(id)]);
    this.#policy.sameTorrent(names);
    return this.#policy.refuses({ ids: names, isPrivate }) ?? this.#policy.refusesHash(ids[0] as InfoHash);
  }

  /** By what its metainfo says. */
  of(meta: Metainfo): string | undefined {
    return this.#policy.refuses(meta);
  }

  /** What the index knows of a torrent may be enough to refuse it, without a task. */
  ofRow(row: TaskRow): boolean {
    const ids = [row.infoHash, row.infoHash2].filter((id) => id !== undefined);
    const why = this.#policy.refuses({ ids, isPrivate: row.reach === 'private' });
    if (why) this.refuse(ids, why);
    return why !== undefined;
  }

  /** For a while, or until the policy is another. */
  refuse(ids: readonly InfoHash[], why: string): void {
    this.#world.log.info('task refused', { infoHash: ids[0], why });
    for (const id of ids) this.#refusals.note(id, why, this.#nowMs);
  }

  forgive(ids: readonly InfoHash[]): void {
    for (const id of ids) this.#refusals.forget(id);
  }

  /** Its agent threw. Returns for how long it is left alone, ms. */
  failed(ids: readonly InfoHash[]): number {
    return Math.max(...ids.map((id) => this.#setbacks.note(id, this.#nowMs)));
  }

  get #nowMs(): number {
    return this.#world.clock.nowMs();
  }
}
