import { chmod } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Door } from './doorkeeper.ts';
import { ADMIN_LIMITS } from './limits.ts';
import { clearStaleSocket } from './stale-socket.ts';

export type ListenAt = { readonly host: string; readonly port: number } | { readonly path: string };

export type ListenerOptions = {
  readonly listen: ListenAt;
  /** Of the socket file: who may open it. */
  readonly mode?: number;
  /** Whoever comes in here is administrator. */
  readonly trusted?: boolean;
  readonly log: Log;
  onRequest(request: IncomingMessage, response: ServerResponse, door: Door): void;
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, door: Door): void;
};

/** One place where the page is answered. */
export class HttpListener {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Rejects when the address or the socket path is taken. */
  static async start(options: ListenerOptions): Promise<HttpListener> {
    const { listen, log } = options;
    const door: Door = { trusted: options.trusted ?? false, tls: false };
    const server = createServer({
      maxHeaderSize: ADMIN_LIMITS.headerBytes,
      headersTimeout: ADMIN_LIMITS.headersTimeoutMs,
      requestTimeout: ADMIN_LIMITS.requestTimeoutMs,
      keepAliveTimeout: ADMIN_LIMITS.keepAliveMs,
      connectionsCheckingInterval: 1000,
    });
    server.maxConnections = ADMIN_LIMITS.connections;
    server.maxRequestsPerSocket = ADMIN_LIMITS.requestsPerSocket;
    server.setTimeout(ADMIN_LIMITS.requestTimeoutMs * 3);
    server.on('request', (request, response) => options.onRequest(request, response, door));
    server.on('upgrade', (request, socket, head) => options.onUpgrade(request, socket, head, door));
    if ('path' in listen) await clearStaleSocket(listen.path);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', (error) =>
      reject(new Error('the admin page cannot listen: free its address or choose another', { cause: error })),
    );
    server.listen(listen, resolve);
    await promise;
    server.on('error', (error) => log.error('admin-listener-failed', { why: errorText(error) }));
    if ('path' in listen) await chmod(listen.path, options.mode ?? 0o660);
    const listener = new HttpListener(server);
    log.info('admin-listening', { address: 'path' in listen ? listen.path : `${listen.host}:${listener.port}` });
    return listener;
  }

  /** The TCP port it listens on (useful after asking for port 0); undefined on a Unix socket. */
  get port(): number | undefined {
    return (this.#server.address() as AddressInfo | null)?.port;
  }

  /** Ends every connection; resolves when none is left and the socket file is gone. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}
