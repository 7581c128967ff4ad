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
};

/** The limits of the box, as its tasks meet them. */
export type BoxBudget = { forTask(): TaskBudget };

/** The same, where a task may have a limit of its own besides. Undefined where there is none at all: then nothing is counted. */
export type OwnBudget = { forTask(ownMbps?: number): TaskBudget | undefined };

const bytesPerS = (mbps: number): number => (mbps * 1e6) / 8;

/** Undefined when there is no limit at all: then nothing is counted. */
export function boxBudget(limits: RateLimits, clock: Clock): BoxBudget | undefined {
  if (given(limits).length === 0) return undefined;
  const budget = ownBudget(limits, clock);
  return { forTask: () => budget.forTask() as TaskBudget };
}

/** `ownMbps`, where it is given, takes the place of `taskMbps`. */
export function ownBudget(limits: RateLimits, clock: Clock): OwnBudget {
  const lineOf = (mbps: number | undefined): FairLine[] =>
    mbps === undefined ? [] : [new FairLine(bytesPerS(mbps), burstOf(bytesPerS(mbps)), clock)];
  const box = lineOf(limits.boxMbps);
  const shares = new PerClient(() => ({ lines: lineOf(limits.clientMbps) }));
  return {
    forTask: (ownMbps = limits.taskMbps) => {
      const all = given({ ...limits, taskMbps: ownMbps });
      if (all.length === 0) return undefined;
      const turnBytes = turnOf(bytesPerS(Math.min(...all)));
      const task = lineOf(ownMbps);
      return {
        forClient: (ip, weight = () => 1) => {
          const share = shares.enter(ip);
          const owner = { share, weight, left: () => shares.leave(ip) };
          return new Allowance([...share.lines, ...task, ...box], turnBytes, owner);
        },
      };
    },
  };
}

const given = ({ clientMbps, taskMbps, boxMbps }: RateLimits): number[] =>
  [clientMbps, taskMbps, boxMbps].filter((mbps) => mbps !== undefined);

/** A turn is what one client is given before the next: as short as a block where blocks take long, and long where turns would be many. */
const turnOf = (perS: number): number =>
  Math.min(CLIENT_LIMITS.requestBytes, Math.max(BLOCK_BYTES, (perS * CLIENT_LIMITS.turnMs) / 1000));

/** Never less than the largest request, which would wait for ever. */
const burstOf = (perS: number): number => Math.max(CLIENT_LIMITS.requestBytes, (perS * CLIENT_LIMITS.burstMs) / 1000);
