import { parseEndpoint, spelt } from '#base/endpoint.ts';
import type { Log } from '#base/log.ts';
import type { ExplainQuestion, ExplainView, WhatIfAnswer } from '../contract.ts';
import type { ExplainQuery, HealthAnswer } from '../contract-api.ts';
import { ADMIN_LIMITS } from '../limits.ts';
import { Refused, type Route, refuse, route, Sent, sentJson, Told } from '../route.ts';
import { SharedSnapshot, type SnapshotWorld } from '../shared-snapshot.ts';

/** What the box is doing now, and why. */
export type LiveWorld = {
  health(): HealthAnswer;
  /** Newest first. */
  explain(question: ExplainQuestion): Promise<readonly ExplainView[]>;
  /** What other disks and rules would have saved. */
  whatIf(): Promise<WhatIfAnswer>;
  /** What was recorded, a line each; undefined: nothing is recorded. */
  trace(): AsyncIterable<string> | undefined;
};

/** Of a box, for the server. */
export function boxLive(world: SnapshotWorld & LiveWorld, log: Log) {
  const snapshot = new SharedSnapshot(world, log);
  return { feed: () => snapshot.json(), routes: liveRoutes(world, snapshot) };
}

const NOT_RECORDED = 'Nothing is recorded: set "trace" to true and start the daemon again.';
const cannotTell = () => refuse('failed', 'The box cannot tell its state now: see its log.');

export const liveRoutes = (world: LiveWorld, snapshot: SharedSnapshot): Route[] => [
  route('GET /api/health', 'anyone', () => {
    const health = world.health();
    return new Told(health, {}, health.ok ? 200 : 503);
  }),
  route('GET /api/snapshot', 'look', () => jsonOr(snapshot.json())),
  route('GET /api/history', 'look', () => jsonOr(snapshot.historyJson())),
  route('GET /api/explain', 'look', async ({ query }) => {
    const question = questionOf(query);
    return question instanceof Refused ? question : world.explain(question);
  }),
  route(
    'GET /api/what-if',
    'look',
    async () => {
      const answer = await world.whatIf();
      switch (answer.kind) {
        case 'ok':
          return answer.view;
        case 'off':
          return refuse('not-found', NOT_RECORDED);
        case 'empty':
          return refuse('not-found', 'No client has asked for anything yet: come back when some have downloaded.');
        case 'busy':
          return refuse('busy', 'This is being worked out for somebody else: ask again in a few seconds.', {
            waitMs: 5000,
          });
        case 'failed':
          return refuse('failed', `It could not be worked out: ${answer.why}.`);
      }
    },
    { answerMs: ADMIN_LIMITS.whatIfMs },
  ),
  route('GET /api/trace', 'look', () => {
    const lines = world.trace();
    return lines ? new Sent('application/x-ndjson', lines) : refuse('not-found', NOT_RECORDED);
  }),
];

const jsonOr = (json: string | undefined) => (json === undefined ? cannotTell() : sentJson(json));

/** What was asked, or what is wrong with it. */
function questionOf(query: ExplainQuery): ExplainQuestion | Refused {
  const client = query.client === undefined ? undefined : spelt(query.client);
  if (query.client !== undefined && client === undefined)
    return refuse('invalid', '"client" must be an IP address, such as 192.168.1.20 or 2001:db8::20.', {
      fields: [{ path: 'client', code: 'wrong-format' }],
    });
  const endpoint = query.endpoint === undefined ? undefined : parseEndpoint(query.endpoint);
  if (query.endpoint !== undefined && endpoint === undefined)
    return refuse(
      'invalid',
      '"endpoint" must be an address and a port, such as 203.0.113.9:6881 or [2001:db8::9]:6881.',
      {
        fields: [{ path: 'endpoint', code: 'wrong-format' }],
      },
    );
  return { ...(client !== undefined && { client }), ...(endpoint && { endpoint }) };
}
