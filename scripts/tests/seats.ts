/** Seats of one test run: a socket each that a process listens at, which the kernel takes back however that process ends. */
import { connect, createServer } from 'node:net';
import { errorCode } from '../../src/base/errors.ts';

export class Seats {
  readonly #paths: readonly string[];

  /** `run`: no other run has it. */
  constructor(run: string, count: number) {
    this.#paths = Array.from({ length: count }, (_, n) => `\0swarmbox-tests-${run}-${n}`);
  }

  /** Resolves when this process has one, for the rest of its life. */
  async one(): Promise<void> {
    for (;;) {
      for (const path of this.#paths) if (await taken(path)) return;
      // There are as many as processes: somebody has them all, from the first on.
      await left(this.#paths[0] as string);
    }
  }

  /** Resolves when this process has them all. */
  async all(): Promise<void> {
    for (const path of this.#paths) while (!(await taken(path))) await left(path);
  }
}

const taken = (path: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const seat = createServer((socket) => socket.unref());
    seat.once('error', (error) => (errorCode(error) === 'EADDRINUSE' ? resolve(false) : reject(error)));
    seat.listen(path, () => resolve(true)).unref();
  });

/** Until who has it has ended. */
const left = (path: string): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect(path).resume();
    socket.on('error', () => {});
    socket.once('close', () => resolve());
  });
