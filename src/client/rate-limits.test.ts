import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '#base/clock.ts';
import { KIB } from '#base/units.ts';
import type { Allowance } from './allowance.ts';
import { HandClock } from './fixtures.ts';
import { Budget, boxBudget, type RateLimits } from './rate-limits.ts';

const MAX_TURN = 128 * KIB;
const bytesPerS = (mbps: number): number => (mbps * 1e6) / 8;

/** A client that asks for `bytes`, and when it has them waits `pauseMs` and asks again. */
class Eater {
  readonly had: { readonly atMs: number; readonly bytes: number }[] = [];
  readonly allowance: Allowance;
  readonly #clock: HandClock;
  readonly #bytes: number;
  readonly #pauseMs: number;
  readonly #over = new AbortController();

  constructor(allowance: Allowance, clock: HandClock, { bytes, pauseMs }: { bytes: number; pauseMs: number }) {
    this.allowance = allowance;
    this.#clock = clock;
    this.#bytes = bytes;
    this.#pauseMs = pauseMs;
    this.#ask();
  }

  get total(): number {
    return this.had.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  leave(): void {
    this.#over.abort();
    this.allowance.close();
  }

  #ask(): void {
    if (this.#over.signal.aborted) return;
    this.allowance.ask(this.#bytes, () => {
      this.had.push({ atMs: this.#clock.nowMs(), bytes: this.#bytes });
      // As a connection does: what follows is asked for once the turn is over.
      if (this.#pauseMs === 0) queueMicrotask(() => this.#ask());
      else
        void this.#clock.sleep(this.#pauseMs, this.#over.signal).then(
          () => this.#ask(),
          () => {},
        );
    });
  }
}

/** `tasks`: the clients of each. */
function crowd(limits: RateLimits, tasks: readonly (readonly { bytes: number; pauseMs: number }[])[]) {
  const clock = new HandClock();
  const budget = boxBudget(limits, clock);
  assert.ok(budget);
  let addresses = 0;
  const eaters = tasks.map((clients) => {
    const task = budget.forTask();
    return clients.map((client) => new Eater(task.forClient(`10.0.0.${++addresses}`), clock, client));
  });
  const all = eaters.flat();
  const end = (): void => {
    for (const eater of all) eater.leave();
  };
  return { clock, eaters, all, end };
}

/** In every window that begins and ends with a grant. */
function keepsTo(mbps: number | undefined, eaters: readonly Eater[]): void {
  if (mbps === undefined) return;
  const perMs = bytesPerS(mbps) / 1000;
  const burst = Math.max(MAX_TURN, perMs * 50);
  const had = eaters.flatMap((eater) => eater.had).sort((a, b) => a.atMs - b.atMs);
  // The worst window ends here: what went beyond the rate since some earlier grant.
  let beyond = 0;
  let lastMs = 0;
  for (const { atMs, bytes } of had) {
    beyond = Math.max(0, beyond - perMs * (atMs - lastMs)) + bytes;
    lastMs = atMs;
    assert.ok(beyond <= burst + 1e-3, `${beyond} bytes at once of ${burst}`);
  }
}

const bytes = fc.constantFrom(1, 16 * KIB, 16 * KIB, 48 * KIB, MAX_TURN);
const client = fc.record({ bytes, pauseMs: fc.constantFrom(0, 0, 1, 40) });
const mbps = fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined });
const limits = fc.record({ clientMbps: mbps, taskMbps: mbps, boxMbps: mbps });
const tasks = fc.array(fc.array(client, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 });
/** Asking for one byte at a time without a pause is work without end at a high rate; no client does. */
const bounded = tasks.filter((all) => all.flat().every((c) => c.bytes > 1 || c.pauseMs > 0));

test('no client, no task and not the box is given more than its rate x time + burst; nobody starves', async () => {
  await fc.assert(
    fc.asyncProperty(
      limits.filter((l) => Object.values(l).some((v) => v !== undefined)),
      bounded,
      async (l, wishes) => {
        const { clock, eaters, all, end } = crowd(l, wishes);
        // One round of everybody at the slowest rate, and the rounding of each wait.
        const slowest = Math.min(...Object.values(l).filter((v) => v !== undefined));
        await clock.pass((1000 * MAX_TURN * all.length) / bytesPerS(slowest) + 100);
        end();
        for (const eater of all) {
          assert.ok(eater.had.length > 0, 'everybody had a turn');
          keepsTo(l.clientMbps, [eater]);
        }
        for (const task of eaters) keepsTo(l.taskMbps, task);
        keepsTo(l.boxMbps, all);
        assert.equal(clock.sleepers, 0, 'nobody waits, so no timer is left');
      },
    ),
    { numRuns: 60 },
  );
});

