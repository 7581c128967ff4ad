import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from './command.ts';

const PATIENT = { timeoutMs: 60_000, outputBytes: 1000 };
const never = new AbortController().signal;

/** A program that is a shell script. */
class Program implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'swarmbox-command-'));
  readonly path = join(this.#folder, 'program');

  constructor(script: string) {
    writeFileSync(this.path, `#!/bin/sh\n${script}\n`);
    chmodSync(this.path, 0o755);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

test('what a program says, its exit status and its environment', async () => {
  using program = new Program('echo "$LC_ALL $HOME $1"; echo trouble >&2; exit 9');
  const command = runCommand(program.path, ['$(id); *'], PATIENT, never);
  assert.deepEqual(await command.result, { kind: 'ended', status: 9, output: 'C  $(id); *\n' });
  await command.ended;
});

test('a program that hangs is killed, and what it started too', async () => {
  using program = new Program('echo begun; sleep 3600 & sleep 3600');
  const command = runCommand(program.path, [], { ...PATIENT, timeoutMs: 50 }, never);
  assert.deepEqual(await command.result, { kind: 'late' });
  await command.ended;
});

test('a program that says too much is killed at its bound', async () => {
  using program = new Program('exec head -c 100000000 /dev/zero');
  const command = runCommand(program.path, [], PATIENT, never);
  assert.deepEqual(await command.result, { kind: 'cut' });
  await command.ended;
});

test('of one that says much the end is kept where that was asked', async () => {
  using program = new Program('seq 1 200000; echo the end; exit 4');
  const command = runCommand(program.path, [], { ...PATIENT, keepsEnd: true }, never);
  const result = await command.result;
  assert.ok(result.kind === 'ended' && result.status === 4 && result.output.length === PATIENT.outputBytes);
  assert.match(result.output, /\n200000\nthe end\n$/);
});

test('one that is not there, that is no program, that a signal ends, and a stop in the middle', async () => {
  assert.equal((await runCommand('/nowhere/program', [], PATIENT, never).result).kind, 'failed');
  assert.equal((await runCommand('/etc/passwd', [], PATIENT, never).result).kind, 'failed');
  assert.equal((await runCommand('with\0zero', [], PATIENT, never).result).kind, 'failed');
  using suicide = new Program('kill -9 $$');
  assert.deepEqual(await runCommand(suicide.path, [], PATIENT, never).result, {
    kind: 'failed',
    why: 'ended by SIGKILL',
  });
  using sleeper = new Program('exec sleep 3600');
  const stop = new AbortController();
  const command = runCommand(sleeper.path, [], PATIENT, stop.signal);
  stop.abort();
  assert.equal((await command.result).kind, 'failed');
  await command.ended;
  assert.equal((await runCommand(sleeper.path, [], PATIENT, stop.signal).result).kind, 'failed');
});
