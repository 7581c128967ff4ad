import type { Clock } from '#base/clock.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { Allowance } from './allowance.ts';
import { FairLine } from './fair-line.ts';
import { CLIENT_LIMITS } from './limits.ts';
import { PerClient } from './per-client.ts';

/** How fast blocks may go to LAN clients, in Mbit/s (1e6 bits of payload a second). Absent: no limit. */
export type RateLimits = {
  /** To one client, whatever it fetches and over however many connections. */
  readonly clientMbps?: number | undefined;
  /** To all clients of one torrent. */
  readonly taskMbps?: number | undefined;
  /** To everybody. */
  readonly boxMbps?: number | undefined;
};

/** The limits of one task, as its clients meet them. */
export type TaskBudget = {
  /** For one connection of the client at this address. `weight`: see AllowanceOwner. */
  forClient(ip: string, weight?: () => number): Allowance;
  /** Something is limited just now. */
  readonly isLimited: boolean;
};

/** The limits of the box, as its tasks meet them. `ownMbps`: a task's own, which takes the place of `taskMbps` as long as there is one. */
export type BoxBudget = { forTask(ownMbps?: () => number | undefined): TaskBudget };

const bytesPerS = (mbps: number): number => (mbps * 1e6) / 8;

/** Undefined when there is no limit at all, nor will be: then nothing is counted. */
export function boxBudget(limits: RateLimits, clock: Clock): BoxBudget | undefined {
  return isLimit(limits) ? new Budget(limits, clock) : undefined;
}

const isLimit = ({ clientMbps, taskMbps, boxMbps }: RateLimits): boolean =>
  clientMbps !== undefined || taskMbps !== undefined || boxMbps !== undefined;

/** Lines of one circle, and the Mbit/s that they were made for. */
type Lines = { of: number | undefined; lines: readonly FairLine[] };

/**
 * The limits of the box, which may become others at any time: whoever asks then stands in lines of the new rates, and who waits already is given what he
 * waits for at the old one.
 */
export class Budget implements BoxBudget {
  readonly #clock: Clock;
  readonly #shares = new PerClient((): Lines => ({ of: undefined, lines: [] }));
  readonly #box: Lines = { of: undefined, lines: [] };
  #limits: RateLimits;

  constructor(limits: RateLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** From now on these. */
  setLimits(limits: RateLimits): void {
    this.#limits = limits;
  }

  forTask(ownMbps: () => number | undefined = () => undefined): TaskBudget {
    const task: Lines = { of: undefined, lines: [] };
    const limits = (): RateLimits => ({ ...this.#limits, taskMbps: ownMbps() ?? this.#limits.taskMbps });
    return {
      get isLimited() {
        return isLimit(limits());
      },
      forClient: (ip, weight = () => 1) => {
        const share = this.#shares.enter(ip);
        const owner = { share, weight, left: () => this.#shares.leave(ip) };
        return new Allowance(
          () => this.#linesOf(share, task, limits()),
          () => turnBytesOf(limits()),
          owner,
        );
      },
    };
  }

  /** The narrowest circle first. */
  #linesOf(share: Lines, task: Lines, { clientMbps, taskMbps, boxMbps }: RateLimits): readonly FairLine[] {
    return [...this.#now(share, clientMbps), ...this.#now(task, taskMbps), ...this.#now(this.#box, boxMbps)];
  }

  #now(circle: Lines, mbps: number | undefined): readonly FairLine[] {
    if (circle.of === mbps) return circle.lines;
    circle.of = mbps;
    const perS = mbps === undefined ? undefined : bytesPerS(mbps);
    circle.lines = perS === undefined ? [] : [new FairLine(perS, burstOf(perS), this.#clock)];
    return circle.lines;
  }
}

function turnBytesOf({ clientMbps, taskMbps, boxMbps }: RateLimits): number {
  const given = [clientMbps, taskMbps, boxMbps].filter((mbps) => mbps !== undefined);
  return given.length > 0 ? turnOf(bytesPerS(Math.min(...given))) : Number.POSITIVE_INFINITY;
}

/** A turn is what one client is given before the next: as short as a block where blocks take long, and long where turns would be many. */
const turnOf = (perS: number): number =>
  Math.min(CLIENT_LIMITS.requestBytes, Math.max(BLOCK_BYTES, (perS * CLIENT_LIMITS.turnMs) / 1000));

/** Never less than the largest request, which would wait for ever. */
const burstOf = (perS: number): number => Math.max(CLIENT_LIMITS.requestBytes, (perS * CLIENT_LIMITS.burstMs) / 1000);
