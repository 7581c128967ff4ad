import { createHash } from 'node:crypto';
import type { OrderView } from '#admin/contract.ts';
import type { TaskAction, TaskDetail, TaskRowView } from '#admin/contract-tasks.ts';
import { busyBox } from '#admin/fixtures.ts';
import { type Answers, MockRefusal } from './answers.ts';
import { hexFrom, randomFrom } from './random.ts';
import { pageOf } from './task-pages.ts';
import { makeTorrents } from './torrents.ts';

const HOUR_MS = 3_600_000;
const limits = new Map<string, number>();

/** All torrents of the made-up box. */
export let torrents: TaskRowView[] = makeTorrents(Number(process.env.MOCK_TORRENTS ?? 100_000), Date.now());
export const orders: OrderView[] = [
  ...(busyBox().prefill?.orders ?? []),
  ...torrents.slice(60, 75).map(
    (row, i): OrderView => ({
      infoHash: row.infoHash,
      name: row.name,
      why: i < 8 ? 'prefill-waits' : 'whole',
      orderedAtMs: Date.now() - i * HOUR_MS,
      totalBytes: row.totalBytes,
      haveBytes: i === 0 ? row.totalBytes / 3 : 0,
      ...(i >= 8 && { endedAtMs: Date.now() }),
    }),
  ),
];

const change = (hash: string, over: Partial<TaskRowView>) => {
  torrents = torrents.map((row) => (row.infoHash === hash ? { ...row, ...over } : row));
};

function act(row: TaskRowView, action: TaskAction): string | undefined {
  if (row.isPrivate && action.do === 'recheck') return 'private';
  if (action.do === 'drop') torrents = torrents.filter((t) => t !== row);
  else if (action.do === 'pin' || action.do === 'unpin') change(row.infoHash, { isPinned: action.do === 'pin' });
  else if (action.do === 'block' || action.do === 'unblock') change(row.infoHash, { isBlocked: action.do === 'block' });
  else if (action.do === 'recheck') change(row.infoHash, { why: 'rechecking' });
  else if (action.mbps === undefined) limits.delete(row.infoHash);
  else limits.set(row.infoHash, action.mbps);
  return undefined;
}

function detailOf(row: TaskRowView): TaskDetail {
  const random = randomFrom(Number.parseInt(row.infoHash.slice(0, 7), 16));
  const share = row.totalBytes > 0 ? row.haveBytes / row.totalBytes : 0;
  const pieceBytes = 4_194_304;
  const pieceCount = Math.ceil(row.totalBytes / pieceBytes);
  const cells = Math.min(1000, pieceCount);
  const cell = (i: number) =>
    share === 1 ? 9 : i < cells * share * 0.8 ? 9 : random() < share ? Math.floor(random() * 10) : 0;
  const box = busyBox();
  const task = box.tasks[0];
  const limit = limits.get(row.infoHash);
  const nowMs = Date.now();
  return {
    ...row,
    ...(row.isPinned && { infoHashV2: hexFrom(random, 64) }),
    pieceBytes,
    pieceCount,
    pieceMap: Array.from({ length: cells }, (_, i) => cell(i)).join(''),
    clientMap: row.clients > 0 ? Array.from({ length: cells }, () => Math.floor(random() * 10)).join('') : '',
    heldBy: row.clients > 0 ? (task?.clients ?? []).slice(0, row.clients) : [],
    heldByOmitted: Math.max(0, row.clients - 3),
    from: row.state === 'down' ? (task?.origins ?? []) : [],
    fromOmitted: Math.max(0, row.origins - 3),
    files: Array.from({ length: 12 }, (_, i) => ({
      path: `disc ${i < 6 ? 1 : 2}/${row.name.slice(0, 40)}.part${i + 1}.rar`,
      sizeBytes: Math.round(row.totalBytes / 12),
      haveBytes: Math.round((row.totalBytes / 12) * Math.min(1, Math.max(0, share * 12 - i))),
    })),
    filesOmitted: row.totalBytes > 30e9 ? 240 : 0,
    disks: ['/srv/cache1', ...(random() < 0.3 ? ['/srv/cache4'] : [])],
    heat: Array.from({ length: 168 }, (_, i) => {
      const evening = Math.max(0, Math.sin(((i % 24) - 8) / 4)) * (row.clients + 1);
      return {
        fromMs: Math.floor(nowMs / HOUR_MS - 168 + i) * HOUR_MS,
        clients: Math.round(evening * random() * 3),
        servedBytes: Math.round(evening * random() * 4e9),
      };
    }),
    ...(limit !== undefined && { limitMbps: limit }),
    trackers: ['udp://tracker.example.org:6969/announce', 'https://tracker.example.net/announce'],
    ...(row.why === 'rechecking' && {
      recheck: { doneBytes: row.haveBytes / 3, totalBytes: row.haveBytes, badPieces: 1 },
    }),
  };
}

