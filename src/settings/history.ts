import { readFile } from 'node:fs/promises';
import { replaceFile } from './durable-file.ts';

/** One state of the settings, and how it came about. `given`: what the file held. */
export type Revision = {
  readonly revision: number;
  readonly atMs: number;
  readonly who: string;
  readonly note: string;
  readonly kind: RevisionKind;
  readonly given: Given;
};
export type RevisionKind = 'start' | 'change' | 'restore' | 'backup' | 'reset' | 'file' | 'reverted';
export type Given = Readonly<Record<string, unknown>>;

/** Of what is kept: rows, and bytes, as a list in the settings may be long. The newest always stays. */
export const HISTORY_LIMITS = { rows: 200, bytes: 16 << 20 } as const;

/**
 * The settings as they were, newest last, a line of JSON each. Written whole each time, so that a kill in the middle leaves the old one.
 */
export class History {
  readonly #path: string;
  #rows: readonly Revision[];

  private constructor(path: string, rows: readonly Revision[]) {
    this.#path = path;
    this.#rows = rows;
  }

  /** What cannot be read is left out: a history that is broken must not keep the box from starting. */
  static async open(path: string): Promise<History> {
    const text = await readFile(path, 'utf8').catch(() => '');
    const rows = text.split('\n').flatMap((line) => rowOf(line) ?? []);
    return new History(path, rows);
  }

  get rows(): readonly Revision[] {
    return this.#rows;
  }

  get newest(): Revision | undefined {
    return this.#rows.at(-1);
  }

  at(revision: number): Revision | undefined {
    return this.#rows.find((row) => row.revision === revision);
  }

  /** Durable when it resolves. Rejects when it cannot be written: then nothing has changed. */
  async add(row: Revision): Promise<void> {
    await this.#write([...this.#rows, row]);
  }

  /** The newest never came about. */
  async withdraw(): Promise<void> {
    await this.#write(this.#rows.slice(0, -1));
  }

  async #write(rows: readonly Revision[]): Promise<void> {
    const lines: string[] = [];
    let bytes = 0;
    for (const row of rows.slice(-HISTORY_LIMITS.rows).toReversed()) {
      const line = `${JSON.stringify(row)}\n`;
      bytes += Buffer.byteLength(line);
      if (lines.length > 0 && bytes > HISTORY_LIMITS.bytes) break;
      lines.push(line);
    }
    await replaceFile(this.#path, lines.toReversed().join(''));
    this.#rows = rows.slice(rows.length - lines.length);
  }
}

function rowOf(line: string): Revision | undefined {
  try {
    const row = JSON.parse(line) as Revision;
    const isRow = Number.isSafeInteger(row.revision) && typeof row.given === 'object' && row.given !== null;
    return isRow && typeof row.who === 'string' && Number.isFinite(row.atMs) ? row : undefined;
  } catch {
    return undefined;
  }
}
