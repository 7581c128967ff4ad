import type { IncomingMessage } from 'node:http';
import type { Log } from '#base/log.ts';
import type { UploadAnswer, Uploads } from '#fleet/console/uploads.ts';
import type { RouteName } from '../contract-api.ts';
import type {
  FleetDiary,
  FleetDiaryQuery,
  FleetDistributionDetail,
  FleetDistributions,
  FleetDistributionsQuery,
  FleetNodeDetail,
  FleetNodes,
  FleetSnapshot,
  FleetTargets,
  FleetUpload,
  NewPublication,
} from '../contract-fleet.ts';
import { type Ask, type Refused, type Route, refuse, route, sentJson, Told } from '../route.ts';
import { SharedJson } from '../shared-snapshot.ts';

/** The fleet, at its central. */
export type FleetWorld = {
  /** Without a broker nobody hears it. */
  health(): { readonly ok: boolean; readonly version: string };
  snapshot(): FleetSnapshot;
  nodes(since?: number): FleetNodes;
  node(name: string): FleetNodeDetail | undefined;
  distributions(query: FleetDistributionsQuery): FleetDistributions;
  distribution(id: string): FleetDistributionDetail | undefined;
  targets(id: string, since?: number): FleetTargets | undefined;
  /** `node`: this one alone. */
  retry(id: string, node?: string): void;
  cancel(id: string): void;
  resume(id: string): void;
  diary(query: FleetDiaryQuery): FleetDiary;
  readonly uploads: Pick<Uploads, 'view' | 'begin' | 'receive' | 'publish' | 'drop'>;
};

/** Silence of a line over which files are sent, ms. */
const UPLOAD_MS = 60_000;
/** Bytes of a list of files: 20,000 paths, some hundred bytes each. */
const LIST_BYTES = 8 * 1024 * 1024;
/** Bytes of what is to be done with them: a thousand sites and their names. */
const ORDERS_BYTES = 512 * 1024;

/** Of a central, for the server. */
export function fleetLive(world: FleetWorld, log: Log) {
  const snapshot = new SharedJson(() => world.snapshot(), log);
  return { feed: () => snapshot.json(), routes: fleetRoutes(world, snapshot) };
}

export const fleetRoutes = (world: FleetWorld, snapshot: Pick<SharedJson, 'json'>): Route[] => [
  route('GET /api/health', 'anyone', () => {
    const health = world.health();
    return new Told(health, {}, health.ok ? 200 : 503);
  }),
  route('GET /api/fleet/snapshot', 'look', () => {
    const json = snapshot.json();
    return json === undefined
      ? refuse('failed', 'The central cannot tell its state now: see its log.')
      : sentJson(json);
  }),
  route('GET /api/fleet/nodes', 'look', ({ query }) => world.nodes(query.since)),
  route(
    'GET /api/fleet/nodes/{name}',
    'look',
    ({ params }) => world.node(params.name ?? '') ?? refuse('not-found', `There is no node ${params.name}.`),
  ),
  route('GET /api/fleet/diary', 'look', ({ query }) => world.diary(query)),
  ...distributionRoutes(world),
  ...uploadRoutes(world),
];

function distributionRoutes(world: FleetWorld): Route[] {
  const none = (id: string | undefined): Refused => refuse('not-found', `There is no distribution ${id}.`);
  return [
    route('GET /api/fleet/distributions', 'look', ({ query }) => world.distributions(query)),
    route(
      'GET /api/fleet/distributions/{id}',
      'look',
      ({ params }) => world.distribution(params.id ?? '') ?? none(params.id),
    ),
    route(
      'GET /api/fleet/distributions/{id}/targets',
      'look',
      ({ params, query }) => world.targets(params.id ?? '', query.since) ?? none(params.id),
    ),
    route(
      'POST /api/fleet/distributions/{id}/retry',
      'operate',
      ({ params: { id = '' }, body: { node }, note }) => {
        const distribution = world.distribution(id);
        if (!distribution) return none(id);
        note({ name: distribution.name, distribution: id, ...(node !== undefined && { node }) });
        if (distribution.state === 'cancelled') return refuse('conflict', 'It was cancelled: publish it again.');
        world.retry(id, node);
        return {};
      },
      { audit: 'fleet-retried' },
    ),
    route(
      'POST /api/fleet/distributions/{id}/cancel',
      'operate',
      ({ params: { id = '' }, note }) => {
        const distribution = world.distribution(id);
        if (!distribution) return none(id);
        note({ name: distribution.name, distribution: id });
        world.cancel(id);
        return {};
      },
      { audit: 'fleet-cancelled' },
    ),
    route(
      'POST /api/fleet/distributions/{id}/resume',
      'administer',
      ({ params: { id = '' }, note }) => {
        const distribution = world.distribution(id);
        if (!distribution) return none(id);
        note({ name: distribution.name, distribution: id });
        if (distribution.rollout?.state !== 'stopped') return refuse('conflict', 'It was not stopped.');
        world.resume(id);
        return {};
      },
      { audit: 'fleet-resumed' },
    ),
  ];
}

