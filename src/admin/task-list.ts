import type { InfoHash } from '#base/units.ts';
import { fold, wordsOf } from '#index/fold.ts';
import { INDEX_LIMITS } from '#index/limits.ts';
import type { Searched } from '#index/search-thread.ts';
import type { TaskRow } from '#index/task-row.ts';
import type { ListAnswer, ListedTask, ListFilter, ListQuestion, ListSort } from '#index/task-search.ts';
import type { TaskView } from './contract.ts';
import type { TaskFilter, TaskPage, TaskQuery, TaskRowView } from './contract-tasks.ts';
import { byMachine } from './machines.ts';

export type ListWorld = {
  ask(question: ListQuestion): Promise<Searched>;
  /** Torrents in memory: a few hundred. */
  awake(): readonly TaskView[];
  /** The folder of a disk in which each torrent has one, called by its info-hash. Undefined: it is no disk of the box. */
  folderOn(disk: string): string | undefined;
  /** Torrents that the operator ordered. */
  ordered(): readonly InfoHash[];
  decided(infoHash: InfoHash): { readonly isPinned: boolean; readonly isBlocked: boolean };
  /** What the index has of one torrent. */
  row(infoHash: InfoHash): Known | undefined;
};
type Known = Pick<TaskRow, 'servedBytes' | 'filledBytes' | 'addedAtMs' | 'reach'>;

export type Listed = { readonly kind: 'ok'; readonly page: TaskPage } | Exclude<Searched, { kind: 'ok' }>;

const FILTERS: Readonly<Record<TaskFilter, ListFilter>> = {
  all: 'all',
  live: 'all',
  down: 'all',
  idle: 'all',
  prefill: 'all',
  complete: 'complete',
  partial: 'partial',
  pinned: 'pinned',
  blocked: 'blocked',
  private: 'private',
  'limited-rate': 'limited',
};
const LIMIT = 50;

/** A rate, by which only those that are awake can be told apart; all others are as lively as each other, and come by who asked last. */
const RATES = { serveRate: 'serveRateBytesPerS', fillRate: 'fillRateBytesPerS' } as const;
const isRate = (sort: string): sort is keyof typeof RATES => sort in RATES;

const isLive = ({ clients, state, fillRateBytesPerS }: TaskView): boolean =>
  clients.length > 0 || state === 'down' || state === 'limited' || fillRateBytesPerS > 0;
const hashes = (views: readonly TaskView[]): InfoHash[] => views.map(({ infoHash }) => infoHash as InfoHash);

/** Sorts by which a torrent that has just come stands before all others; by any other, one of which nothing is known comes behind them. */
const NEWEST: ReadonlySet<string> = new Set(['added', 'lastAsked', 'heat']);

/**
 * The list of all torrents: what rests is read from the index by a thread of its own, and what moves is laid over the rows of one page. What depends on what
 * moves alone is asked of those in memory. A torrent in memory whose metainfo has not come is not in the index's list: it stands at one of the ends.
 */
export class TaskList {
  readonly #world: ListWorld;

  constructor(world: ListWorld) {
    this.#world = world;
  }

  async page(query: TaskQuery): Promise<Listed> {
    const { filter = 'all', sort = 'lastAsked', order = 'down', offset = 0, limit = LIMIT } = query;
    const awake = this.#world.awake();
    const nameless = await this.#nameless(awake);
    const extra = nameless.filter((view) => this.#fits(view, query, filter)).map((view) => this.#bare(view));
    if (order === 'up') extra.reverse();
    const isFirst = NEWEST.has(sort) === (order === 'down');
    const before = isFirst ? extra.slice(offset, offset + limit) : [];
    const from = isFirst ? Math.max(0, offset - extra.length) : offset;
    const found = await this.#listed(query, awake, { offset: from, limit: limit - before.length });
    if (found.kind !== 'ok') return found;
    const { rows, matching, total } = found.page;
    const start = Math.max(0, offset - matching);
    const after = isFirst ? [] : extra.slice(start, start + limit - rows.length);
    return {
      kind: 'ok',
      page: {
        rows: [...before, ...rows, ...after],
        matching: matching + extra.length,
        total: total + nameless.length,
      },
    };
  }

  /** In memory, and not in the index's list. */
  async #nameless(awake: readonly TaskView[]): Promise<readonly TaskView[]> {
    const views = awake.filter(({ totalBytes }) => totalBytes === 0);
    if (views.length === 0) return [];
    const question = { search: '', filter: 'all', only: hashes(views), sort: 'added', order: 'up' } as const;
    const found = await this.#world.ask({ ...question, offset: 0, limit: INDEX_LIMITS.searchRows });
    if (found.kind !== 'ok') return [];
    const listed = new Set<string>(found.answer.rows.map(({ infoHash }) => infoHash));
    return views.filter(({ infoHash }) => !listed.has(infoHash));
  }

