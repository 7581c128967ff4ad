import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { errorCode } from '#base/errors.ts';

/**
 * A process that was killed leaves its socket file behind, and bind(2) refuses a path that exists (unix(7)). The file is
 * removed only when it is a socket that nobody answers on.
 */
export async function clearStaleSocket(path: string): Promise<void> {
  try {
    if (!(await lstat(path)).isSocket())
      throw new Error(`${path} exists and is no socket: move it away or choose another path for the admin page`);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  if (await answers(path))
    throw new Error(`another process answers on ${path}: stop it or choose another path for the admin page`);
  await unlink(path).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error;
  });
}

function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.setTimeout(1000);
  const settle = (yes: boolean) => {
    socket.destroy();
    resolve(yes);
  };
  socket.once('connect', () => settle(true));
  // A listener too busy to take us is alive; only a refusal proves that nobody listens.
  socket.once('timeout', () => settle(true));
  socket.once('error', (error) => settle(errorCode(error) !== 'ECONNREFUSED' && errorCode(error) !== 'ENOENT'));
  return promise;
}
