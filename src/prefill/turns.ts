import type { Clock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import type { InfoHash } from '#base/units.ts';
import { isTooLarge } from './acceptance.ts';
import { LIMITS } from './limits.ts';
import { type Order, type OrderList, worthOf } from './order-list.ts';

/** The part of a torrent's task that its order uses. */
export type OrderedTask = {
  readonly whole: boolean;
  readonly gone: boolean;
  /** It is fetched for the operator no more, or not now. */
  order(none: undefined): void;
  /** Zero while unknown. */
  view(): { readonly name: string; readonly totalBytes: number; readonly haveBytes: number };
};

export type TurnsWorld = {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Log;
  /** The torrent's task, which fetches it for the operator from now on; or the code that says why there is none. */
  start(infoHash: InfoHash, trackers: readonly string[]): OrderedTask | string;
  /** Bytes of the largest disk, and of all together, when nothing lies there. Zero while no disk answers. */
  room(): { readonly largest: number; readonly all: number };
};

type Running = { readonly task: OrderedTask; haveBytes: number; progressMs: number };

/** Codes of refusals that will be the same tomorrow. */
const FINAL: ReadonlySet<string> = new Set(['private', 'blocked', 'unsupported']);

/**
 * Whose turn it is, of the orders that wait: the first ones, some at the same time. One that brings nothing for long makes way for the next, and has another
 * turn later. Invariant: what is fetched for the operator is here, and no more than `atOnce`.
 */
export class Turns {
  readonly #list: OrderList;
  readonly #world: TurnsWorld;
  readonly #running = new Map<InfoHash, Running>();
  readonly #resting = new Map<InfoHash, { readonly untilMs: number; readonly why: string }>();

  constructor(list: OrderList, world: TurnsWorld) {
    this.#list = list;
    this.#world = world;
  }

  running(infoHash: InfoHash): OrderedTask | undefined {
    return this.#running.get(infoHash)?.task;
  }

  /** Why an order that waits makes way for others. */
  resting(infoHash: InfoHash): string | undefined {
    return this.#resting.get(infoHash)?.why;
  }

  /** To be called every other second. `isOpen`: the order may be fetched now. */
  look(isOpen: (order: Order) => boolean): void {
    for (const [infoHash, running] of this.#running) this.#check(infoHash, running);
    for (const infoHash of this.#running.keys()) {
      const order = this.#list.of(infoHash);
      if (!order || !isOpen(order)) this.#stop(infoHash);
    }
    this.#startNext(isOpen);
  }

  /** This one has the next turn, though another must make way for it. */
  prefer(infoHash: InfoHash): void {
    this.#resting.delete(infoHash);
    if (this.#running.has(infoHash) || this.#running.size < LIMITS.atOnce) return;
    const last = [...this.#running.keys()].at(-1);
    if (last) this.#stop(last);
  }

  /** It is wanted no more. */
  cancel(infoHash: InfoHash): void {
    this.#resting.delete(infoHash);
    this.#stop(infoHash);
  }

  #startNext(isOpen: (order: Order) => boolean): void {
    const nowMs = this.#nowMs;
    for (const [infoHash, { untilMs }] of this.#resting) if (untilMs <= nowMs) this.#resting.delete(infoHash);
    for (const order of this.#list.waiting) {
      if (this.#running.size >= LIMITS.atOnce) return;
      const isFree = !this.#running.has(order.infoHash) && !this.#resting.has(order.infoHash);
      if (isFree && isOpen(order)) this.#start(order);
    }
  }

  #start(order: Order): void {
    const { infoHash, trackers } = order;
    if (!this.#hasRoomFor(order)) {
      this.#rest(infoHash, 'no-room');
      return;
    }
    const task = this.#world.start(infoHash, trackers);
    if (typeof task !== 'string')
      this.#running.set(infoHash, { task, haveBytes: task.view().haveBytes, progressMs: this.#nowMs });
    else if (FINAL.has(task)) this.#end(infoHash, task);
    else this.#rest(infoHash, task);
  }

  #check(infoHash: InfoHash, running: Running): void {
    const { task } = running;
    const order = this.#list.of(infoHash);
    if (!order || order.endedAtMs !== undefined || task.gone) {
      this.#stop(infoHash);
      return;
    }
    const { name, totalBytes, haveBytes } = task.view();
    if (order.bytes === undefined && totalBytes > 0) this.#learn(order, name, totalBytes);
    else if (task.whole) this.#end(infoHash);
    else if (haveBytes !== running.haveBytes) Object.assign(running, { haveBytes, progressMs: this.#nowMs });
    else if (this.#nowMs - running.progressMs >= LIMITS.stuckMs) this.#rest(infoHash, 'no-progress');
  }

  /** A link's metainfo has come. */
  #learn(order: Order, name: string, bytes: number): void {
    const { infoHash } = order;
    this.#list.change(infoHash, { bytes, name: name.slice(0, LIMITS.nameChars).toWellFormed() });
    if (isTooLarge(bytes, this.#world.room().largest)) this.#end(infoHash, 'too-large');
    else if (!this.#hasRoomFor({ ...order, bytes })) this.#rest(infoHash, 'no-room');
  }

  /** All that is kept or being fetched for the operator leaves some of the disks: else one order would drive the other out. */
  #hasRoomFor({ infoHash, bytes = 0 }: Order): boolean {
    const { all } = this.#world.room();
    const isKept = (o: Order) => o.endedAtMs !== undefined && worthOf(o, this.#nowMs) !== undefined;
    const others = this.#list.all.filter(
      (o) => o.infoHash !== infoHash && (isKept(o) || this.#running.has(o.infoHash)),
    );
    return all === 0 || others.reduce((sum, o) => sum + (o.bytes ?? 0), bytes) <= LIMITS.diskShare * all;
  }

  #end(infoHash: InfoHash, why?: string): void {
    this.#stop(infoHash);
    this.#list.change(infoHash, { endedAtMs: this.#nowMs, ...(why && { refused: why }) });
    const { name, bytes } = this.#list.of(infoHash) ?? {};
    if (why) this.#world.log.warn('prefill-given-up', { infoHash, name, why });
    else this.#world.log.info('prefill-done', { infoHash, name, bytes });
  }

  #rest(infoHash: InfoHash, why: string): void {
    this.#stop(infoHash);
    this.#resting.set(infoHash, { untilMs: this.#nowMs + LIMITS.restMs, why });
  }

  #stop(infoHash: InfoHash): void {
    const task = this.running(infoHash);
    this.#running.delete(infoHash);
    if (task && !task.gone) task.order(undefined);
  }

  get #nowMs(): number {
    return this.#world.clock.nowMs();
  }
}
