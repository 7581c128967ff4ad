import type { Problem } from '#admin/contract-common.ts';
import type { TaskPage, TaskRowView } from '#admin/contract-tasks.ts';

/** Rows asked for at a time. */
export const PAGE_ROWS = 100;
/** Pages kept: far away ones are asked for again. */
const MOST_PAGES = 12;
/** Requests under way at a time. */
const MOST_ASKED = 2;

export type PagesWorld = {
  ask(
    offset: number,
    limit: number,
    signal: AbortSignal,
  ): Promise<{ ok: true; answer: TaskPage } | { ok: false; problem: Problem }>;
  /** Something to draw has changed. */
  changed(): void;
};

/** The part of a long list that is looked at, in pages. Scrolling far drops what was asked for on the way. */
export class TaskPages {
  readonly #world: PagesWorld;
  readonly #pages = new Map<number, readonly TaskRowView[]>();
  readonly #asked = new Map<number, AbortController>();
  #wanted: number[] = [];
  #stale = new Set<number>();
  #stopped = false;
  matching: number | undefined;
  total: number | undefined;
  problem: Problem | undefined;

  constructor(world: PagesWorld) {
    this.#world = world;
  }

  row(index: number): TaskRowView | undefined {
    return this.#pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
  }

  /** Rows from `first` to `last` are in sight. */
  look(first: number, last: number): void {
    const wanted: number[] = [];
    for (let page = Math.floor(first / PAGE_ROWS); page <= Math.floor(Math.max(first, last) / PAGE_ROWS); page++)
      wanted.push(page);
    this.#wanted = wanted;
    for (const [page, asked] of this.#asked)
      if (!wanted.includes(page)) {
        asked.abort();
        this.#asked.delete(page);
      }
    this.#ask();
  }

  /** What is in sight is asked for again; it stays until the answer is here. */
  refresh(): void {
    this.#stale = new Set(this.#pages.keys());
    this.#ask();
  }

  stop(): void {
    this.#stopped = true;
    for (const asked of this.#asked.values()) asked.abort();
    this.#asked.clear();
  }

  #ask(): void {
    if (this.#stopped) return;
    for (const page of this.#wanted) {
      if (this.#asked.size >= MOST_ASKED) return;
      if (this.#asked.has(page) || (this.#pages.has(page) && !this.#stale.has(page))) continue;
      void this.#askFor(page);
    }
  }

  async #askFor(page: number): Promise<void> {
    const asked = new AbortController();
    this.#asked.set(page, asked);
    const got = await this.#world.ask(page * PAGE_ROWS, PAGE_ROWS, asked.signal);
    if (asked.signal.aborted || this.#stopped) return;
    this.#asked.delete(page);
    if (!got.ok) {
      // Not asked for again by itself: the next refresh or scroll does.
      this.problem = got.problem;
      this.#stale.delete(page);
      this.#world.changed();
      return;
    }
    this.problem = undefined;
    this.#stale.delete(page);
    this.#pages.delete(page);
    this.#pages.set(page, got.answer.rows);
    this.matching = got.answer.matching;
    this.total = got.answer.total;
    this.#forget();
    this.#world.changed();
    this.#ask();
  }

  #forget(): void {
    for (const page of [...this.#pages.keys()]) {
      if (this.#pages.size <= MOST_PAGES) return;
      if (!this.#wanted.includes(page)) this.#pages.delete(page);
    }
  }
}
