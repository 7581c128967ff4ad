import { createServer, type Server, type Socket } from 'node:net';
import type { Endpoint } from '#base/endpoint.ts';
import { acceptShared } from '#base/shared-read.ts';
import type { InfoHash } from '#base/units.ts';
import { HANDSHAKE_BYTES, type Handshake, looksLikeHandshake, parseHandshake } from '#wire/handshake.ts';
import { SWARM_LIMITS } from './limits.ts';

/** Reads the other side's handshake. Calls back once: undefined when it closed, said something else, or said nothing in time. `early`: what came after it. */
export function awaitHandshake(socket: Socket, done: (handshake: Handshake | undefined, early: Buffer) => void): void {
  let head: Buffer = Buffer.alloc(0); // of its own: what a socket reads is valid for a moment
  const finish = (handshake: Handshake | undefined, early: Buffer = Buffer.alloc(0)): void => {
    clearTimeout(timer);
    socket.off('data', onData).off('close', onClose);
    done(handshake, early);
  };
  const onClose = (): void => finish(undefined);
  const onData = (bytes: Buffer): void => {
    head = Buffer.concat([head, bytes]);
    if (looksLikeHandshake(head) === 'no') finish(undefined);
    else if (head.length >= HANDSHAKE_BYTES) {
      const read = parseHandshake(head);
      finish(read.kind === 'ok' ? read.value : undefined, head.subarray(HANDSHAKE_BYTES));
    }
  };
  const timer = setTimeout(() => finish(undefined), SWARM_LIMITS.handshakeMs);
  socket.on('error', () => {}); // 'close' follows
  socket.on('data', onData).once('close', onClose);
}

export type DoorWorld = {
  /** Takes a connection over, or leaves it: then it is closed. */
  arrived(infoHash: InfoHash, socket: Socket, early: Buffer, handshake: Handshake): boolean;
};

/** Where the neighbours of all swarms of a node arrive. */
export class Door implements AsyncDisposable {
  readonly #server: Server;
  readonly #waiting = new Set<Socket>();

  constructor(world: DoorWorld) {
    this.#server = createServer({ pauseOnConnect: true }, (accepted) => {
      const socket = acceptShared(accepted);
      socket.setNoDelay(true);
      if (this.#waiting.size >= SWARM_LIMITS.links) {
        socket.destroy();
        return;
      }
      this.#waiting.add(socket);
      awaitHandshake(socket, (handshake, early) => {
        this.#waiting.delete(socket);
        const isTaken = handshake && !socket.destroyed && world.arrived(handshake.infoHash, socket, early, handshake);
        if (!isTaken) socket.destroy();
      });
    });
  }

  /** Rejects when the port is taken. Port 0: any. */
  async listen({ ip, port }: Endpoint): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen(port, ip, () => resolve());
    await promise;
    this.#server.off('error', reject);
    this.#server.on('error', () => {});
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#waiting) socket.destroy();
    await closed;
  }
}
