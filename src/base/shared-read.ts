import { type OnReadOpts, Socket } from 'node:net';

/** Two pipes full of what a fast peer sends at once. */
const BYTES = 256 * 1024;
const memory = Buffer.allocUnsafeSlow(BYTES);

/**
 * For sockets whose 'data' listener keeps nothing of what it is given: all of them read into one and the same memory, and a chunk is valid until the
 * listener returns. A buffer for every read would be the most of what a fetching box has the garbage collector do.
 */
export function readShared(make: (onread: OnReadOpts) => Socket): Socket {
  const socket: Socket = make({
    buffer: memory,
    callback: (length) => {
      const bytes = memory.subarray(0, length);
      // Nobody listens yet: kept, as for any other stream.
      if (!socket.emit('data', bytes)) socket.push(Buffer.from(bytes));
      return true;
    },
  });
  return socket;
}

/**
 * For a socket that somebody else makes and reads by `readable` and `read`, as soon as that is said, and keeps nothing of: the same memory, handed over without a copy while
 * there is such a listener. A socket that is read by 'data' does not go with it.
 */
export const sharedForReadable: OnReadOpts = {
  buffer: memory,
  // Node calls it as a method of the socket.
  callback(this: Socket, length: number) {
    const bytes = memory.subarray(0, length);
    return this.push(this.listenerCount('readable') > 0 && this.readableLength === 0 ? bytes : Buffer.from(bytes));
  },
} as OnReadOpts;

/**
 * The same for a socket that a server accepted with `pauseOnConnect`, of which nothing was read: it comes back as another one. A server gives its sockets no
 * `onread`, so the connection is taken out of the one it made. Where that cannot be done the socket reads as any other does.
 */
export function acceptShared(accepted: Socket): Socket {
  const shell = accepted as Socket & { _handle?: object | null };
  const { _handle: handle } = shell;
  if (!handle) {
    accepted.resume();
    return accepted;
  }
  shell._handle = null;
  accepted.destroy(); // the server counts it as gone: whoever has the connection now closes it
  return readShared((onread) => new Socket({ handle, onread } as { onread: OnReadOpts }));
}
