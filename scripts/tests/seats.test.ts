import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { execPath, pid } from 'node:process';
import { type TestContext, test } from 'node:test';

/** A process that wants a seat, or all, and lives until it is killed. */
function comer(t: TestContext, wants: 'one' | 'all'): { child: ChildProcess; sits: Promise<unknown> } {
  const script = `
    import { Seats } from '${import.meta.dirname}/seats.ts';
    await new Seats('test-${pid}', 2).${wants}();
    console.log('sits');
    setInterval(() => {}, 1_000);`;
  const child = spawn(execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  return { child, sits: once(child.stdout, 'data') };
}

async function killed(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

test('two sit beside each other; who wants all waits for both, and the next one for him, whatever their end', async (t) => {
  const said: string[] = [];
  const [first, second] = [comer(t, 'one'), comer(t, 'one')];
  await Promise.all([first.sits, second.sits]);
  const alone = comer(t, 'all');
  const satAlone = alone.sits.then(() => said.push('alone'));
  await killed(first.child);
  said.push('the second goes');
  await killed(second.child);
  await satAlone;
  const next = comer(t, 'one');
  const satNext = next.sits.then(() => said.push('next'));
  await Promise.race([satNext, once(next.child, 'spawn')]);
  said.push('the one alone goes');
  await killed(alone.child);
  await satNext;
  assert.deepEqual(said, ['the second goes', 'alone', 'the one alone goes', 'next']);
});
