import type {
  FleetDistribution,
  FleetDistributionState,
  FleetNode,
  FleetNote,
  FleetSnapshot,
  FleetTarget,
  FleetTargetState,
  FleetUpload,
} from '#admin/contract-fleet.ts';
import { EVIL_NAME, LONG_NAME } from '#admin/fixtures.ts';
import { type Answers, MockRefusal } from './answers.ts';

/** A chain with a few hundred machines at a dozen sites, some of them in trouble. */

const NOW_MS = Date.now();
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const SITES = ['shanghai-01', 'shanghai-02', 'hangzhou', 'beijing-xidan', 'chengdu', 'xian', 'wuhan', 'campus-library'];
const TERMINALS = 40;

let isEmpty = false;
export const setFleetEmpty = (empty: boolean): void => {
  isEmpty = empty;
};

const machines: FleetNode[] = SITES.flatMap((site, s) => [
  machine(`${site}-relay`, site, 'relay', s * 7),
  ...Array.from({ length: TERMINALS }, (_, i) => machine(`${site}-pc-${i + 1}`, site, 'terminal', s * 50 + i)),
]);

function machine(name: string, site: string, role: FleetNode['role'], i: number): FleetNode {
  const online = i % 23 !== 5;
  return {
    name,
    role,
    site,
    online,
    sinceMs: NOW_MS - (online ? (i % 9) * 7 * 3_600_000 : (i % 5) * DAY_MS) - 3 * MINUTE_MS,
    version: i % 31 === 7 ? '0.0.9' : '0.1.0',
    freeBytes: 40e9 + (i % 17) * 31e9,
    lacks: online ? (i % 11 === 3 || i % 41 === 3 ? 1 : 0) : 2,
    failing: i % 41 === 3 ? 1 : 0,
  };
}

/** As SHA-256 looks. */
const hash = (n: number): string =>
  Array.from({ length: 64 }, (_, i) => (((n * 7919 + i * i * 31 + i * n * 13) % 251) % 16).toString(16)).join('');
type Seed = readonly [name: string, state: FleetDistributionState, sizeBytes: number, share: number, failed: number];
const SEEDS: readonly Seed[] = [
  ['英雄联盟 14.23 补丁', 'open', 2.4e9, 0.46, 7],
  ['高等数学 上册 课程视频', 'converged', 18.2e9, 0.94, 0],
  ['swarmbox-0.2.0.raucb', 'open', 96e6, 1, 1],
  [LONG_NAME, 'complete', 7e9, 1, 0],
  ['Visual Studio 2026 offline', 'partial', 31e9, 0.97, 9],
  [EVIL_NAME, 'cancelled', 12e6, 0.3, 0],
];

export const distributions: FleetDistribution[] = SEEDS.map(([name, state, sizeBytes, share, failed], i) => {
  const all = machines.length;
  const done = Math.floor((all - failed) * (share === 1 ? 1 : share * 0.9));
  const isMoving = state === 'open' || state === 'converged';
  const rest = all - done - failed;
  return {
    id: hash(i + 1),
    name,
    rev: i + 1,
    kind: name.endsWith('.raucb') ? 'firmware' : 'files',
    sizeBytes,
    fileCount: i * 37 + 1,
    createdMs: NOW_MS - (i + 1) * 5 * 3_600_000,
    changedMs: NOW_MS - i * 3_600_000,
    state,
    nodes: {
      all,
      done,
      failed,
      moving: isMoving ? Math.ceil(rest / 2) : 0,
      waiting: isMoving ? Math.floor(rest / 2) : rest,
    },
    haveBytes: Math.round(all * sizeBytes * share * 0.98),
    bytesPerS: isMoving && share < 1 ? 86e6 : 0,
    ...(isMoving && share < 1 && { leftMs: 19 * MINUTE_MS }),
    deadlineMs: NOW_MS + 6 * DAY_MS,
  };
});

const firmwareOf = (id: string): boolean => distributions.some((d) => d.id === id && d.kind === 'firmware');
const found = (id: string | undefined): FleetDistribution => {
  const distribution = distributions.find((d) => d.id === id);
  if (!distribution) throw new MockRefusal(404, { why: 'not-found', text: `no ${id}` });
  return distribution;
};

const TROUBLES: readonly (readonly [state: FleetTargetState, why: string, detail?: string])[] = [
  ['refused', 'disk-full', '1.9 GB free, 2.4 GB needed'],
  ['failed', 'silent'],
  ['refused', 'not-signed', 'nobody that is trusted signed the manifest'],
  ['failed', 'disk', "EIO: i/o error, write '/srv/games/更新.bin'"],
  ['failed', 'stalled'],
];

