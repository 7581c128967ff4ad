import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { RouteName } from './contract-api.ts';
import { type Door, refusedAt, whoAsks } from './doorkeeper.ts';
import { turnedAway } from './gate.ts';
import { HttpListener, type ListenAt } from './http-listener.ts';
import { type KeyAndCertificate, letTakeTime } from './limited-server.ts';
import { ADMIN_LIMITS } from './limits.ts';
import { LiveFeed } from './live-feed.ts';
import { openApi } from './openapi.ts';
import { NOT_BUILT, PageFiles } from './page-files.ts';
import { jsonBody } from './request-body.ts';
import { bodyProblems, queryOf, rawTypeOf, shapeOf } from './request-shape.ts';
import { respond, send, sendProblem } from './respond.ts';
import { type Asker, type Detail, type Doors, Refused, type Route, refuse, route, sentJson } from './route.ts';
import { RouteTable } from './route-table.ts';

/** What `/api/live` tells once a second, as JSON, and the routes that answer for it: of a box (`boxLive`), or of a central (`fleetLive`). */
export type LivePart = { feed(): string | undefined; readonly routes: readonly Route[] };

export type AdminOptions = {
  /** The folder that `vite build web` filled. */
  readonly webRoot: string;
  readonly version: string;
  /** What the page begins with, in the folder; `index.html` by default. */
  readonly startPage?: string;
  readonly live: LivePart;
  readonly doors: Doors;
  /** Of the other areas. */
  readonly routes: readonly Route[];
  readonly log: Log;
  /** Host names, beside localhost and addresses, under which the page may be opened. */
  names(): readonly string[];
};

const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?', 1)[0] as string;
const isOfApi = (path: string): boolean => path.startsWith('/api/') || path === '/metrics';

/** The operator's page: its files, the routes of the contract, and the WebSocket `/api/live`; the same at each place where it listens. */
export class AdminServer {
  readonly #options: AdminOptions;
  readonly #table: RouteTable;
  readonly #feed: LiveFeed;
  readonly #files: PageFiles;
  readonly #listeners = new Set<HttpListener>();

  constructor(options: AdminOptions) {
    this.#options = options;
    this.#feed = new LiveFeed(options.live.feed);
    this.#files = new PageFiles(options.webRoot, options.startPage);
    const routes = [...options.live.routes, ...options.routes];
    const described: Route = route('GET /api/openapi.json', 'look', () =>
      sentJson(JSON.stringify(openApi([...routes, described], options.version))),
    );
    this.#table = new RouteTable([...routes, described]);
  }

  /** Rejects when the address or the socket path is taken. `trusted`: whoever comes in there is administrator. `tls`: see ListenerOptions. */
  async listen(
    listen: ListenAt,
    { trusted = false, tls }: { trusted?: boolean; tls?: () => KeyAndCertificate } = {},
  ): Promise<HttpListener> {
    const listener = await HttpListener.start({
      listen,
      trusted,
      ...(tls && { tls }),
      // The owner and its group; a socket that gives every right is the owner's alone.
      mode: trusted ? 0o600 : 0o660,
      log: this.#options.log,
      onRequest: (request, response, door) => void this.#request(request, response, door),
      onUpgrade: (request, socket, head, door) => this.#upgrade(request, socket, head, door),
    });
    this.#listeners.add(listener);
    return listener;
  }

  /** The page is no longer answered there. */
  async leave(listener: HttpListener): Promise<void> {
    this.#listeners.delete(listener);
    await listener.close();
  }