const hashOfLink = (link: string): string | undefined =>
  /(?:btih:|qvod:\/\/\d+\|)([0-9a-f]{40})/i.exec(link)?.[1]?.toLowerCase() ??
  /^[0-9a-f]{40}$/i.exec(link)?.[0]?.toLowerCase();

type Names =
  | 'GET /api/tasks'
  | 'GET /api/tasks/{infoHash}'
  | 'POST /api/tasks/actions'
  | 'GET /api/orders'
  | 'POST /api/orders'
  | 'POST /api/orders/{infoHash}/move'
  | 'DELETE /api/orders/{infoHash}';

const orderAt = (hash: string | undefined): number => {
  const at = orders.findIndex((o) => o.infoHash === hash);
  if (at < 0) throw new MockRefusal(404, { why: 'not-found', text: 'no such order' });
  return at;
};

export const taskAnswers: Answers<Names> = {
  'GET /api/tasks': ({ query }) => pageOf(torrents, query),
  'GET /api/tasks/{infoHash}': ({ params }) => {
    const row = torrents.find((t) => t.infoHash === params.infoHash);
    if (!row) throw new MockRefusal(404, { why: 'not-found', text: 'no such torrent' });
    return detailOf(row);
  },
  'POST /api/tasks/actions': ({ body }) => {
    const refused: { infoHash: string; why: string }[] = [];
    let done = 0;
    for (const infoHash of body.infoHashes) {
      const row = torrents.find((t) => t.infoHash === infoHash);
      const why = row ? act(row, body.action) : 'not-found';
      if (why === undefined) done++;
      else refused.push({ infoHash, why });
    }
    return { done, refused };
  },
  'GET /api/orders': () => ({
    held: 'window-shut',
    waiting: orders.filter((o) => o.endedAtMs === undefined).length,
    orders,
  }),
  'POST /api/orders': ({ body }) => {
    const infoHash = body.link
      ? hashOfLink(body.link)
      : createHash('sha1')
          .update(body.torrent ?? '')
          .digest('hex');
    if (!infoHash) throw new MockRefusal(400, { why: 'not-a-link', text: 'no link' });
    if (body.torrent?.startsWith('bm8')) throw new MockRefusal(400, { why: 'not-a-torrent', text: 'no torrent' });
    const already = orders.some((o) => o.infoHash === infoHash);
    const name = /[?&]dn=([^&]+)/.exec(body.link ?? '')?.[1] ?? '';
    if (!already)
      orders.unshift({
        infoHash,
        name: decodeURIComponent(name),
        why: body.when === 'now' ? 'no-metainfo' : 'window-shut',
        orderedAtMs: Date.now(),
      });
    return { infoHash, name: decodeURIComponent(name), already };
  },
  'POST /api/orders/{infoHash}/move': ({ params, body }) => {
    const [order] = orders.splice(orderAt(params.infoHash), 1);
    if (order) orders.unshift(body.to === 'now' ? { ...order, why: 'prefill' } : order);
    return {};
  },
  'DELETE /api/orders/{infoHash}': ({ params }) => {
    orders.splice(orderAt(params.infoHash), 1);
    return {};
  },
};
