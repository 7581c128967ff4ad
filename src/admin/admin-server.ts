import { chmod } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorCode, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { AdminWorld } from './contract.ts';
import { explainAnswer } from './explain-answer.ts';
import { type Knock, originAllowed, type Refusal, refuse } from './gate.ts';
import { ADMIN_LIMITS } from './limits.ts';
import { LiveFeed } from './live-feed.ts';
import { NOT_BUILT, PageFiles } from './page-files.ts';
import { SharedSnapshot } from './shared-snapshot.ts';
import { clearStaleSocket } from './stale-socket.ts';
import { NOT_RECORDED, whatIfAnswer } from './what-if-answer.ts';

export type AdminListen = { host: string; port: number } | { path: string };
export type AdminOptions = {
  listen: AdminListen;
  /** The folder that `vite build web` filled. */
  webRoot: string;
  world: AdminWorld;
  log: Log;
  /** Host names, beside localhost and addresses, under which the page may be opened. */
  names?: readonly string[];
};

/** No inline code, nothing from elsewhere, no framing: a name that slipped through as markup could still do nothing. */
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
} as const;

const knockOf = (request: IncomingMessage): Knock => ({
  method: request.method,
  url: request.url,
  host: request.headers.host,
  origin: request.headers.origin,
  contentLength: request.headers['content-length'],
  transferEncoding: request.headers['transfer-encoding'],
});
type Answer = { readonly status: 200; readonly json: string } | { readonly status: number; readonly why: string };
const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?', 1)[0] as string;

/** The operator's page: files, what is answered under `/api/`, and the WebSocket `/api/live`. */
export class AdminServer {
  readonly #options: AdminOptions;
  readonly #server: Server;
  readonly #snapshot: SharedSnapshot;
  readonly #feed: LiveFeed;
  readonly #files: PageFiles;

  private constructor(options: AdminOptions) {
    this.#options = options;
    this.#snapshot = new SharedSnapshot(options.world, options.log);
    this.#feed = new LiveFeed(() => this.#snapshot.json());
    this.#files = new PageFiles(options.webRoot);
    this.#server = createServer({
      maxHeaderSize: ADMIN_LIMITS.headerBytes,
      headersTimeout: ADMIN_LIMITS.headersTimeoutMs,
      requestTimeout: ADMIN_LIMITS.requestTimeoutMs,
      keepAliveTimeout: ADMIN_LIMITS.keepAliveMs,
      connectionsCheckingInterval: 1000,
    });
    this.#server.maxConnections = ADMIN_LIMITS.connections;
    this.#server.maxRequestsPerSocket = ADMIN_LIMITS.requestsPerSocket;
    this.#server.setTimeout(ADMIN_LIMITS.requestTimeoutMs * 3);
    this.#server.on('request', (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        options.log.error('admin-request-failed', { why: errorText(error) });
        response.destroy();
      });
    });
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Rejects when the address or the socket path is taken. */
  static async start(options: AdminOptions): Promise<AdminServer> {
    const admin = new AdminServer(options);
    const { listen, log } = options;
    if ('path' in listen) await clearStaleSocket(listen.path);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    admin.#server.once('error', (error) =>
      reject(new Error('the admin page cannot listen: free its address or choose another', { cause: error })),
    );
    admin.#server.listen(listen, resolve);
    await promise;
    admin.#server.on('error', (error) => log.error('admin-listener-failed', { why: errorText(error) }));
    // The owner and its group: whoever may open the socket may see the whole page.
    if ('path' in listen) await chmod(listen.path, 0o660);
    log.info('admin-listening', { address: 'path' in listen ? listen.path : `${listen.host}:${admin.port}` });
    return admin;
  }

  /** The TCP port it listens on (useful after asking for port 0); undefined on a unix socket. */
  get port(): number | undefined {
    return (this.#server.address() as AddressInfo | null)?.port;
  }

  /** Ends every connection; resolves when none is left and the socket file is gone. */
  async close(): Promise<void> {
    this.#feed.close();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => response.destroy());
    const refusal = refuse(knockOf(request), this.#options.names ?? []);
    if (refusal) {
      // Whatever body follows is not read.
      response.shouldKeepAlive = false;
      return this.#send(response, refusal.status, 'text/plain; charset=utf-8', `${refusal.why}\n`);
    }
    const path = pathOf(request);
    if (path === '/api/snapshot' || path === '/api/history') {
      const json = path === '/api/snapshot' ? this.#snapshot.json() : this.#snapshot.historyJson();
      if (json !== undefined) return this.#send(response, 200, 'application/json', json);
      return this.#send(
        response,
        503,
        'text/plain; charset=utf-8',
        'The box cannot tell its state now: see its log.\n',
      );
    }
    if (path === '/api/explain')
      return this.#tell(response, await explainAnswer(request.url ?? '', this.#options.world));
    if (path === '/api/what-if') {
      request.setTimeout(ADMIN_LIMITS.whatIfMs);
      return this.#tell(response, await whatIfAnswer(this.#options.world));
    }
    if (path === '/api/trace') return this.#sendTrace(response);
    await this.#sendFile(request, response, path);
  }

  #tell(response: ServerResponse, answer: Answer): void {
    if ('json' in answer) this.#send(response, answer.status, 'application/json', answer.json);
    else this.#send(response, answer.status, 'text/plain; charset=utf-8', `${answer.why}\n`);
  }

  /** As fast as the reader reads; a reader that leaves is no error. */
  async #sendTrace(response: ServerResponse): Promise<void> {
    const lines = this.#options.world.trace?.();
    if (!lines) return this.#tell(response, NOT_RECORDED);
    response.writeHead(200, {
      ...SECURITY_HEADERS,
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store',
    });
    await pipeline(Readable.from(lines), response).catch((error: unknown) => {
      if (errorCode(error) !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    });
  }

  async #sendFile(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const file = await this.#files.get(path);
    if (!file) {
      if (path === '/') return this.#send(response, 503, 'text/html; charset=utf-8', NOT_BUILT);
      return this.#send(response, 404, 'text/plain; charset=utf-8', 'There is no such page. Try /\n');
    }
    response.setHeader('etag', file.etag);
    response.setHeader('vary', 'accept-encoding');
    const cache = file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache';
    if (request.headers['if-none-match'] === file.etag) return this.#send(response, 304, file.type, '', cache);
    const zipped = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    if (zipped) response.setHeader('content-encoding', 'gzip');
    this.#send(response, 200, file.type, zipped ? file.gzipped : file.plain, cache);
  }

  #send(response: ServerResponse, status: number, type: string, body: string | Buffer, cache = 'no-store'): void {
    response.writeHead(status, {
      ...SECURITY_HEADERS,
      'content-type': type,
      'cache-control': cache,
      ...(status === 304 ? {} : { 'content-length': Buffer.byteLength(body) }),
      ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
    });
    response.end(body);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const refusal = this.#refuseUpgrade(request);
    if (refusal)
      socket.end(`HTTP/1.1 ${refusal.status} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () =>
        socket.destroy(),
      );
    else this.#feed.accept(request, socket, head);
  }

  #refuseUpgrade(request: IncomingMessage): Refusal | undefined {
    const knock = knockOf(request);
    const refusal = refuse(knock, this.#options.names ?? []);
    if (refusal) return refusal;
    if (pathOf(request) !== '/api/live') return { status: 404, why: 'no such feed' };
    if (!originAllowed(knock.origin, knock.host)) return { status: 403, why: 'another site asked' };
    if (this.#feed.full) return { status: 503, why: 'too many listeners' };
    return undefined;
  }
}