  /** Ends every connection; resolves when none is left and the socket files are gone. */
  async close(): Promise<void> {
    this.#feed.close();
    await Promise.all([...this.#listeners].map((listener) => this.leave(listener)));
  }

  async #request(request: IncomingMessage, response: ServerResponse, door: Door): Promise<void> {
    response.on('error', () => response.destroy());
    try {
      await this.#answer(request, response, door);
    } catch (error) {
      this.#options.log.error('admin-request-failed', { path: pathOf(request).slice(0, 100), why: errorText(error) });
      if (response.headersSent) response.destroy();
      else sendProblem(response, { why: 'failed', text: 'This did not work: see the log of the box.' });
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, door: Door): Promise<void> {
    const away = turnedAway({ host: request.headers.host, url: request.url }, this.#options.names());
    if (away) return send(response, away.status, 'application/json', JSON.stringify(away.refused.problem));
    const path = pathOf(request);
    if (!isOfApi(path)) return this.#sendFile(request, response, path);
    const found = this.#table.find(request.method ?? '', path);
    if (found.kind === 'no-path')
      return sendProblem(response, { why: 'not-found', text: `There is no ${path.slice(0, 100)}.` });
    if (found.kind === 'no-method')
      return send(response, 405, 'text/plain; charset=utf-8', 'Another method is meant here.\n', {
        allow: found.allow.join(', '),
      });
    const { doors } = this.#options;
    const asker = whoAsks(request, door, doors);
    const refused = refusedAt(request, asker, found.route.needs, doors);
    if (refused) {
      this.#audit(found.route, asker, {}, 'refused');
      return sendProblem(response, refused.problem);
    }
    await this.#run(found.route, found.params, asker, request, response);
  }

  async #run(
    to: Route,
    params: Readonly<Record<string, string>>,
    asker: Asker,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const query = queryOf(to.name, new URL(request.url ?? '/', 'http://box').searchParams);
    if ('fields' in query) return respond(response, invalid('The parameters of this address are wrong.', query.fields));
    if (to.options.answerMs !== undefined) letTakeTime(request, to.options.answerMs);
    const body = await bodyOf(to, request);
    if (body instanceof Refused) return respond(response, body);

    const detail: Detail = {};
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    let reply: unknown;
    try {
      reply = await to.answer({
        params,
        query: query.query as never,
        body: body.json as never,
        asker,
        request,
        signal: gone.signal,
        note: (more) => void Object.assign(detail, more),
      });
    } catch (error) {
      // How much of it was done nobody knows: who tried is known all the same.
      this.#audit(to, asker, { ...detail, why: 'failed' }, 'refused');
      throw error;
    }
    this.#audit(to, asker, detail, reply instanceof Refused ? 'refused' : 'done');
    await respond(response, reply);
  }

  #audit({ options }: Route, asker: Asker, detail: Detail, outcome: 'done' | 'refused'): void {
    if (options.audit === undefined) return;
    this.#options.doors.audit({ who: asker.name, address: asker.address, what: options.audit, detail, outcome });
  }

  async #sendFile(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return send(response, 405, 'text/plain; charset=utf-8', 'Only GET is answered here.\n', { allow: 'GET, HEAD' });
    const file = await this.#files.get(path);
    if (!file) {
      if (path === '/') return send(response, 503, 'text/html; charset=utf-8', NOT_BUILT);
      return send(response, 404, 'text/plain; charset=utf-8', 'There is no such page. Try /\n');
    }
    const headers = {
      etag: file.etag,
      vary: 'accept-encoding',
      'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    };
    if (request.headers['if-none-match'] === file.etag) return send(response, 304, file.type, '', headers);
    const zipped = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    if (!zipped) return send(response, 200, file.type, file.plain, headers);
    send(response, 200, file.type, file.gzipped, { ...headers, 'content-encoding': 'gzip' });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, door: Door): void {
    socket.on('error', () => socket.destroy());
    const { doors, names } = this.#options;
    const asker = whoAsks(request, door, doors);
    const status = this.#upgradeStatus(request, asker, names());
    if (status === undefined) this.#feed.accept(request, socket, head, () => doors.mayStay(asker));
    else
      socket.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () =>
        socket.destroy(),
      );
  }

  /** Of a refusal; undefined: it may listen. */
  #upgradeStatus(request: IncomingMessage, asker: Asker, names: readonly string[]): number | undefined {
    const away = turnedAway({ host: request.headers.host, url: request.url }, names);
    if (away) return away.status;
    if (pathOf(request) !== '/api/live') return 404;
    const refused = refusedAt(request, asker, 'look', this.#options.doors);
    if (refused) return refused.problem.why === 'not-signed-in' ? 401 : 403;
    return this.#feed.full ? 503 : undefined;
  }
}

const invalid = (text: string, fields: Refused['problem']['fields'] & object): Refused =>
  refuse('invalid', text, { fields });

/** A body that is not JSON is left to the route. */
async function bodyOf(to: Route, request: IncomingMessage): Promise<{ json: unknown } | Refused> {
  const shape = shapeOf(to.name as RouteName).body;
  if (rawTypeOf(shape) !== undefined) return { json: undefined };
  const body = await jsonBody(request, shape ? (to.options.bodyBytes ?? ADMIN_LIMITS.bodyBytes) : 0);
  if (body instanceof Refused || !shape) return body;
  if (body.json === undefined) return refuse('malformed', 'This needs a body, in JSON.');
  const fields = bodyProblems(to.name, body.json);
  return fields.length > 0 ? invalid(`What was sent is not as it should be: ${said(fields)}.`, fields) : body;
}

const said = (fields: readonly { path: string; code: string }[]): string =>
  fields.map(({ path, code }) => `${path === '' ? 'all of it' : path} (${code})`).join(', ');
