import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bitfield } from '#base/bitfield.ts';
import { KIB } from '#base/units.ts';
import { HandClock } from '#client/fixtures.ts';
import { boxBudget, type TaskBudget } from '#client/rate-limits.ts';
import { Dependence } from './dependence.ts';
import type { Holder } from './holder.ts';
import { LIMITS } from './limits.ts';

const PIECES = 64;

const holder = (ip: string, ...pieces: number[]): Holder & { pieces: Bitfield } => {
  const field = new Bitfield(PIECES);
  for (const piece of pieces) field.set(piece);
  return { ip, pieces: field, skips: [], interested: true, knows: () => true };
};
const half = Array.from({ length: PIECES / 2 }, (_, i) => i);

test('a client weighs less the more of what it lacks others have, down to a bound', () => {
  const dependence = new Dependence();
  const lacksHalf = holder('10.0.0.1', ...half);
  const lacksAll = holder('10.0.0.2');
  dependence.look([lacksHalf, lacksAll], PIECES);
  assert.equal(dependence.weightOf('10.0.0.1'), 1, 'nobody has what it lacks');
  assert.equal(dependence.weightOf('10.0.0.2'), 1 / 1.5, 'another has half of it');
  const others = Array.from({ length: 50 }, (_, i) => holder(`10.0.1.${i}`, ...half));
  dependence.look([lacksHalf, lacksAll, ...others], PIECES);
  assert.equal(dependence.weightOf('10.0.0.2'), LIMITS.leastWeight);
  dependence.look([lacksAll], PIECES);
  assert.equal(dependence.weightOf('10.0.0.2'), 1, 'it is alone again');
});

test('what it does not want does not count', () => {
  const dependence = new Dependence();
  const wantsFront = { ...holder('10.0.0.1'), skips: [{ first: PIECES / 2, end: PIECES }] };
  const hasRest = holder('10.0.0.2', ...half.map((piece) => piece + PIECES / 2));
  dependence.look([wantsFront, hasRest], PIECES);
  assert.equal(dependence.weightOf('10.0.0.1'), 1);
});

const PIECE_BYTES = 128 * KIB;

/** A swarm whose clients take everything from the box, each in an order of its own; when each had all of it. */
function swarm(task: TaskBudget, clock: HandClock, ips: readonly string[], weighs: boolean): Map<string, number> {
  const finishedMs = new Map<string, number>();
  const dependence = new Dependence();
  const holders = ips.map((ip) => holder(ip));
  for (const [i, { ip, pieces }] of holders.entries()) {
    const allowance = task.forClient(ip, () => dependence.weightOf(ip));
    const next = (step: number): void => {
      if (pieces.full) finishedMs.set(ip, clock.nowMs());
      if (weighs) dependence.look(holders, PIECES);
      if (pieces.full) return;
      allowance.ask(PIECE_BYTES, () => {
        pieces.set((step * (2 * i + 1)) % PIECES);
        queueMicrotask(() => next(step + 1));
      });
    };
    next(0);
  }
  return finishedMs;
}

/** Milliseconds until one client that is alone with its torrent has it, and until four that fetch another one do, over 16 Mbit/s. */
async function finished(weighs: boolean): Promise<{ alone: number; four: number[] }> {
  const clock = new HandClock();
  const box = boxBudget({ boxMbps: 16 }, clock);
  assert.ok(box);
  const lone = swarm(box.forTask(), clock, ['10.0.0.1'], weighs);
  const four = swarm(box.forTask(), clock, ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'], weighs);
  await clock.pass(60_000);
  assert.equal(four.size, 4);
  return { alone: lone.get('10.0.0.1') ?? Number.POSITIVE_INFINITY, four: [...four.values()] };
}

test('beside a swarm of four, a client that only the box can help is done a third sooner, and the four not later', async () => {
  const equal = await finished(false);
  const weighed = await finished(true);
  assert.ok(weighed.alone < 0.67 * equal.alone, `${weighed.alone} of ${equal.alone}`);
  assert.ok(Math.max(...weighed.four) <= Math.max(...equal.four), `${weighed.four} of ${equal.four}`);
});
