import type { Duplex } from 'node:stream';
import type { Clock } from '#base/clock.ts';
import { Rate } from '#base/rate.ts';
import type { Scope } from '#base/scope.ts';
import { LineRate } from './line-rate.ts';
import { LineRest } from './line-rest.ts';
import { LineYield, type Queue, YIELD } from './line-yield.ts';
import { type Asker, Pacer } from './pacer.ts';
import { QueueGauge, type RoundTripOf } from './queue-gauge.ts';
import { UplinkAccount } from './uplink-account.ts';
import { limitBytesPerS, type UplinkLimits } from './uplink-limits.ts';

/** What the uplink asks of the house. */
export type UplinkWorld = {
  readonly clock: Clock;
  readonly roundTrip: RoundTripOf;
  /** Bytes that the line has brought so far, to anybody; undefined when that cannot be told. */
  lineBytes(): number | undefined;
  /** What `keep` was last given, by this run or an earlier one. */
  kept(): string | undefined;
  keep(text: string): void;
};

/** What holds fetching back just now: nothing, others on the line, the operator's rate, or the day's bytes, all used. */
export type UplinkWhy = 'free' | 'makes-way' | 'rate' | 'day-used-up';

export type UplinkView = {
  readonly why: UplinkWhy;
  /** Absent: as fast as it comes. */
  readonly allowedBytesPerS?: number;
  /** How long packets wait in the line's queue, as far as the box can tell. */
  readonly queueMs?: number;
  readonly dayBytes: number;
  /** Of those, what the operator had fetched before anybody asked. */
  readonly dayPrefillBytes: number;
  readonly dayLimitBytes?: number;
  readonly wastes: boolean;
};

/** The uplink as one download sees it. */
export type UplinkShare = Pick<
  Uplink,
  'isFreeFor' | 'isSpent' | 'mayFetchAhead' | 'wait' | 'leave' | 'block' | 'untaken' | 'prefilled'
>;

const KEEP_EVERY_MS = 10_000;
/** Long enough for a figure of some blocks, short enough to tell what the line does now. */
const RATE_MS = 500;
/** What a block costs the line: headers of packets of 1500 bytes, and a little for the requests' acknowledgements. */
const LINE_PER_BLOCK = 1.06;

/** The line to the internet, as all downloads share it: how fast they may ask, and how much. */
export class Uplink {
  readonly #world: UplinkWorld;
  #limits: UplinkLimits;
  readonly #pacer: Pacer;
  readonly #gauge: QueueGauge;
  #yield = new LineYield();
  readonly #account: UplinkAccount;
  readonly #rate = new Rate(RATE_MS);
  readonly #lineRate = new LineRate(RATE_MS);
  readonly #rest = new LineRest();
  #queue: Queue | undefined;
  #limit = Number.POSITIVE_INFINITY;