  #fits(view: TaskView, { search = '', disk }: TaskQuery, filter: TaskFilter): boolean {
    const name = fold(view.name);
    const isNamed = wordsOf(search).every((word) => name.includes(word));
    if (disk !== undefined || !(isNamed || view.infoHash.startsWith(search.trim().toLowerCase()))) return false;
    const { isPinned, isBlocked } = this.#world.decided(view.infoHash as InfoHash);
    switch (filter) {
      case 'all':
        return true;
      case 'live':
        return isLive(view);
      case 'idle':
        return !isLive(view);
      case 'down':
        return view.state === 'down';
      case 'prefill':
        return this.#world.ordered().includes(view.infoHash as InfoHash);
      case 'pinned':
        return isPinned;
      case 'blocked':
        return isBlocked;
      default:
        return false;
    }
  }

  #bare(view: TaskView): TaskRowView {
    const infoHash = view.infoHash as InfoHash;
    return bareRow(infoHash, this.#world.row(infoHash), view, this.#world.decided(infoHash));
  }

  /** Of the index's list. */
  async #listed(
    query: TaskQuery,
    awake: readonly TaskView[],
    { offset, limit }: { readonly offset: number; readonly limit: number },
  ): Promise<Listed> {
    const { filter = 'all', sort = 'lastAsked', order = 'down' } = query;
    const views = new Map(awake.map((view) => [view.infoHash, view]));
    const asked: Omit<ListQuestion, 'offset' | 'limit' | 'sort' | 'order'> = {
      search: query.search ?? '',
      filter: FILTERS[filter],
      ...this.#among(filter, awake),
      ...(query.disk !== undefined && this.#on(query.disk)),
    };
    const given = (answer: ListAnswer, rows = answer.rows): Listed => ({
      kind: 'ok',
      page: {
        rows: rows.map((row) => this.#row(row, views.get(row.infoHash))),
        matching: answer.matching,
        total: answer.total,
      },
    });
    if (!isRate(sort)) {
      const found = await this.#world.ask({ ...asked, sort, order, offset, limit });
      return found.kind === 'ok' ? given(found.answer) : found;
    }
    return this.#byRate({ asked, rate: RATES[sort], order, offset, limit }, awake, given);
  }

  /** One torrent's row. Undefined: it is not in the list. */
  async one(infoHash: InfoHash, view: TaskView | undefined): Promise<TaskRowView | undefined> {
    const question = { search: '', filter: 'all', only: [infoHash], sort: 'added', order: 'up' } as const;
    const found = await this.#world.ask({ ...question, offset: 0, limit: 1 });
    const row = found.kind === 'ok' ? found.answer.rows[0] : undefined;
    return row && this.#row(row, view);
  }

  #on(disk: string): Pick<ListQuestion, 'only' | 'folder'> {
    const folder = this.#world.folderOn(disk);
    return folder === undefined ? { only: [] } : { folder };
  }

  #among(filter: TaskFilter, awake: readonly TaskView[]): Pick<ListQuestion, 'only' | 'except'> {
    switch (filter) {
      case 'live':
        return { only: hashes(awake.filter(isLive)) };
      case 'down':
        return { only: hashes(awake.filter(({ state }) => state === 'down')) };
      case 'idle':
        return { except: hashes(awake.filter(isLive)) };
      case 'prefill':
        return { only: this.#world.ordered() };
      default:
        return {};
    }
  }

  /** Those that move, by their rate, before or after all that do not. */
  async #byRate(
    { asked, rate, order, offset, limit }: RateQuestion,
    awake: readonly TaskView[],
    given: (answer: ListAnswer, rows: readonly ListedTask[]) => Listed,
  ): Promise<Listed> {
    const rates = new Map(awake.flatMap((view) => (view[rate] > 0 ? [[view.infoHash, view[rate]] as const] : [])));
    const isAsked = (infoHash: InfoHash): boolean => !asked.only || asked.only.includes(infoHash);
    const moving = ([...rates.keys()] as InfoHash[]).filter(isAsked);
    const still: ListSort = 'lastAsked';
    const most = { offset: 0, limit: INDEX_LIMITS.searchRows };
    const first = await this.#world.ask({ ...asked, only: moving, sort: still, order, ...most });
    if (first.kind !== 'ok') return first;
    const isUp = order === 'up';
    const fast = first.answer.rows.toSorted((a, b) => (rates.get(a.infoHash) ?? 0) - (rates.get(b.infoHash) ?? 0));
    if (!isUp) fast.reverse();
    const resting = (from: number, count: number): Promise<Searched> => {
      const only = asked.only?.filter((infoHash) => !rates.has(infoHash));
      const except = [...(asked.except ?? []), ...moving];
      const among = only ? { only } : { except };
      return this.#world.ask({ ...asked, ...among, sort: still, order, offset: from, limit: Math.max(0, count) });
    };
    // The rows of the page that do not move; how many there are of them all tells where the others begin.
    const before = isUp ? 0 : fast.length;
    const rest = await resting(Math.max(0, offset - before), offset + limit - Math.max(offset, before));
    if (rest.kind !== 'ok') return rest;
    const slow = rest.answer.matching;
    const from = isUp ? Math.max(0, offset - slow) : offset;
    const until = isUp ? Math.max(0, offset + limit - slow) : offset + limit;
    const rows = isUp
      ? [...rest.answer.rows, ...fast.slice(from, until)]
      : [...fast.slice(from, until), ...rest.answer.rows];
    return given({ ...rest.answer, matching: slow + fast.length }, rows);
  }

  #row(row: ListedTask, view: TaskView | undefined): TaskRowView {
    const isKnown = view !== undefined && view.totalBytes > 0;
    return {
      infoHash: row.infoHash,
      name: view?.name || row.name,
      state: view?.state ?? (row.isWhole ? 'complete' : 'sleep'),
      why: view?.why ?? (row.isWhole ? 'whole' : 'no-client'),
      totalBytes: isKnown ? view.totalBytes : row.totalBytes,
      haveBytes: isKnown ? view.haveBytes : row.haveBytes,
      clients: byMachine(view?.clients ?? []).length,
      origins: view?.origins.filter(({ state }) => state === 'up').length ?? 0,
      servedBytes: row.servedBytes,
      filledBytes: row.filledBytes,
      serveRateBytesPerS: view?.serveRateBytesPerS ?? 0,
      fillRateBytesPerS: view?.fillRateBytesPerS ?? 0,
      addedAtMs: row.addedAtMs,
      ...(row.lastAskedAtMs !== undefined && { lastAskedAtMs: row.lastAskedAtMs }),
      ...this.#world.decided(row.infoHash),
      isPrivate: row.isPrivate,
    };
  }
}

