import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { MINUTE_MS, SetClock } from '#trace/fixtures.ts';
import { lineOf, type Session } from '#trace/session.ts';
import { asking } from './fixtures.ts';
import { WHAT_IF_LIMITS } from './limits.ts';
import { WhatIf } from './what-if.ts';

class Bench {
  readonly clock = new SetClock();
  readonly folder: string;
  readonly open: Session[] = [];

  constructor(t: TestContext) {
    const above = mkdtempSync(join(tmpdir(), 'swarmbox-what-if-'));
    t.after(() => rmSync(above, { recursive: true, force: true }));
    this.folder = join(above, 'trace');
  }

  get nowMin(): number {
    return this.clock.nowMs() / MINUTE_MS;
  }

  written(...lines: string[]): void {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, '00000001.jsonl'), `${lines.join('\n')}\n`);
  }

  whatIf(script?: string): WhatIf {
    const { clock, folder } = this;
    const question = () => ({ diskBytes: 2 ** 40, seats: 8 });
    const world = { clock, folder, open: () => this.open, question };
    if (script === undefined) return new WhatIf(world);
    const path = join(folder, '../script.mjs');
    writeFileSync(path, script);
    return new WhatIf(world, pathToFileURL(path));
  }
}

test('what was written and what is under way are put to the rules; what cannot be read is told', async (t) => {
  const bench = new Bench(t);
  const old = asking(1, bench.nowMin - 8 * 24 * 60, [0]);
  bench.written(lineOf(old), '{"torn', lineOf(asking(1, bench.nowMin - 100, [0, 1])));
  bench.open.push(asking(1, bench.nowMin - 10, [0, 1, 2]));
  const answer = await bench.whatIf().ask();
  assert.ok(answer.kind === 'ok', JSON.stringify(answer));
  assert.deepEqual([answer.view.sessions, answer.view.leftOut], [2, { lines: 1, sessions: 1 }]);
  assert.equal(answer.view.disks[1]?.rules.current.saved, 0.4);
});

test('one question at a time, and its answer is good for a minute', async (t) => {
  const bench = new Bench(t);
  bench.open.push(asking(1, bench.nowMin - 10, [0]));
  const whatIf = bench.whatIf();
  const [first, second] = await Promise.all([whatIf.ask(), whatIf.ask()]);
  assert.deepEqual([first.kind, second.kind], ['ok', 'busy']);
  bench.open.length = 0;
  assert.equal(await whatIf.ask(), first);
  bench.clock.atMs += WHAT_IF_LIMITS.sameForMs;
  assert.deepEqual(await whatIf.ask(), { kind: 'empty' });
});

test('a thread that fails, ends or is stopped is told, and the next question is answered', async (t) => {
  const bench = new Bench(t);
  const throws = bench.whatIf('throw new Error("no luck");');
  for (const _ of [1, 2]) assert.deepEqual(await throws.ask(), { kind: 'failed', why: 'no luck' });
  assert.deepEqual(await bench.whatIf('process.exit(3);').ask(), { kind: 'failed', why: 'it ended with code 3' });
  const stuck = bench.whatIf('for (;;);');
  const asked = stuck.ask();
  await stuck.close();
  assert.equal((await asked).kind, 'failed');
  assert.deepEqual(await stuck.ask(), { kind: 'busy' });
});