test('equal wishes get equal shares, whichever limit is the narrow one', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<keyof RateLimits>('clientMbps', 'taskMbps', 'boxMbps'),
      fc.integer({ min: 2, max: 200 }),
      fc.integer({ min: 2, max: 8 }),
      fc.constantFrom(16 * KIB, 64 * KIB),
      async (narrow, rate, clients, size) => {
        const one = Array.from({ length: clients }, () => ({ bytes: size, pauseMs: 0 }));
        const { clock, all, end } = crowd({ [narrow]: rate }, [one]);
        // As long as takes each of them so many turns, whatever the rate.
        const due = 40 * size;
        const share = narrow === 'clientMbps' ? 1 : clients;
        await clock.pass((1000 * due * share) / bytesPerS(rate));
        end();
        const totals = all.map((eater) => eater.total);
        assert.ok(Math.max(...totals) - Math.min(...totals) <= 2 * size, totals.join());
        assert.ok(Math.min(...totals) >= due - 3 * size, 'the rate is not only kept to but reached');
      },
    ),
    { numRuns: 40 },
  );
});

test('a client that asks for much at once gets no more than one that asks for little, again and again', async () => {
  for (const narrow of ['taskMbps', 'boxMbps'] as const) {
    for (const rate of [2, 50, 800]) {
      const deep = { bytes: MAX_TURN, pauseMs: 0 };
      const shallow = { bytes: 16 * KIB, pauseMs: 0 };
      const { clock, all, end } = crowd({ [narrow]: rate }, [[deep, deep, shallow]]);
      await clock.pass(5_000);
      end();
      const [first = 0, second = 0, little = 0] = all.map((eater) => eater.total);
      const share = (first + second + little) / 3;
      assert.ok(Math.abs(little - share) <= 2 * MAX_TURN, `${little} of ${share} at ${rate}`);
    }
  }
});

test('the box is shared by clients, also by those that another limit holds back', async () => {
  const one = { bytes: 16 * KIB, pauseMs: 0 };
  const { clock, eaters, end } = crowd({ boxMbps: 90, taskMbps: 60 }, [[one, one], [one]]);
  await clock.pass(10_000);
  end();
  const mbpsOf = (eater: Eater): number => (eater.total * 8) / 1e6 / 10;
  for (const eater of eaters.flat()) assert.ok(Math.abs(mbpsOf(eater) - 30) < 1, `${mbpsOf(eater)}`);
});

test('a client is given no more for having several connections, and one limit holds for all of them', async () => {
  for (const [limits, mbpsEach] of [
    [{ boxMbps: 20 }, 10],
    [{ boxMbps: 20, clientMbps: 6 }, 6],
  ] as const) {
    const clock = new HandClock();
    const task = boxBudget(limits, clock)?.forTask();
    assert.ok(task);
    const size = { bytes: 16 * KIB, pauseMs: 0 };
    const of = (ip: string, connections: number): Eater[] =>
      Array.from({ length: connections }, () => new Eater(task.forClient(ip), clock, size));
    const clients = [of('10.0.0.1', 4), of('10.0.0.2', 1)];
    await clock.pass(10_000);
    for (const eater of clients.flat()) eater.leave();
    for (const eaters of clients) {
      const given = (eaters.reduce((sum, { total }) => sum + total, 0) * 8) / 1e6 / 10;
      assert.ok(Math.abs(given - mbpsEach) < 0.3, `${given} of ${mbpsEach}`);
    }
  }
});

test('who weighs less is given less, in proportion, and not nothing', async () => {
  const clock = new HandClock();
  const budget = boxBudget({ boxMbps: 50 }, clock);
  assert.ok(budget);
  const weights = [1, 0.25, 0.5, 0.25];
  const size = { bytes: 64 * KIB, pauseMs: 0 };
  const eaters = weights.map((weight, i) => {
    const allowance = budget.forTask().forClient(`10.0.0.${i}`, () => weight);
    return new Eater(allowance, clock, size);
  });
  await clock.pass(10_000);
  for (const eater of eaters) eater.leave();
  for (const [i, { total }] of eaters.entries()) {
    const due = (bytesPerS(50) * 10 * (weights[i] as number)) / 2;
    assert.ok(Math.abs(total - due) <= 0.02 * due + MAX_TURN, `${total} of ${due}`);
  }
});

test('a wish that was never granted is not counted against the other connections of its client', async () => {
  const clock = new HandClock();
  const task = boxBudget({ boxMbps: 8 }, clock)?.forTask();
  assert.ok(task);
  const size = { bytes: MAX_TURN, pauseMs: 0 };
  const eaters = ['10.0.0.1', '10.0.0.2'].map((ip) => new Eater(task.forClient(ip), clock, size));
  for (let i = 0; i < 50; i++) {
    const fickle = task.forClient('10.0.0.1');
    fickle.ask(MAX_TURN, () => assert.fail('nothing is left for it'));
    fickle.close();
  }
  await clock.pass(5_000);
  for (const eater of eaters) eater.leave();
  const [first = 0, second = 0] = eaters.map(({ total }) => total);
  assert.ok(Math.abs(first - second) <= 2 * MAX_TURN, `${first} and ${second}`);
});

