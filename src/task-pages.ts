import { readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskView } from '#admin/contract.ts';
import type { NewOrder } from '#admin/contract-tasks.ts';
import type { Route } from '#admin/route.ts';
import { type NotOrdered, taskRoutes } from '#admin/routes/task-routes.ts';
import { detailOf } from '#admin/task-detail.ts';
import { TaskList } from '#admin/task-list.ts';
import { realClock } from '#base/clock.ts';
import { errorCode, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import type { InfoHash } from '#base/units.ts';
import type { Index } from '#index/index.ts';
import { SearchThread } from '#index/search-thread.ts';
import { ContentsShelf } from '#manager/contents.ts';
import { type DecidedBySettings, Decisions } from '#manager/decisions.ts';
import type { Manager } from '#manager/manager.ts';
import { nameAll } from '#manager/naming.ts';
import { Operator } from '#manager/operator.ts';
import { Rechecks } from '#manager/rechecks.ts';
import { LIMITS as PREFILL_LIMITS } from '#prefill/limits.ts';
import { understand } from '#prefill/new-order.ts';
import type { Prefill } from '#prefill/prefill.ts';
import { ROOT } from '#store/disk-marker.ts';
import type { Store } from '#store/store.ts';
import { writeDurably } from '#store/task-folder.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import type { Config } from './config.ts';

/** In the data folder: what the operator decided of single torrents. The index beside it may be lost. */
const DECISIONS = 'decisions.json';
/** Bytes of it that are read: several times what it ever has. */
const DECISIONS_BYTES = 16 << 20;
/** What an order is refused for, of what the page has a sentence for. */
const REFUSALS: ReadonlySet<string> = new Set(['private', 'blocked', 'too-large', 'no-origin']);
/** Everybody who looks at the list shares what those in memory say for so long. */
const VIEWS_FOR_MS = 500;

/** A file that is no JSON is moved aside, with a log line: the next decision would overwrite it. */
export async function openDecisions({ dataDir, pin, block }: Config, index: Index, log: Log): Promise<Decisions> {
  const path = join(dataDir, DECISIONS);
  const keep = async (text: string): Promise<boolean> => {
    try {
      await writeDurably(path, Buffer.from(text));
      return true;
    } catch (error) {
      log.error('decisions-not-written', { path, why: errorText(error) });
      return false;
    }
  };
  return new Decisions(await readDecisions(path, log), { pin, block }, { names: (id) => index.names(id), keep });
}

async function readDecisions(path: string, log: Log): Promise<string | undefined> {
  try {
    if ((await stat(path)).size > DECISIONS_BYTES) throw new Error('it is too large');
    const text = await readFile(path, 'utf8');
    JSON.parse(text);
    return text;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    const movedTo = `${path}.unreadable-${realClock.nowMs()}`;
    log.error('decisions-unreadable', {
      path,
      movedTo,
      why: errorText(error),
      next: 'pin and block anew, or mend the file',
    });
    await rename(path, movedTo).catch(() => undefined);
    return undefined;
  }
}

export type TaskParts = {
  readonly index: Index;
  readonly store: Store<FramedPiece>;
  readonly manager: Manager;
  readonly prefill: Prefill;
  readonly decisions: Decisions;
};

export type TaskPages = {
  readonly routes: Route[];
  readonly operator: Operator;
  /** From now on the settings pin and block these. */
  setSettings(settings: DecidedBySettings): void;
  /** What was decided on the box that a backup is of holds here, too. */
  take(decisions: string): Promise<void>;
};

/** What the page is told of torrents, and does with them. */
export function openTaskPages(parts: TaskParts, log: Log, scope: Scope): TaskPages {
  const { index, store, manager, prefill, decisions } = parts;
  const search = new SearchThread(index.path, log);
  scope.defer(() => search.close());
  const living = (infoHash: InfoHash) => manager.living(infoHash);
  const world = { clock: realClock, index, store, living };
  const rechecks = new Rechecks(world, log);
  scope.defer(() => rechecks.close());
  const cancelOrder = (infoHash: InfoHash): void => void prefill.remove(infoHash);
  const operator = new Operator({ ...world, manager, decisions, rechecks, cancelOrder, log });
  scope.run((signal) => nameAll(world, log, signal));
  const contents = new ContentsShelf({ index, store });
  const decided = (infoHash: InfoHash) => ({
    isPinned: decisions.isPinned(infoHash),
    isBlocked: decisions.isBlocked(infoHash),
  });
  const list = new TaskList({
    ask: (question) => search.ask(question),
    awake: sharedViews(manager),
    folderOn: (disk) => (store.disks().some(({ path }) => path === disk) ? join(disk, ROOT) : undefined),
    ordered: () => prefill.ordered(),
    decided,
    row: (infoHash) => index.task(infoHash),
  });
  const detail = {
    row: (infoHash: InfoHash) => index.task(infoHash),
    living: (infoHash: InfoHash) => {
      const task = manager.living(infoHash);
      if (!task) return undefined;
      const held = () => task.guests().flatMap((guest) => guest.pieces() ?? []);
      return { view: () => task.view() as TaskView, held };
    },
    listed: (infoHash: InfoHash, view: TaskView | undefined) => list.one(infoHash, view),
    contents: (infoHash: InfoHash) => contents.of(infoHash),
    heat: (infoHash: InfoHash) => index.hours.of(infoHash, realClock.nowMs()),
    home: (infoHash: InfoHash) => store.home(infoHash),
    recheck: (infoHash: InfoHash) => rechecks.of(infoHash),
    limitMbps: (infoHash: InfoHash) => decisions.of(infoHash).limitMbps,
    decided,
  };
  const routes = taskRoutes({
    list: (query) => list.page(query),
    detail: (infoHash) => detailOf(infoHash, detail),
    act: (infoHashes, action) => operator.act(infoHashes, action),
    orders: () => prefill.view(PREFILL_LIMITS.all),
    order: (order) => ordered(order, parts),
    move: (infoHash, to) => prefill.move(infoHash, to),
    remove: (infoHash) => prefill.remove(infoHash),
  });
  let before = '';
  const setSettings = ({ pin, block }: DecidedBySettings): void => {
    const now = JSON.stringify([pin, block]);
    if (now === before) return;
    before = now;
    decisions.setSettings({ pin, block });
    operator.mark();
  };
  const take = async (text: string): Promise<void> => {
    const taken = await decisions.take(text);
    if (taken !== 'kept') log.error('decisions-not-restored', { why: taken });
    manager.judgeAll();
    operator.mark();
  };
  return { routes, operator, setSettings, take };
}

function sharedViews(manager: Pick<Manager, 'views'>): () => readonly TaskView[] {
  let [views, atMs]: [readonly TaskView[], number] = [[], Number.NEGATIVE_INFINITY];
  return () => {
    const ageMs = realClock.nowMs() - atMs;
    if (ageMs < 0 || ageMs >= VIEWS_FOR_MS) [views, atMs] = [manager.views() as TaskView[], realClock.nowMs()];
    return views;
  };
}

function ordered(
  order: NewOrder,
  { prefill, manager, index }: TaskParts,
): ReturnType<Parameters<typeof taskRoutes>[0]['order']> {
  const refused = (why: NotOrdered['why'], text: string): NotOrdered => ({ kind: 'refused', why, text });
  const read = understand(order);
  if (read.kind === 'bad') return refused(read.code, `${read.why}.`);
  // What was dropped or let go a moment ago is wanted again.
  manager.forgive(read.wanted.ids.flatMap((id) => [id, ...index.names(id)]));
  const done = prefill.order(read.wanted, order.when);
  if (done.kind === 'refused')
    return refused(REFUSALS.has(done.code) ? (done.code as NotOrdered['why']) : 'conflict', `${done.why}.`);
  if (done.kind === 'later') return refused(done.full ? 'too-many' : 'disk-full', `${done.why}.`);
  return done;
}