function targetsOf({ id, sizeBytes, nodes, state }: FleetDistribution): FleetTarget[] {
  return machines.map((node, i): FleetTarget => {
    const common = {
      node: node.name,
      site: node.site,
      role: node.role,
      online: node.online,
      changedMs: NOW_MS - i * 997,
    };
    const isFailed = i % 37 === 11 && i / 37 < nodes.failed;
    if (isFailed && !firmwareOf(id)) {
      const [bad, why, detail] = TROUBLES[Math.floor(i / 37) % TROUBLES.length] as (typeof TROUBLES)[number];
      return { ...common, state: bad, why, ...(detail && { detail }), tries: 1 + (i % 8), haveBytes: sizeBytes * 0.2 };
    }
    if (i < nodes.done || firmwareOf(id))
      return {
        ...common,
        state: 'done',
        tries: 0,
        haveBytes: sizeBytes,
        ...(firmwareOf(id) && {
          install:
            isFailed || i === 11
              ? { wave: 1, state: 'rolled-back', why: 'rolled-back', detail: '0.1.0 runs again' }
              : { wave: i < 1 ? 0 : i < 17 ? 1 : 2, state: i < 17 ? 'healthy' : 'waiting' },
        }),
      };
    const isMoving = state === 'open' && node.online && i % 3 > 0;
    return isMoving
      ? {
          ...common,
          state: i % 7 ? 'receiving' : 'offered',
          tries: 0,
          haveBytes: i % 7 ? sizeBytes * ((i % 10) / 10) : 0,
        }
      : { ...common, state: 'waiting', tries: 0, haveBytes: 0 };
  });
}

/** Goes on as time does. */
const nowOf = (row: FleetDistribution): FleetDistribution =>
  row.bytesPerS === 0
    ? row
    : {
        ...row,
        haveBytes: Math.min(row.nodes.all * row.sizeBytes, row.haveBytes + (86e6 * (Date.now() - NOW_MS)) / 1_000),
      };

export function fleetNow(): FleetSnapshot {
  const moving = isEmpty
    ? []
    : distributions.filter(({ state }) => state === 'open' || state === 'converged').map(nowOf);
  const online = machines.filter((node) => node.online).length;
  return {
    version: '0.1.0',
    startedAtMs: NOW_MS - 3 * DAY_MS,
    nowMs: Date.now(),
    broker: { state: 'up' },
    nodes: isEmpty ? { all: 0, online: 0 } : { all: machines.length, online },
    bytesPerS: moving.reduce((sum, { bytesPerS }) => sum + bytesPerS, 0),
    freeBytes: 812e9,
    nodesRev: NOW_MS,
    distributionsRev: NOW_MS,
    diaryRev: 400,
    moving,
  };
}

const CODES: readonly (readonly [code: string, isOfNode: boolean, why?: string])[] = [
  ['node-came', true],
  ['failed', true, 'disk-full'],
  ['converged', false],
  ['relays-done', false],
  ['published', false],
  ['node-went', true],
  ['wave-stopped', true, 'rolled-back'],
  ['refused', true, 'not-signed'],
  ['broker-back', false],
  ['central-started', false],
];
const NOTES = 400;

function noteOf(seq: number): FleetNote {
  const [code, isOfNode, why] = CODES[seq % CODES.length] as (typeof CODES)[number];
  const isOfAll = code.startsWith('broker') || code.startsWith('central') || code.startsWith('node-');
  const row = distributions[seq % distributions.length] as FleetDistribution;
  return {
    seq,
    atMs: NOW_MS - (NOTES - seq) * 11 * MINUTE_MS,
    code,
    ...(!isOfAll && { distribution: row.id, name: row.name }),
    ...(isOfNode && { node: machines[(seq * 7) % machines.length]?.name ?? '' }),
    ...(why && { why }),
    ...(code === 'published' && { detail: '2 files, 2.4 GB' }),
  };
}

let upload: FleetUpload = { id: 'u', state: 'receiving', bytes: 0, receivedBytes: 0, file: 0, from: 0 };

