/** Child processes that the cafe starts: each leads a group of its own, is ended by its own id, and none survives. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Between a polite end and a forced one. */
const GRACE_MS = 6_000;

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type StartOptions = {
  readonly name: string;
  readonly argv: readonly string[];
  /** Standard error, and standard output unless `onLine` takes it, go to this file. */
  readonly logPath: string;
  readonly onLine?: (line: string) => void;
  /** Keep standard input open for `write`. */
  readonly input?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
};

export class Child {
  readonly name: string;
  readonly logPath: string;
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  #exit: Exit | undefined;

  constructor(o: StartOptions) {
    this.name = o.name;
    this.logPath = o.logPath;
    const log = openSync(o.logPath, 'a');
    const [command = '', ...args] = o.argv;
    try {
      this.#process = spawn(command, args, {
        detached: true, // its own group: a Ctrl-C in the terminal reaches the cafe alone, which ends the rest in order
        stdio: [o.input ? 'pipe' : 'ignore', o.onLine ? 'pipe' : log, log],
        ...(o.cwd ? { cwd: o.cwd } : {}),
        env: { ...process.env, LC_ALL: 'C.UTF-8', ...o.env },
      });
    } finally {
      closeSync(log);
    }
    this.#process.stdin?.on('error', () => {});
    if (o.onLine && this.#process.stdout)
      createInterface({ input: this.#process.stdout, crlfDelay: Number.POSITIVE_INFINITY }).on('line', o.onLine);
    this.exited = new Promise((resolve) => {
      // `close`, not `exit`: by then every line of its output has been seen.
      this.#process.once('close', (code, signal) => this.#gone({ code, signal }, resolve));
      this.#process.once('error', () => this.#gone({ code: 127, signal: null }, resolve));
      // A grandchild can hold the pipe open: the group is ended as soon as its leader is.
      this.#process.once('exit', () => this.#signalGroup('SIGKILL'));
    });
  }

  /** To its standard input; a child that has gone is not told. */
  write(text: string): void {
    this.#process.stdin?.write(text);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** To the process and all that it started. */
  kill(signal: NodeJS.Signals): void {
    if (!this.#exit) this.#signalGroup(signal);
  }

  /** SIGTERM to the process, and SIGKILL to its group when it takes its time. */
  async stop(graceMs = GRACE_MS): Promise<void> {
    if (this.#exit) return;
    this.#process.kill('SIGTERM');
    const done = new AbortController();
    const force = async () => {
      await sleep(graceMs, undefined, { signal: done.signal });
      this.kill('SIGKILL');
    };
    void force().catch(() => {});
    await this.exited;
    done.abort();
  }

  async tail(lines = 25): Promise<string> {
    const text = await readFile(this.logPath, 'utf8').catch(() => '');
    return text.trimEnd().split('\n').slice(-lines).join('\n');
  }

  /** For whoever did not expect it: its name, its code or signal, and what it said last. */
  async howItEnded(): Promise<string> {
    return `${this.name} ended with ${this.#exit?.signal ?? this.#exit?.code}\n${await this.tail()}`;
  }

  #gone(exit: Exit, resolve: (e: Exit) => void): void {
    this.#exit ??= exit;
    resolve(this.#exit);
  }

  #signalGroup(signal: NodeJS.Signals): void {
    if (!this.#process.pid) return;
    try {
      process.kill(-this.#process.pid, signal);
    } catch {
      // nobody of the group is left
    }
  }
}

export class Processes {
  readonly #live = new Set<Child>();

  start(o: StartOptions): Child {
    const child = new Child(o);
    this.#live.add(child);
    void child.exited.then(() => this.#live.delete(child));
    return child;
  }

  get live(): readonly Child[] {
    return [...this.#live];
  }

  async killAll(): Promise<void> {
    const { live } = this;
    for (const child of live) child.kill('SIGKILL');
    await Promise.all(live.map((child) => child.exited.then(() => groupGone(child.pid))));
  }
}

/** Waits until a group's last process is gone: what a killed child had started is not ours to wait for. */
async function groupGone(group: number): Promise<void> {
  for (let i = 0; i < 100; i++) {
    try {
      process.kill(-group, 0);
    } catch {
      return;
    }
    await sleep(50);
  }
}
