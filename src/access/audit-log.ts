import { type FileHandle, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { TokenBucket } from '#base/token-bucket.ts';
import { type AuditRow, lastIdIn, parseRow } from './audit-row.ts';
import { ACCESS_LIMITS } from './limits.ts';

export type AuditEntry = Omit<AuditRow, 'id' | 'atMs'>;

/** Rows of what was refused: so many at once, and one in so many seconds from then on. Whoever hammers must not push the rest out. */
const REFUSED = { burst: 50, everyS: 10 } as const;
const budget = (nowMs: number): TokenBucket => new TokenBucket(1 / REFUSED.everyS, REFUSED.burst, nowMs);

/**
 * Who changed what, one JSON line each, in two files of a bounded size: when one is full it takes the place of the other. Rows of what
 * was done are on the disk soon after; no secret is ever given to it.
 */
export class AuditLog {
  readonly #path: string;
  readonly #log: Log;
  readonly #nowMs: () => number;
  /** What strangers do costs those who are known no row. */
  readonly #refused: { readonly strangers: TokenBucket; readonly known: TokenBucket };
  readonly #waiting: AuditRow[] = [];
  /** Who else is to have each row. It must not throw, nor take long. */
  told: ((row: AuditRow) => void) | undefined;
  #file: FileHandle | undefined;
  #bytes = 0;
  #nextId = 1;
  #omitted = 0;
  #writing: Promise<void> = Promise.resolve();

  private constructor(folder: string, log: Log, nowMs: () => number) {
    this.#path = join(folder, 'audit.ndjson');
    this.#log = log;
    this.#nowMs = nowMs;
    this.#refused = { strangers: budget(nowMs()), known: budget(nowMs()) };
  }

  static async open(folder: string, log: Log, nowMs: () => number): Promise<AuditLog> {
    const audit = new AuditLog(folder, log, nowMs);
    const [older, newer] = await Promise.all([textOf(audit.#older), textOf(audit.#path)]);
    audit.#nextId = Math.max(lastIdIn(older), lastIdIn(newer)) + 1;
    return audit;
  }

  /** Never rejects: what cannot be written is a line in the daemon's log. */
  add({ who, address, what, detail, outcome }: AuditEntry): void {
    const nowMs = this.#nowMs();
    const bucket = who === '' ? this.#refused.strangers : this.#refused.known;
    if ((outcome === 'refused' && !mayTake(bucket, nowMs)) || this.#waiting.length >= ACCESS_LIMITS.auditWaiting) {
      this.#omitted++;
      return;
    }
    const omitted = this.#omitted > 0 ? { omitted: this.#omitted } : {};
    this.#omitted = 0;
    const row: AuditRow = {
      id: this.#nextId++,
      atMs: nowMs,
      who: clean(who),
      address: clean(address),
      what: clean(what),
      detail: { ...cleanDetail(detail), ...omitted },
      outcome,
    };
    this.told?.(row);
    this.#waiting.push(row);
    this.#writing = this.#writing.then(() => this.#write());
  }

  /** Newest first, older than `before`. */
  async page({ before = Number.MAX_SAFE_INTEGER, limit = 50 }: { before?: number; limit?: number }): Promise<{
    rows: AuditRow[];
    hasMore: boolean;
  }> {
    await this.#writing;
    const wanted = Math.min(limit, ACCESS_LIMITS.auditPage);
    const rows: AuditRow[] = [];
    for (const path of [this.#path, this.#older]) {
      const lines = (await textOf(path)).split('\n');
      for (let at = lines.length - 1; at >= 0 && rows.length <= wanted; at--) {
        const row = parseRow(lines[at] as string);
        if (row && row.id < before) rows.push(row);
      }
    }
    return { rows: rows.slice(0, wanted), hasMore: rows.length > wanted };
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
  }

  get #older(): string {
    return this.#path.replace(/\.ndjson$/, '.1.ndjson');
  }

  async #write(): Promise<void> {
    const rows = this.#waiting.splice(0);
    if (rows.length === 0) return;
    const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    try {
      const file = await this.#opened();
      await file.appendFile(text);
      this.#bytes += Buffer.byteLength(text);
      if (rows.some(({ outcome }) => outcome === 'done')) await file.datasync();
      if (this.#bytes >= ACCESS_LIMITS.auditBytes) await this.#rotate(file);
    } catch (error) {
      this.#log.error('audit-not-written', { rows: rows.length, why: errorText(error) });
      // Half a line may be there: opened anew, it is ended first.
      const file = this.#file;
      this.#file = undefined;
      await file?.close().catch(() => {});
    }
  }

  async #opened(): Promise<FileHandle> {
    if (this.#file) return this.#file;
    const file = await open(this.#path, 'a+', 0o600);
    this.#bytes = (await file.stat()).size;
    // A line that a power cut tore must not take the next one with it.
    const last = Buffer.alloc(1);
    if (this.#bytes > 0) await file.read(last, 0, 1, this.#bytes - 1);
    if (this.#bytes > 0 && last[0] !== 0x0a) await file.appendFile('\n');
    this.#file = file;
    return file;
  }

  async #rotate(file: FileHandle): Promise<void> {
    this.#file = undefined;
    await file.close();
    await rename(this.#path, this.#older);
  }
}

function mayTake(bucket: TokenBucket, nowMs: number): boolean {
  if (!bucket.take(1, nowMs)) return false;
  bucket.settle(1, nowMs);
  return true;
}

/** Control characters would make two lines of one in a terminal. */
const clean = (text: string): string => text.replace(/\p{C}/gu, '?').slice(0, ACCESS_LIMITS.auditChars);
const cleanDetail = (detail: AuditRow['detail']): AuditRow['detail'] =>
  Object.fromEntries(
    Object.entries(detail)
      .slice(0, ACCESS_LIMITS.auditFields)
      .map(([name, value]) => [clean(name), typeof value === 'string' ? clean(value) : value]),
  );

const textOf = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
};