export const fleetAnswers: Answers<
  | 'GET /api/fleet/snapshot'
  | 'GET /api/fleet/nodes'
  | 'GET /api/fleet/nodes/{name}'
  | 'GET /api/fleet/distributions'
  | 'GET /api/fleet/distributions/{id}'
  | 'GET /api/fleet/distributions/{id}/targets'
  | 'POST /api/fleet/distributions/{id}/retry'
  | 'POST /api/fleet/distributions/{id}/cancel'
  | 'POST /api/fleet/distributions/{id}/resume'
  | 'GET /api/fleet/diary'
  | 'POST /api/fleet/uploads'
  | 'GET /api/fleet/uploads/{id}'
  | 'DELETE /api/fleet/uploads/{id}'
  | 'PUT /api/fleet/uploads/{id}/files/{file}'
  | 'POST /api/fleet/uploads/{id}/publish'
> = {
  'GET /api/fleet/snapshot': fleetNow,
  'GET /api/fleet/nodes': ({ query }) => ({
    rev: NOW_MS,
    isAll: query.since === undefined,
    nodes: isEmpty || query.since !== undefined ? [] : machines,
  }),
  'GET /api/fleet/nodes/{name}': ({ params }) => {
    const i = machines.findIndex(({ name }) => name === params.name);
    const node = machines[i];
    if (!node) throw new MockRefusal(404, { why: 'not-found', text: `no ${params.name}` });
    const targets = distributions.map((row) => {
      const { state, why, detail, haveBytes, changedMs } = targetsOf(row)[i] as FleetTarget;
      const { id, name, rev, sizeBytes } = row;
      return {
        ...{ id, name, rev, sizeBytes, over: row.state, state, haveBytes, changedMs },
        ...(why && { why }),
        ...(detail && { detail }),
      };
    });
    return { node, address: '10.77.3.4:6881', targets };
  },
  'GET /api/fleet/distributions': ({ query: { offset = 0, limit = 50 } }) =>
    isEmpty
      ? { all: 0, distributions: [] }
      : { all: distributions.length, distributions: distributions.slice(offset, offset + limit).map(nowOf) },
  'GET /api/fleet/distributions/{id}': ({ params }) => {
    const row = found(params.id);
    const isFirmware = row.kind === 'firmware';
    return {
      ...nowOf(row),
      orders: {
        ...(row.rev === 2 && { sites: SITES.slice(0, 3), window: { from: '01:00', until: '06:30' } }),
        ...(row.rev === 1 && { rateBytesPerS: 40e6 }),
        quorum: 0.9,
      },
      infoHash: hash(9).slice(0, 40),
      ...(isFirmware && {
        firmware: { compatible: 'swarmbox-amd64', version: '0.2.0' },
        rollout: {
          state: 'stopped',
          wave: 1,
          waves: 4,
          why: 'rolled-back',
          node: 'shanghai-01-pc-11',
          healthy: 16,
          failed: 1,
        },
      }),
    };
  },
  'GET /api/fleet/distributions/{id}/targets': ({ params, query }) => ({
    nowMs: Date.now(),
    isAll: query.since === undefined,
    targets: query.since === undefined ? targetsOf(found(params.id)) : [],
  }),
  'POST /api/fleet/distributions/{id}/retry': () => ({}),
  'POST /api/fleet/distributions/{id}/cancel': () => ({}),
  'POST /api/fleet/distributions/{id}/resume': () => ({}),
  'GET /api/fleet/diary': ({ query: { before = NOTES + 1, limit = 50 } }) => {
    const last = Math.max(0, before - 1 - limit);
    const rows = isEmpty ? [] : Array.from({ length: before - 1 - last }, (_, i) => noteOf(before - 1 - i));
    return { rows, hasMore: !isEmpty && last > 0 };
  },
  'POST /api/fleet/uploads': ({ body }) => {
    const bytes = body.files.reduce((sum, file) => sum + file.bytes, 0);
    upload = { id: 'u', state: 'receiving', bytes, receivedBytes: 0, file: 0, from: 0 };
    return upload;
  },
  'GET /api/fleet/uploads/{id}': () => {
    if (upload.state === 'reading') upload = { ...upload, state: 'published', distribution: hash(1) };
    return upload;
  },
  'DELETE /api/fleet/uploads/{id}': () => ({}),
  'PUT /api/fleet/uploads/{id}/files/{file}': ({ params }) => {
    upload = { ...upload, file: Number(params.file) + 1, receivedBytes: upload.bytes };
    return upload;
  },
  'POST /api/fleet/uploads/{id}/publish': () => {
    upload = { ...upload, state: 'reading' };
    return upload;
  },
};
