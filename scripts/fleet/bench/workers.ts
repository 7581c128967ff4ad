/** The processes of one system in the bench: each is asked and answers by lines, and all of them end with it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
import type { Place } from '../../cafe/net.ts';
import { type Child, Processes } from '../../cafe/processes.ts';
import type { Answer, Asked } from './lines.ts';

/** What could not be measured, and why. */
export class NotMeasured extends Error {}

export type Bounds = { readonly signal: AbortSignal; readonly limitS: number };

const LOOKS = 5;

export class Worker {
  readonly #child: Child;
  readonly #answers: ((answer: Answer) => void)[] = [];

  constructor(start: (onLine: (line: string) => void) => Child) {
    this.#child = start((line) => this.#answers.shift()?.(JSON.parse(line) as Answer));
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Rejects with NotMeasured when it ends, says that it cannot, or takes too long. */
  async ask<T = Answer>(asked: Asked, { signal, limitS }: Bounds): Promise<T> {
    const name = `${this.#child.name}: ${asked.what}`;
    const answered = new Promise<Answer>((resolve) => this.#answers.push(resolve));
    this.#child.write(`${JSON.stringify(asked)}\n`);
    const over = AbortSignal.any([signal, AbortSignal.timeout(limitS * 1_000)]);
    const stopped = Promise.withResolvers<'stopped'>();
    const stop = (): void => stopped.resolve('stopped');
    over.addEventListener('abort', stop, { once: true });
    if (over.aborted) stop();
    try {
      const first = await Promise.race([answered, this.#child.exited.then(() => 'ended' as const), stopped.promise]);
      if (first === 'ended') throw new NotMeasured(`${name}: it ended: ${await this.#child.tail(LOOKS)}`);
      if (first === 'stopped') {
        signal.throwIfAborted();
        throw new NotMeasured(`${name}: not done in ${limitS} s: ${await this.#child.tail(LOOKS)}`);
      }
      if (typeof first.trouble === 'string') throw new NotMeasured(`${name}: ${first.trouble}`);
      return first as T;
    } finally {
      over.removeEventListener('abort', stop);
    }
  }
}

/** All processes of a system that is being measured, within the bench's namespace. */
export class Crew implements AsyncDisposable {
  readonly #processes = new Processes();
  readonly #place: Place;
  readonly #dir: string;

  constructor(place: Place, dir: string) {
    this.#place = place;
    this.#dir = dir;
  }

  node(script: string, args: object): Worker {
    return this.#start(script, [execPath, join(import.meta.dirname, script), JSON.stringify(args)]);
  }

  /** Debian's own: its package is built for that one, and another python3 may be first on PATH. */
  python(script: string, args: object): Worker {
    return this.#start(script, ['/usr/bin/python3', join(import.meta.dirname, script), JSON.stringify(args)]);
  }

  get pids(): number[] {
    return this.#processes.live.map(({ pid }) => pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#processes.killAll();
  }

  #start(name: string, argv: readonly string[]): Worker {
    const logPath = join(this.#dir, `${name}.log`);
    return new Worker((onLine) =>
      this.#processes.start({ name, argv: this.#place.inside(argv), logPath, input: true, onLine }),
    );
  }
}

/** Clock ticks of a second in /proc (Linux, USER_HZ). */
const TICKS = 100;

/** Processor seconds, user and system, of these processes until now. */
export async function cpuSeconds(pids: readonly number[]): Promise<number> {
  const each = pids.map(async (pid) => {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // Behind the name in brackets: the state is field 3, user and system time are 14 and 15 (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS;
  });
  return (await Promise.all(each)).reduce((sum, seconds) => sum + seconds, 0);
}

/** Nodes by process: everybody gets as many, give or take one. */
export function shares(nodes: number, workers: number): number[][] {
  const used = Math.min(nodes, workers);
  return Array.from({ length: used }, (_, w) =>
    Array.from({ length: nodes }, (_, i) => i).filter((i) => i % used === w),
  );
}
