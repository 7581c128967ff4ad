/** http://127.0.0.1:PORT outside the namespaces: every connection is piped to the daemon's admin socket. */
import { connect, createServer, type Server, type Socket } from 'node:net';

export class PageRefused extends Error {}

/** More than any browser opens; further ones wait in the kernel's queue. */
const MAX_CONNECTIONS = 64;

const ABSENT =
  '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="2"><p>The box is a plain wire just now: its daemon does not run.';

function absent(socket: Socket): void {
  if (socket.destroyed) return;
  const head = `HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(ABSENT)}`;
  socket.end(`${head}\r\n\r\n${ABSENT}`);
}

export class Page implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #open: Set<Socket>;

  private constructor(server: Server, open: Set<Socket>) {
    this.#server = server;
    this.#open = open;
    const address = server.address();
    this.port = typeof address === 'object' && address ? address.port : 0;
  }

  static start(port: number, socketPath: string): Promise<Page> {
    const open = new Set<Socket>();
    const server = createServer((browser) => {
      open.add(browser);
      browser.on('close', () => open.delete(browser)).on('error', () => browser.destroy());
      const daemon = connect(socketPath);
      daemon.on('error', () => absent(browser));
      daemon.once('connect', () => browser.pipe(daemon).pipe(browser));
      browser.on('close', () => daemon.destroy());
    });
    server.maxConnections = MAX_CONNECTIONS;
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const why =
          error.code === 'EADDRINUSE'
            ? `port ${port} of 127.0.0.1 is taken by another program: end it, or set PAGE_PORT`
            : `cannot listen on 127.0.0.1:${port}: ${error.message}`;
        reject(new PageRefused(why));
      });
      server.listen(port, '127.0.0.1', () => resolve(new Page(server, open)));
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
