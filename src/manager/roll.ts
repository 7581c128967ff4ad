import type { InfoHash } from '#base/units.ts';
import type { Task } from '#task/task.ts';

/** What one task goes by: the name it was begun under, then all that its metainfo tells, the index's first. */
export class Names {
  all: readonly InfoHash[];
  /** Undefined while the task is being made. */
  task: Task | undefined;

  constructor(begunUnder: InfoHash) {
    this.all = [begunUnder];
  }

  get first(): InfoHash {
    return this.all[0] as InfoHash;
  }
}

/** The tasks in memory. A task stands under each of its names, and each name leads to one task. */
export class Roll {
  readonly #tasks = new Map<InfoHash, Task>();

  /** Names, of which a task has one or two. */
  get size(): number {
    return this.#tasks.size;
  }

  get(id: InfoHash): Task | undefined {
    return this.#tasks.get(id);
  }

  /** Each once, however many names it has. */
  all(): Task[] {
    return [...new Set(this.#tasks.values())];
  }

  /** Returns the other tasks that stood under one of these names, and do so no more. */
  enter({ all, task }: Names): Task[] {
    const others = new Set<Task>();
    for (const id of all) {
      const other = this.#tasks.get(id);
      if (other && other !== task) others.add(other);
      if (task) this.#tasks.set(id, task);
    }
    return [...others];
  }

  leave({ all, task }: Names): void {
    for (const id of all) if (this.#tasks.get(id) === task) this.#tasks.delete(id);
  }
}