type RateQuestion = {
  readonly asked: Omit<ListQuestion, 'offset' | 'limit' | 'sort' | 'order'>;
  readonly rate: (typeof RATES)[keyof typeof RATES];
  readonly order: 'up' | 'down';
  readonly offset: number;
  readonly limit: number;
};

/** Of a torrent of which the index's list has nothing. */
export function bareRow(
  infoHash: InfoHash,
  kept: Known | undefined,
  view: TaskView | undefined,
  decided: ReturnType<ListWorld['decided']>,
): TaskRowView {
  return {
    infoHash,
    name: view?.name ?? '',
    state: view?.state ?? 'sleep',
    why: view?.why ?? 'no-client',
    totalBytes: view?.totalBytes ?? 0,
    haveBytes: view?.haveBytes ?? 0,
    clients: byMachine(view?.clients ?? []).length,
    origins: view?.origins.filter(({ state }) => state === 'up').length ?? 0,
    servedBytes: kept?.servedBytes ?? 0,
    filledBytes: kept?.filledBytes ?? 0,
    serveRateBytesPerS: view?.serveRateBytesPerS ?? 0,
    fillRateBytesPerS: view?.fillRateBytesPerS ?? 0,
    addedAtMs: kept?.addedAtMs ?? 0,
    ...decided,
    isPrivate: kept?.reach === 'private',
  };
}
