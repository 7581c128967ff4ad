/**
 * Loaded before each test file of the whole run: waits until the file may begin. There is a seat for each file that runs at once; a file takes one, one that runs alone takes
 * all. A seat is a socket that the process listens at: the kernel gives it back however the process ends.
 */
import { connect, createServer } from 'node:net';
import { relative } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { ALONE } from './alone.ts';

export const AT_ONCE = 2;
const seats = Array.from({ length: AT_ONCE }, (_, n) => `\0swarmbox-tests-${process.ppid}-${n}`);

const taken = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const seat = createServer((socket) => socket.unref());
    seat.once('error', () => resolve(false));
    seat.listen(path, () => resolve(true)).unref();
  });

/** Until who holds it has ended. */
const left = (path: string): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.on('error', () => {});
    socket.once('close', () => resolve());
    socket.resume();
  });

async function oneSeat(): Promise<void> {
  for (;;) {
    for (const seat of seats) if (await taken(seat)) return;
    // Who runs alone has them all, from the first on.
    await left(seats[0] as string);
  }
}

async function allSeats(): Promise<void> {
  for (const seat of seats) while (!(await taken(seat))) await left(seat);
}

// Not in a file's workers, nor in the runner itself.
if (isMainThread && process.env.NODE_TEST_CONTEXT?.startsWith('child')) {
  const file = relative(`${import.meta.dirname}/../..`, process.argv[1] ?? '');
  await (Object.hasOwn(ALONE, file) ? allSeats() : oneSeat());
}
