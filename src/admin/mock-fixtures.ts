import { setTimeout as sleep } from 'node:timers/promises';
import { endpointKey } from '#base/endpoint.ts';
import { rightNow } from '../../web/mock/access-answers.ts';
import { MockRefusal } from '../../web/mock/answers.ts';
import { answers } from '../../web/mock/handle.ts';
import { mode } from '../../web/mock/mode.ts';
import type { LivePart } from './admin-server.ts';
import type { BoxSnapshot } from './contract.ts';
import type { RouteName } from './contract-api.ts';
import type { ProblemWhy } from './contract-common.ts';
import { startAdmin } from './fixtures.ts';
import type { ListenAt } from './http-listener.ts';
import { rawTypeOf, shapeOf } from './request-shape.ts';
import { type Doors, type Needs, type Route, refuse, route, Sent } from './route.ts';

/** For whoever comes without having signed in. */
const OPEN: readonly RouteName[] = ['GET /api/session', 'POST /api/session', 'DELETE /api/session', 'POST /api/set-up'];
/** Of the server itself, which asks the world. */
const SERVERS_OWN: readonly string[] = [
  'GET /api/health',
  'GET /api/snapshot',
  'GET /api/history',
  'GET /api/explain',
  'GET /api/what-if',
  'GET /api/trace',
  'GET /api/openapi.json',
];
/** A torrent file comes as text in JSON. */
const BODY_BYTES = 32e6;

type AnyAnswer = (ask: { params: object; query: object; body: unknown }) => unknown;

const needsOf = (name: RouteName): Needs =>
  OPEN.includes(name) ? 'anyone' : name.startsWith('GET ') ? 'look' : 'operate';

/** Every route of the contract that the server does not answer by itself, answered by the made-up box of web/mock. */
function mockRoutes(): Route[] {
  const names = (Object.keys(answers) as RouteName[]).filter((name) => !SERVERS_OWN.includes(name));
  return names.map((name) => {
    const mediaType = rawTypeOf(shapeOf(name).answer);
    const answer = async (ask: { params: object; query: unknown; body: unknown; request: AsyncIterable<unknown> }) => {
      if (mode.delayMs > 0) await sleep(mode.delayMs);
      if (mode.fail.some((part) => name.includes(part))) return refuse('failed', 'told to fail');
      if (rawTypeOf(shapeOf(name).body)) for await (const _ of ask.request);
      try {
        const value = (answers[name] as unknown as AnyAnswer)({ ...ask, query: ask.query as object });
        return mediaType === undefined ? value : new Sent(mediaType, String(value));
      } catch (error) {
        if (!(error instanceof MockRefusal)) throw error;
        const { why, text, ...more } = error.problem;
        return refuse(why as ProblemWhy, text, more);
      }
    };
    return route(name, needsOf(name), answer as never, { bodyBytes: BODY_BYTES });
  });
}

/** Whoever the made-up box says is signed in. */
const mockDoors: Doors = {
  asker: ({ address, via }) => {
    const right = rightNow();
    const account = answers['GET /api/session']({ params: {}, query: undefined, body: undefined }).account;
    return { kind: account ? 'session' : 'guest', name: account?.name ?? '', ...(right && { right }), address, via };
  },
  csrfHolds: (_, token) => token === 'mock-token',
  mayStay: () => rightNow() !== undefined,
  audit: () => {},
};

/** A fleet's central in place of a box. */
const centralLive: LivePart = {
  feed: () => (mode.isSilent ? undefined : JSON.stringify(answers['GET /api/fleet/snapshot'](ask(undefined)))),
  routes: [route('GET /api/health', 'anyone', () => answers['GET /api/health'](ask(undefined)))],
};

const ask = <Query>(query: Query) => ({ params: {}, query, body: undefined });

/** The real server before the made-up box: sent, checked and refused is as the daemon does it. `snapshot` in place of the made-up one. */
export const startMockBox = (o: {
  webRoot: string;
  listen?: ListenAt;
  snapshot?: () => BoxSnapshot;
  isCentral?: boolean;
}) =>
  startAdmin({
    webRoot: o.webRoot,
    ...(o.isCentral && { startPage: 'central.html', live: centralLive }),
    listen: o.listen ?? { host: '127.0.0.1', port: 0 },
    doors: mockDoors,
    routes: mockRoutes(),
    world: {
      snapshot: () => {
        if (mode.isSilent) throw new Error('told to be silent');
        return o.snapshot?.() ?? answers['GET /api/snapshot'](ask(undefined));
      },
      history: () => answers['GET /api/history'](ask(undefined)),
      health: () => answers['GET /api/health'](ask(undefined)),
      explain: async ({ client, endpoint }) =>
        answers['GET /api/explain'](
          ask({ ...(client !== undefined && { client }), ...(endpoint && { endpoint: endpointKey(endpoint) }) }),
        ),
      whatIf: async () => ({ kind: 'ok', view: answers['GET /api/what-if'](ask(undefined)) }),
    },
  });
