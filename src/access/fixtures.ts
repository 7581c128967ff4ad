import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '#base/clock.ts';
import { type Log, type LogLine, logTo } from '#base/log.ts';
import { Access } from './access.ts';
import type { Seat } from './caller.ts';
import type { HashCost } from './password-hasher.ts';

/** 2027-01-15. */
export const START_MS = 1_800_000_000_000;

/** A clock that a test turns; whoever sleeps is woken at once, and the time has passed. */
export const handClock = (fromMs = START_MS) => {
  const clock = {
    atMs: fromMs,
    nowMs: () => clock.atMs,
    sleep: async (ms: number) => {
      clock.atMs += ms;
    },
  };
  return clock satisfies Clock;
};

export async function tempFolder(): Promise<{ path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'access-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export const seat = (address = '192.0.2.7', via: Seat['via'] = 'plain'): Seat => ({
  address,
  via,
  userAgent: 'a test',
});

export const PASSWORD = 'correct horse battery';
/** What argon2id asks for at least; what a password costs on a box is a matter of passwords.test.ts. */
const CHEAP: HashCost = { memory: 8, passes: 1, parallelism: 1 };

/** Accesses of one folder, one after the other, as a box that is started again; all of its log lines. `names`: may be changed. */
export async function boxIn(path: string, clock: Clock = handClock(), names = ['box.lan', '192.0.2.1']) {
  const lines: LogLine[] = [];
  const log: Log = logTo((line) => void lines.push(line));
  const access = await Access.open({
    dataDir: path,
    boxName: 'test',
    names: () => names,
    clock,
    log,
    hashCost: CHEAP,
  });
  return { access, lines, clock, names, [Symbol.asyncDispose]: () => access.close() };
}
