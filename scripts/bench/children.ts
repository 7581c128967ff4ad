/** The bench's child processes: each says one JSON line first, and ends with the bench at the latest. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, Processes } from '../cafe/processes.ts';
import { SETTINGS } from './settings.ts';

export class BenchFailed extends Error {}

export type Talk<First, Answer> = { readonly child: Child; readonly said: First; ask(): Promise<Answer> };

export class Children implements AsyncDisposable {
  readonly #processes = new Processes();
  readonly #dir: string;
  #count = 0;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** For what starts programs of its own: they end with these. */
  get processes(): Processes {
    return this.#processes;
  }

  /** Starts a program that goes on after its first line. */
  async server<T>(name: string, argv: readonly string[]): Promise<{ child: Child; said: T }> {
    const first = Promise.withResolvers<string>();
    const logPath = join(this.#dir, `${name}-${++this.#count}.log`);
    // Its standard input ends with this process, however that ends: then the server does too.
    const child = this.#processes.start({ name, argv, logPath, input: true, onLine: first.resolve });
    const said = await this.#within(child, first.promise);
    return { child, said: JSON.parse(said) as T };
  }

  /** Starts a program that says one line, and then one for each time that it is asked. */
  async talk<First, Answer>(name: string, argv: readonly string[]): Promise<Talk<First, Answer>> {
    let next = Promise.withResolvers<string>();
    const child = this.talker(name, argv, (line) => next.resolve(line));
    const heard = async <T>(): Promise<T> => {
      const line = await this.#within(child, next.promise);
      next = Promise.withResolvers();
      return JSON.parse(line) as T;
    };
    const said = await heard<First>();
    const ask = (): Promise<Answer> => {
      child.write('\n');
      return heard<Answer>();
    };
    return { child, said, ask };
  }

  /** Starts a program that says nothing of interest, and does not care about its standard input. */
  program(name: string, argv: readonly string[], o: { readonly home: string }): Child {
    const logPath = join(this.#dir, `${name}-${++this.#count}.log`);
    const bound = ['setpriv', '--pdeathsig', 'TERM', ...argv]; // it ends with this process all the same
    return this.#processes.start({ name, argv: bound, logPath, cwd: o.home, env: { HOME: o.home } });
  }

  /** Starts a program that is asked and answers, line by line. */
  talker(name: string, argv: readonly string[], onLine: (line: string) => void): Child {
    const logPath = join(this.#dir, `${name}-${++this.#count}.log`);
    return this.#processes.start({ name, argv, logPath, input: true, onLine });
  }

  /** Runs a program that says one line and ends. */
  async figures<T>(name: string, argv: readonly string[]): Promise<T> {
    const { child, said } = await this.server<T>(name, argv);
    const exit = await this.#within(child, child.exited);
    if (exit.code !== 0)
      throw new BenchFailed(`${name} ended with ${exit.code ?? exit.signal}: ${await child.tail(5)}`);
    return said;
  }

  async #within<T>(child: Child, awaited: Promise<T>): Promise<T> {
    const done = new AbortController();
    const late = sleep(SETTINGS.childLimitMs, 'late' as const, { signal: done.signal }).catch(() => 'late' as const);
    // Asked in this order: a child's last line, or its awaited end, counts before the end as a failure.
    const wanted = awaited.then((value) => ({ value }));
    const ended = child.exited.then(() => 'ended' as const);
    try {
      const first = await Promise.race([wanted, ended, late]);
      if (typeof first === 'object') return first.value;
      throw new BenchFailed(`${child.name}: ${first === 'late' ? 'too slow' : 'ended early'}: ${await child.tail(5)}`);
    } finally {
      done.abort();
    }
  }

  end(): Promise<void> {
    return this.#processes.killAll();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }
}
