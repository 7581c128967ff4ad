import { type InfoHash, parseInfoHash } from '#base/units.ts';
import type { PrefillView } from '../contract.ts';
import type { ProblemWhy } from '../contract-common.ts';
import type {
  NewOrder,
  OrderAdded,
  OrderMove,
  TaskAction,
  TaskActionsDone,
  TaskDetail,
  TaskQuery,
} from '../contract-tasks.ts';
import { ADMIN_LIMITS } from '../limits.ts';
import { Refused, type Route, refuse, route } from '../route.ts';
import type { Listed } from '../task-list.ts';

/** What is not done: a code, and words for people who script. */
export type NotOrdered = { readonly kind: 'refused'; readonly why: ProblemWhy; readonly text: string };

/** All torrents, and what can be done to them. */
export type TasksWorld = {
  list(query: TaskQuery): Promise<Listed>;
  /** Undefined: nothing is known of it. */
  detail(infoHash: InfoHash): Promise<TaskDetail | undefined>;
  act(infoHashes: readonly InfoHash[], action: TaskAction): Promise<TaskActionsDone>;
  orders(): PrefillView;
  order(order: NewOrder): ({ readonly kind: 'ordered' } & OrderAdded) | NotOrdered;
  move(infoHash: InfoHash, to: OrderMove['to']): 'done' | 'unknown' | 'not-kept';
  remove(infoHash: InfoHash): 'done' | 'unknown' | 'not-kept';
};

export const taskRoutes = (world: TasksWorld): Route[] => [
  route('GET /api/tasks', 'look', async ({ query }) => {
    const listed = await world.list(query);
    switch (listed.kind) {
      case 'ok':
        return listed.page;
      case 'busy':
        return refuse('busy', 'Too many people look at the list: ask again in a second.', { waitMs: 1000 });
      case 'failed':
        return refuse('failed', `The list cannot be read just now: ${listed.why}. Ask again.`, { waitMs: 1000 });
    }
  }),
  route('GET /api/tasks/{infoHash}', 'look', async ({ params }) => {
    const infoHash = hashIn(params);
    if (infoHash instanceof Refused) return infoHash;
    return (await world.detail(infoHash)) ?? refuse('not-found', 'The box knows no such torrent.');
  }),
  route(
    'POST /api/tasks/actions',
    'operate',
    async ({ body, note }) => {
      const infoHashes = body.infoHashes.map((text) => parseInfoHash(text)).filter((id) => id !== undefined);
      const [first = ''] = infoHashes;
      const { action } = body;
      const rate = action.do === 'limit' && action.mbps !== undefined ? { mbps: action.mbps } : {};
      note({ action: action.do, count: infoHashes.length, first, ...rate });
      const done = await world.act(infoHashes, action);
      note({ done: done.done });
      return done;
    },
    { audit: 'task-action', bodyBytes: ADMIN_LIMITS.actionsBodyBytes, answerMs: ADMIN_LIMITS.actionsMs },
  ),
  route('GET /api/orders', 'look', () => world.orders()),
  route(
    'POST /api/orders',
    'operate',
    ({ body, note }) => {
      const ordered = world.order(body);
      if (ordered.kind === 'refused') return refuse(ordered.why, ordered.text);
      const { infoHash, name, already } = ordered;
      note({ infoHash, name, when: body.when, already });
      return { infoHash, name, already };
    },
    { audit: 'order-added', bodyBytes: ADMIN_LIMITS.orderBodyBytes },
  ),
  route(
    'POST /api/orders/{infoHash}/move',
    'operate',
    ({ params, body, note }) => {
      const infoHash = hashIn(params);
      if (infoHash instanceof Refused) return infoHash;
      note({ infoHash, moved: body.to });
      return told(world.move(infoHash, body.to));
    },
    { audit: 'order-added' },
  ),
  route(
    'DELETE /api/orders/{infoHash}',
    'operate',
    ({ params, note }) => {
      const infoHash = hashIn(params);
      if (infoHash instanceof Refused) return infoHash;
      note({ infoHash });
      return told(world.remove(infoHash));
    },
    { audit: 'order-removed' },
  ),
];

function hashIn({ infoHash = '' }: Readonly<Record<string, string>>): InfoHash | Refused {
  // parseInfoHash also reads the base32 of old magnet links; an address has one spelling.
  const read = /^[0-9a-fA-F]{40}$/.test(infoHash) ? parseInfoHash(infoHash) : undefined;
  return read ?? refuse('not-found', 'An info-hash is 40 hex digits.');
}

const told = (done: 'done' | 'unknown' | 'not-kept') => {
  if (done === 'unknown') return refuse('not-found', 'There is no such order.');
  return done === 'done' ? {} : refuse('disk-full', 'The list of orders cannot be written: is the disk full?');
};
