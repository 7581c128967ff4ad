import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type SeatRuleName, seatRuleNames } from './seat-rules.ts';
import { Seats, type Sitter } from './seats.ts';

class Agent implements Sitter {
  wanting: number;
  worth: number;
  sits = false;

  constructor(wanting = 1, worth = 100) {
    this.wanting = wanting;
    this.worth = worth;
  }

  sit(): void {
    assert.equal(this.sits, false);
    this.sits = true;
  }

  rise(): void {
    assert.equal(this.sits, true);
    this.sits = false;
  }
}

const MINUTE = 60_000;
const seatsOf = (count: number, rule: SeatRuleName = 'priced') => new Seats<Agent>(count, rule, () => 0.5);
const sitting = (agents: readonly Agent[]): number[] => agents.flatMap((agent, i) => (agent.sits ? [i] : []));

test('with room for all everybody sits whom somebody wants something of, and no longer than that', () => {
  for (const rule of seatRuleNames) {
    const seats = seatsOf(3, rule);
    const [asked, unasked] = [new Agent(), new Agent(0, 0)];
    for (const agent of [asked, unasked]) seats.look(agent, 0);
    seats.tick(0);
    assert.deepEqual([asked.sits, unasked.sits, seats.free], [true, false, 2], rule);
    asked.wanting = 0;
    seats.look(asked, 1_000);
    assert.deepEqual([asked.sits, seats.free], [false, 3], rule);
  }
});

test('who would save more has the seat after one lease: the price has risen to what the holder does not pay', () => {
  const seats = seatsOf(1);
  const [weak, strong] = [new Agent(1, 100), new Agent(5, 1_000)];
  seats.look(weak, 0);
  for (let ms = 0; ms < 2 * MINUTE; ms += 10_000) {
    seats.tick(ms);
    seats.look(strong, ms);
  }
  assert.deepEqual([weak.sits, strong.sits], [true, false], 'nobody is thrown out in the middle of a lease');
  assert.ok(seats.price > weak.worth && seats.price < strong.worth);
  seats.look(weak, 2 * MINUTE);
  seats.look(strong, 2 * MINUTE);
  assert.deepEqual([weak.sits, strong.sits], [false, true]);
  seats.look(weak, 2 * MINUTE + 1);
  assert.equal(weak.sits, false);
});

test('a price that nobody pays falls, so that a free seat does not stay free', () => {
  const seats = seatsOf(1);
  const [strong, weak] = [new Agent(5, 1_000), new Agent(1, 1)];
  const other = new Agent(5, 2_000);
  seats.look(strong, 0);
  for (let i = 0; i < 50; i++) seats.look(other, 0);
  seats.tick(0);
  seats.leave(strong);
  seats.look(weak, 0);
  assert.equal(weak.sits, false);
  seats.tick(5 * MINUTE);
  seats.look(weak, 5 * MINUTE);
  assert.equal(weak.sits, true);
});

test('what saves nothing never sits, whatever is free', () => {
  const seats = seatsOf(8);
  const idle = new Agent(1, 0);
  seats.look(idle, 0);
  assert.equal(idle.sits, false);
});

test('the leases of the source: one renews while it is wanted, the other gives way to who waits', () => {
  for (const [rule, after] of [
    ['lease', [0]],
    ['lease-vacate', [1]],
  ] as const) {
    const seats = seatsOf(1, rule);
    const agents = [new Agent(), new Agent()];
    for (const agent of agents) seats.look(agent, 0);
    for (const agent of agents) seats.look(agent, 60 * MINUTE);
    assert.deepEqual(sitting(agents), after, rule);
  }
});

test('ranked: those with most clients, once a minute', () => {
  const seats = seatsOf(2, 'ranked');
  const agents = [1, 4, 2, 3].map((wanting) => new Agent(wanting));
  for (const agent of agents) seats.look(agent, 0);
  seats.tick(0);
  assert.deepEqual(sitting(agents), [1, 3]);
  (agents[0] as Agent).wanting = 9;
  seats.tick(MINUTE / 2);
  assert.deepEqual(sitting(agents), [1, 3]);
  seats.tick(MINUTE);
  assert.deepEqual(sitting(agents), [0, 1]);
});

test('whatever happens in whatever order, no more sit than there are seats, and each is told once', () => {
  const step = fc.record({
    what: fc.constantFrom('look', 'leave', 'forget', 'change', 'tick'),
    who: fc.nat(5),
    wanting: fc.nat(4),
    worth: fc.double({ min: 0, max: 1e7, noNaN: true }),
    ms: fc.nat(2 * MINUTE),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...seatRuleNames),
      fc.nat(4),
      fc.array(step, { maxLength: 80 }),
      (rule, count, steps) => {
        const seats = seatsOf(count, rule);
        const agents = Array.from({ length: 6 }, () => new Agent());
        let nowMs = 0;
        for (const { what, who, wanting, worth, ms } of steps) {
          nowMs += ms;
          const agent = agents[who] as Agent;
          if (what === 'look') seats.look(agent, nowMs);
          else if (what === 'leave') seats.leave(agent, nowMs + ms);
          else if (what === 'forget') seats.forget(agent);
          else if (what === 'tick') seats.tick(nowMs);
          else Object.assign(agent, { wanting, worth });
          assert.equal(sitting(agents).length, count - seats.free);
          assert.ok(seats.free >= 0 && Number.isFinite(seats.price));
          assert.ok(agents.every((a) => a.sits === seats.has(a)));
        }
      },
    ),
  );
});

test('other seats, or another rule, leave those who sit where they are, as far as there is room', () => {
  const seats = seatsOf(3, 'plain');
  const agents = [new Agent(), new Agent(), new Agent(), new Agent()];
  for (const [i, agent] of agents.entries()) seats.look(agent, i);
  assert.deepEqual(sitting(agents), [0, 1, 2]);
  seats.change(4, 'plain');
  for (const agent of agents) seats.look(agent, 10);
  assert.deepEqual([sitting(agents), seats.free], [[0, 1, 2, 3], 0]);
  seats.change(4, 'lease');
  assert.deepEqual(sitting(agents), [0, 1, 2, 3]);
  seats.change(1, 'lease');
  assert.deepEqual([sitting(agents).length, seats.free, seats.count], [1, 0, 1]);
  seats.change(0, 'priced');
  for (const agent of agents) seats.look(agent, 20);
  assert.deepEqual([sitting(agents), seats.price > 0], [[], true], 'the new rule has a price, and learns it');
});

test('of those who sit where there are fewer seats now, they rise whose lease ends first', () => {
  const seats = seatsOf(2, 'lease');
  const [early, late] = [new Agent(), new Agent()];
  seats.look(late, 5 * MINUTE);
  seats.look(early, 0);
  seats.change(1, 'lease');
  assert.deepEqual([early.sits, late.sits], [false, true]);
});