  constructor(limits: UplinkLimits, world: UplinkWorld, scope: Scope) {
    this.#world = world;
    this.#limits = limits;
    this.#pacer = new Pacer(world.clock, scope.signal);
    this.#gauge = new QueueGauge(world.roundTrip);
    this.#account = new UplinkAccount(world.kept(), this.#now());
    this.#look();
    scope.every(YIELD.lookMs, () => this.#look());
    scope.every(KEEP_EVERY_MS, () => this.#keep());
    scope.defer(() => this.#keep());
  }

  /** From now on the operator allows something else. What the day has brought so far counts. */
  setLimits(limits: UplinkLimits): void {
    this.#limits = limits;
    if (!limits.yield) {
      this.#yield = new LineYield();
      this.#queue = undefined;
    }
    this.#look();
  }

  /** Nothing is paced for whoever is so: who may ask need not wait for his turn. */
  isFreeFor(who: Pick<Asker, 'isAhead'>): boolean {
    return this.#pacer.isFreeFor(who);
  }

  /** The day's bytes are used up: nothing more is fetched until midnight. */
  get isSpent(): boolean {
    const { dayGB } = this.#limits;
    return dayGB !== undefined && this.#account.dayBytes(this.#now()) >= dayGB * 1e9;
  }

  /** Something may be fetched for a client that is only expected. */
  get mayFetchAhead(): boolean {
    return !this.isSpent && !this.#account.wastes(this.#limits.wasteShare);
  }

  /** The asker is called in its turn. */
  wait(asker: Asker): void {
    this.#pacer.wait(asker);
  }

  leave(asker: Asker): void {
    this.#pacer.leave(asker);
  }

  /** A block came, so long after it was asked for. `isAhead`: no client waits for it. */
  block(from: Duplex, bytes: number, tookMs: number, isAhead: boolean): void {
    const nowMs = this.#world.clock.nowMs();
    this.#rate.add(bytes, nowMs);
    if (!isAhead) this.#rest.came(bytes, nowMs);
    this.#account.fetched(bytes, new Date(nowMs));
    if (this.#limits.yield) this.#gauge.block(from, tookMs, nowMs);
  }

  /** See UplinkAccount. */
  untaken(bytes: number): void {
    this.#account.untaken(bytes);
  }

  /** See UplinkAccount. */
  prefilled(bytes: number): void {
    this.#account.prefilled(bytes, this.#now());
  }

  /** The day's bytes, or the pre-fill's share of them, are used up. */
  isSpentFor(prefillShare: number): boolean {
    const { dayGB } = this.#limits;
    return (
      this.isSpent || (dayGB !== undefined && this.#account.dayPrefillBytes(this.#now()) >= prefillShare * dayGB * 1e9)
    );
  }

  view(): UplinkView {
    const { dayGB, wasteShare } = this.#limits;
    const allowed = this.#allowedBytesPerS;
    return {
      why: this.#why,
      ...(allowed < Number.POSITIVE_INFINITY && { allowedBytesPerS: Math.round(allowed) }),
      ...(this.#queue && { queueMs: Math.round(this.#queue.leastMs) }),
      dayBytes: this.#account.dayBytes(this.#now()),
      dayPrefillBytes: this.#account.dayPrefillBytes(this.#now()),
      ...(dayGB !== undefined && { dayLimitBytes: dayGB * 1e9 }),
      wastes: this.#account.wastes(wasteShare),
    };
  }

  get #why(): UplinkWhy {
    if (this.isSpent) return 'day-used-up';
    if (this.#yield.gaveWay && this.#yield.allowedBytesPerS < this.#limit) return 'makes-way';
    return this.#limit < Number.POSITIVE_INFINITY ? 'rate' : 'free';
  }

  get #allowedBytesPerS(): number {
    return this.isSpent ? 0 : Math.min(this.#yield.allowedBytesPerS, this.#limit);
  }

  #now(): Date {
    return new Date(this.#world.clock.nowMs());
  }

  #look(): void {
    const nowMs = this.#world.clock.nowMs();
    this.#limit = limitBytesPerS(this.#limits, new Date(nowMs));
    const isHeld = this.#pacer.takeHeld();
    const fetchedBytesPerS = this.#rate.bytesPerS(nowMs);
    if (this.#limits.yield) {
      this.#queue = this.#gauge.read(nowMs);
      const held = isHeld && this.#yield.allowedBytesPerS <= this.#limit;
      const all = this.#lineRate.read(this.#world.lineBytes(), nowMs);
      const othersBytesPerS = all === undefined ? undefined : Math.max(0, all - LINE_PER_BLOCK * fetchedBytesPerS);
      this.#yield.look({ queue: this.#queue, fetchedBytesPerS, othersBytesPerS, held });
    }
    this.#pacer.setRate(this.#allowedBytesPerS, this.#rest.look(fetchedBytesPerS, nowMs));
  }

  #keep(): void {
    const { text } = this.#account;
    if (text !== this.#world.kept()) this.#world.keep(text);
  }
}