test('who leaves while it waits gives back what it was granted, and lets the next one pass', async () => {
  const clock = new HandClock();
  const budget = boxBudget({ taskMbps: 8, boxMbps: 1 }, clock);
  const task = budget?.forTask();
  assert.ok(budget && task);
  const said: string[] = [];
  const ask = (name: string, of = task): Allowance => {
    const allowance = of.forClient(name);
    allowance.ask(MAX_TURN, () => said.push(name));
    return allowance;
  };
  ask('burst', budget.forTask());
  const leaver = ask('leaver');
  ask('sibling');
  assert.deepEqual(said, ['burst'], 'the box is empty, and the task has promised all it has');
  leaver.close();
  leaver.close();
  await clock.pass((1000 * MAX_TURN) / bytesPerS(1) + 1);
  assert.deepEqual(said, ['burst', 'sibling']);
  assert.equal(clock.sleepers, 0);
});

test('time that passes while many are served is counted once', () => {
  let nowMs = 0;
  const clock: Clock = { nowMs: () => nowMs++, sleep: () => new Promise(() => {}) };
  const task = boxBudget({ taskMbps: 80, boxMbps: 80 }, clock)?.forTask();
  assert.ok(task);
  let given = 0;
  const again = (allowance: Allowance): void =>
    allowance.ask(MAX_TURN, () => {
      given += MAX_TURN;
      if (nowMs < 2_000) again(allowance);
    });
  for (let i = 0; i < 2_000 && nowMs < 2_000; i++) again(task.forClient(`${i}`));
  const most = (bytesPerS(80) * nowMs) / 1000 + bytesPerS(80) * 0.05;
  assert.ok(given > 0 && given <= most, `${given} of ${most}`);
});

test('without limits there is nothing to ask', () => {
  assert.equal(boxBudget({}, new HandClock()), undefined);
});

test('a limit of its own takes the place of what every torrent has, as long as there is one', async () => {
  const clock = new HandClock();
  const budget = new Budget({ taskMbps: 8 }, clock);
  let own: number | undefined = 2;
  const task = budget.forTask(() => own);
  const eater = new Eater(task.forClient('10.0.0.1'), clock, { bytes: 16 * KIB, pauseMs: 1 });
  for (const [mbps, wanted] of [
    [2, 2],
    [undefined, 8],
    [30, 30],
  ] as const) {
    own = mbps;
    await clock.pass(clock.nowMs() + 5_000);
    const before = eater.total;
    await clock.pass(clock.nowMs() + 20_000);
    const given = ((eater.total - before) * 8) / 1e3 / 20_000;
    assert.ok(Math.abs(given - wanted) < 0.05 * wanted + 0.2, `${given} of ${wanted}`);
  }
  budget.setLimits({});
  own = undefined;
  assert.equal(task.isLimited, false);
  own = 1;
  assert.equal(task.isLimited, true);
});

test('other limits hold at once, for connections that are here and for those that come; none set them free', async () => {
  const clock = new HandClock();
  const budget = new Budget({}, clock);
  const task = budget.forTask();
  assert.equal(task.isLimited, false);
  const pass = (ms: number) => clock.pass(clock.nowMs() + ms);
  const size = { bytes: 16 * KIB, pauseMs: 1 };
  const mbpsDuring = async (eaters: readonly Eater[], ms: number): Promise<number> => {
    const before = eaters.reduce((sum, { total }) => sum + total, 0);
    await pass(ms);
    return ((eaters.reduce((sum, { total }) => sum + total, 0) - before) * 8) / 1e3 / ms;
  };
  const eaters = [
    new Eater(task.forClient('10.0.0.1'), clock, size),
    new Eater(task.forClient('10.0.0.2'), clock, size),
  ];
  assert.equal(
    Math.round(await mbpsDuring(eaters, 1_000)),
    Math.round((2 * 16 * KIB * 8) / 1e3),
    'as fast as they ask',
  );
  for (const [limits, mbps] of [
    [{ boxMbps: 8 }, 8],
    [{ clientMbps: 2 }, 4],
    [{ taskMbps: 40, clientMbps: 100 }, 40],
    [{ boxMbps: 1 }, 1],
    [{ boxMbps: 20 }, 20],
  ] as const) {
    budget.setLimits(limits);
    assert.equal(task.isLimited, true);
    await pass(5_000); // what was waited for at the old rate, and the burst
    const given = await mbpsDuring(eaters, 20_000);
    assert.ok(Math.abs(given - mbps) < 0.05 * mbps + 0.2, `${given} of ${mbps}`);
  }
  const late = new Eater(task.forClient('10.0.0.3'), clock, size);
  const shared = await mbpsDuring([...eaters, late], 20_000);
  assert.ok(Math.abs(shared - 20) < 1, `${shared} of 20`);
  budget.setLimits({});
  await pass(1_000);
  assert.ok((await mbpsDuring(eaters, 1_000)) > 200, 'free again');
  for (const eater of [...eaters, late]) eater.leave();
  await pass(1_000);
  assert.equal(clock.sleepers, 0);
});
