import { chmod } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { AddressInfo, Server as SocketServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Door } from './doorkeeper.ts';
import { FirstByte } from './first-byte.ts';
import { type KeyAndCertificate, limitedSecureServer, limitedServer, tlsOptions } from './limited-server.ts';
import { sendToTls } from './redirect.ts';
import { clearStaleSocket } from './stale-socket.ts';

export type ListenAt = { readonly host: string; readonly port: number } | { readonly path: string };

export type ListenerOptions = {
  readonly listen: ListenAt;
  /** Of the socket file: who may open it. */
  readonly mode?: number;
  /** Whoever comes in here is administrator. */
  readonly trusted?: boolean;
  /** TLS is spoken, with this; whoever speaks plain HTTP is sent to it. */
  readonly tls?: () => KeyAndCertificate;
  readonly log: Log;
  onRequest(request: IncomingMessage, response: ServerResponse, door: Door): void;
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, door: Door): void;
};

/** One place where the page is answered. */
export class HttpListener {
  readonly #options: ListenerOptions;
  /** What speaks HTTP behind it. */
  readonly #servers: (Server | SecureServer)[] = [];
  readonly #secure: SecureServer | undefined;
  readonly #firstByte: FirstByte | undefined;
  /** What listens. */
  readonly #front: SocketServer;

  private constructor(options: ListenerOptions) {
    this.#options = options;
    if (!options.tls) {
      const server = limitedServer();
      this.#serve(server, { trusted: options.trusted ?? false, tls: false });
      this.#front = server;
      return;
    }
    this.#secure = limitedSecureServer(options.tls());
    this.#serve(this.#secure, { trusted: false, tls: true });
    const clear = limitedServer();
    clear.on('request', sendToTls);
    clear.on('upgrade', (_, socket) => socket.destroy());
    this.#servers.push(clear);
    this.#firstByte = new FirstByte(this.#secure, clear);
    this.#front = this.#firstByte.server;
    // Servers that get their connections from elsewhere look after slow ones only once they believe that they listen.
    for (const server of this.#servers) server.emit('listening');
  }

  /** Rejects when the address or the socket path is taken. */
  static async start(options: ListenerOptions): Promise<HttpListener> {
    const { listen, log } = options;
    const listener = new HttpListener(options);
    const front = listener.#front;
    if ('path' in listen) await clearStaleSocket(listen.path);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    front.once('error', (error) =>
      reject(new Error('the admin page cannot listen: free its address or choose another', { cause: error })),
    );
    front.listen(listen, resolve);
    await promise.catch(async (error: unknown) => {
      await listener.close();
      throw error;
    });
    front.on('error', (error) => log.error('admin-listener-failed', { why: errorText(error) }));
    if ('path' in listen) await chmod(listen.path, options.mode ?? 0o660);
    const address = 'path' in listen ? listen.path : `${listen.host}:${listener.port}`;
    log.info('admin-listening', { address, tls: options.tls !== undefined });
    return listener;
  }

  /** The TCP port it listens on (useful after asking for port 0); undefined on a Unix socket. */
  get port(): number | undefined {
    return (this.#front.address() as AddressInfo | null)?.port;
  }

  /** There is another one: connections from now on are served with it. */
  useCertificate(): void {
    const { tls } = this.#options;
    if (tls) this.#secure?.setSecureContext(tlsOptions(tls()));
  }

  /** Ends every connection; resolves when none is left and the socket file is gone. */
  async close(): Promise<void> {
    const all = new Set<SocketServer>([this.#front, ...this.#servers]);
    const closed = [...all].map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const server of this.#servers) server.closeAllConnections();
    this.#firstByte?.destroyAll();
    await Promise.all(closed);
  }

  #serve(server: Server | SecureServer, door: Door): void {
    const { onRequest, onUpgrade } = this.#options;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => onRequest(request, response, door));
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      onUpgrade(request, socket, head, door),
    );
    this.#servers.push(server);
  }
}
