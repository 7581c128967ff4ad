/** A line to a broker that can be cut, and users for tests. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { BrokerUser } from './rights.ts';

/** Passes bytes on, both ways, until it is cut: then both ends see the connection reset. The next one goes through. */
export class Line implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number) {
    this.#server = createServer((near) => {
      const far = connect({ host: '127.0.0.1', port, noDelay: true });
      near.setNoDelay(true);
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
  }

  static async to(port: number, address = '127.0.0.1'): Promise<Line> {
    const line = new Line(port);
    await new Promise<void>((resolve) => line.#server.listen(0, address, resolve));
    return line;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** May do everything: for tests that are not about rights. */
export const ANYONE: BrokerUser = {
  name: 'anyone',
  password: 'made up',
  rights: { configure: '.*', write: '.*', read: '.*', topics: [] },
};