function uploadRoutes({ uploads }: FleetWorld): Route[] {
  const answer = (answered: UploadAnswer): FleetUpload | Refused =>
    answered.kind === 'ok'
      ? answered.upload
      : refuse(answered.why, answered.text, answered.fields && { fields: answered.fields });
  return [
    route(
      'POST /api/fleet/uploads',
      'operate',
      async ({ body, note }) => {
        note({ name: body.name, files: body.files.length, bytes: body.files.reduce((sum, f) => sum + f.bytes, 0) });
        return answer(await uploads.begin(body.name, body.files));
      },
      { audit: 'fleet-uploaded', bodyBytes: LIST_BYTES, answerMs: UPLOAD_MS },
    ),
    route('GET /api/fleet/uploads/{id}', 'operate', ({ params }) => answer(uploads.view(params.id ?? ''))),
    route('DELETE /api/fleet/uploads/{id}', 'operate', async ({ params }) => {
      const dropped = answer(await uploads.drop(params.id ?? ''));
      return 'id' in dropped ? {} : dropped;
    }),
    route(
      'PUT /api/fleet/uploads/{id}/files/{file}',
      'operate',
      async ({ params, query, request, signal }) => {
        const refused = notBytes(request);
        if (refused) return refused;
        const file = /^\d{1,6}$/.test(params.file ?? '') ? Number(params.file) : -1;
        return answer(await uploads.receive(params.id ?? '', file, query.from, request, signal));
      },
      { answerMs: UPLOAD_MS },
    ),
    route(
      'POST /api/fleet/uploads/{id}/publish',
      'operate',
      ({ params, body, asker, note }) => {
        const { name, kind, firmware, ...orders } = body;
        note({ name, ...(kind === 'firmware' && { kind, version: firmware?.version ?? '' }), ...saidTargets(body) });
        const refused = notAFirmware(body, asker);
        if (refused) return refused;
        return answer(uploads.publish(params.id ?? '', { name, kind, ...(firmware && { firmware }) }, orders));
      },
      { audit: 'fleet-published', bodyBytes: ORDERS_BYTES },
    ),
  ];
}

const saidTargets = ({ nodes, sites }: NewPublication): { nodes?: string; sites?: string } => ({
  ...(nodes && { nodes: nodes.join(' ').slice(0, 200) }),
  ...(sites && { sites: sites.join(' ').slice(0, 200) }),
});

/** Firmware takes an administrator, and its waves are of use for nothing else. */
function notAFirmware(
  { kind, firmware, waves }: NewPublication,
  { right }: Ask<RouteName>['asker'],
): Refused | undefined {
  if (kind === 'firmware' && right !== 'administer') return refuse('not-allowed', 'Firmware takes an administrator.');
  if (kind === 'firmware' && !firmware)
    return refuse('invalid', 'Say for which boxes it is, and its version.', {
      fields: [{ path: 'firmware', code: 'missing' }],
    });
  if (kind === 'files' && (firmware || waves))
    return refuse('invalid', 'Files are no firmware.', {
      fields: [{ path: firmware ? 'firmware' : 'waves', code: 'conflict' }],
    });
  return undefined;
}

function notBytes({ headers }: IncomingMessage): Refused | undefined {
  if (!/^application\/octet-stream\s*(;|$)/i.test(headers['content-type'] ?? ''))
    return refuse('wrong-type', 'Send the file itself as application/octet-stream.');
  return undefined;
}
