import { mkdir, readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { sameValue } from './diff.ts';
import { keepBeside, putBack, removeFile, replaceFile } from './durable-file.ts';
import { type Edition, THIS_EDITION } from './edition.ts';
import { type Given, History, type Revision } from './history.ts';
import { asKnown, readSettings, type SettingsFile, textOf } from './settings-file.ts';

/** A change that is being made, or waits for its confirmation: what is needed to take it back after a restart. */
export type Intent = {
  readonly row: Revision;
  readonly before: Given;
  /** It waits to be confirmed. Absent: it is being made, and did not come about if the process ends now. */
  readonly confirm?: { readonly token: string; readonly untilMs: number };
};

const INTENT_FILE = 'settings-change.json';
const HISTORY_FILE = 'settings-history.ndjson';
/** A person mends, or minds, no more at a time. */
const TOLD_MAX = 20;
/** Who takes a change back that nobody confirmed. */
export const THE_BOX = 'box';

/**
 * The settings' file, its history, and the change under way, on the disk.
 * Invariant: at any moment a kill leaves a file that holds all of the settings before a change or all of those after it, and as long as the change can
 * be taken back, what is needed for it. Taking back needs no free space: the old file is there under a second name.
 */
export class SettingsBook {
  readonly #path: string;
  readonly #folder: string;
  readonly #log: Log;
  readonly #history: History;
  readonly #edition: Edition;
  #given: Given;
  /** What the file holds beside that: see SettingsFile. */
  #file: SettingsFile;
  #intent: Intent | undefined;
  /** Counts on when the history cannot be written. */
  #revision: number;

  private constructor(path: string, folder: string, file: SettingsFile, history: History, log: Log, edition: Edition) {
    this.#path = path;
    this.#folder = folder;
    this.#log = log;
    this.#file = file;
    this.#given = file.given;
    this.#history = history;
    this.#edition = edition;
    this.#revision = history.newest?.revision ?? 0;
  }

  /** Rejects for a file that is none, with a text that tells why. What a killed process left is put in order. */
  static async open(name: string, nowMs: number, log: Log, edition = THIS_EDITION): Promise<SettingsBook> {
    const path = await realpath(name);
    const file = readSettings(await readFile(path, 'utf8'), edition);
    const { dataDir } = file.given;
    if (typeof dataDir !== 'string') throw new Error('"dataDir" is missing: it must be an absolute path');
    await mkdir(dataDir, { recursive: true, mode: 0o750 });
    const history = await History.open(join(dataDir, HISTORY_FILE));
    const book = new SettingsBook(path, dataDir, file, history, log, edition);
    book.#tell();
    await book.#recover(nowMs);
    return book;
  }

  get given(): Given {
    return this.#given;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Oldest first. */
  get rows(): readonly Revision[] {
    return this.#history.rows;
  }

  /** Its settings as this version understands them, whichever wrote them down. */
  at(revision: number): Revision | undefined {
    const row = this.#history.at(revision);
    return row && { ...row, given: asKnown(row.given, this.#edition) };
  }

  /** The change that can still be taken back. */
  get intent(): Intent | undefined {
    return this.#intent;
  }

  /** Makes the change on the disk. Rejects when it cannot be written: then nothing has changed. */
  async begin(intent: Intent): Promise<void> {
    await this.#keep(intent);
    try {
      await keepBeside(this.#path, this.#keptPath);
      await replaceFile(this.#path, this.#textOf(intent.row.given), 0o640);
      this.#given = intent.row.given;
      await this.#history.add(intent.row);
      this.#revision = intent.row.revision;
    } catch (error) {
      await this.#putBack(intent.before);
      await this.settle();
      throw error;
    }
  }

  /** The change stays. */
  async settle(): Promise<void> {
    this.#intent = undefined;
    await removeFile(this.#intentPath);
    await rm(this.#keptPath, { force: true });
  }

  /** Its deadline is another. */
  async postpone(untilMs: number): Promise<void> {
    const intent = this.#intent;
    if (intent?.confirm) await this.#keep({ ...intent, confirm: { ...intent.confirm, untilMs } });
  }

  /** What was before the change holds again. Rejects when that cannot be written: then the change can still be taken back. */
  async undo(nowMs: number, who: string): Promise<void> {
    const intent = this.#intent;
    if (!intent) return;
    await this.#putBack(intent.before);
    if (this.#history.newest?.revision === intent.row.revision)
      await this.#record({ kind: 'reverted', who, note: '', atMs: nowMs, given: intent.before });
    await this.settle();
  }

  /** Somebody has edited the file: what it gives now. Undefined: nobody has. Rejects for a file that cannot be read. */
  async edited(): Promise<Given | undefined> {
    const file = await this.#read();
    if (sameValue(file.given, this.#given)) return undefined;
    this.#file = file;
    this.#tell();
    return file.given;
  }

  /** The edited file counts from now on; a change that waited is part of it. */
  async adopt(given: Given, nowMs: number): Promise<void> {
    this.#given = given;
    await this.settle();
    await this.#record({ kind: 'file', who: 'file', note: '', atMs: nowMs, given });
  }

  get #intentPath(): string {
    return join(this.#folder, INTENT_FILE);
  }

  get #keptPath(): string {
    return `${this.#path}.before`;
  }

  async #read(path = this.#path): Promise<SettingsFile> {
    return readSettings(await readFile(path, 'utf8'), this.#edition);
  }

  #textOf(given: Given): string {
    return textOf(given, this.#file.others, this.#edition);
  }

  #tell(): void {
    for (const why of this.#file.leftOut.slice(0, TOLD_MAX))
      this.#log.warn('a setting that a newer version wrote is left out, and kept for it', { why });
  }

  async #keep(intent: Intent): Promise<void> {
    await replaceFile(this.#intentPath, JSON.stringify(intent));
    this.#intent = intent;
  }

  async #putBack(before: Given): Promise<void> {
    const now = await this.#read();
    if (!sameValue(now.given, before)) {
      const kept = await this.#read(this.#keptPath).catch(() => undefined);
      if (kept && sameValue(kept.given, before)) await putBack(this.#path, this.#keptPath);
      else await replaceFile(this.#path, this.#textOf(before), 0o640);
    }
    this.#given = before;
  }

  /** The settings hold, whether or not the history can tell of it. */
  async #record(row: Omit<Revision, 'revision'>): Promise<void> {
    this.#revision++;
    try {
      await this.#history.add({ ...row, revision: this.#revision });
    } catch (error) {
      this.#log.warn('the history of the settings cannot be written', { why: errorText(error) });
    }
  }

  async #recover(nowMs: number): Promise<void> {
    await rm(`${this.#path}.new`, { force: true });
    const intent = await readIntent(this.#intentPath, this.#edition);
    this.#intent = intent;
    if (intent && !sameValue(this.#given, intent.row.given) && !sameValue(this.#given, intent.before))
      await this.adopt(this.#given, nowMs);
    else if (intent && (!intent.confirm || sameValue(this.#given, intent.before))) await this.undo(nowMs, THE_BOX);
    else if (intent && this.#history.newest?.revision !== intent.row.revision) {
      this.#revision = intent.row.revision - 1;
      await this.#record(intent.row);
    } else if (!intent) await rm(this.#keptPath, { force: true });
    const { newest } = this.#history;
    if (!newest) await this.#record({ kind: 'start', who: THE_BOX, note: '', atMs: nowMs, given: this.#given });
    else if (!sameValue(asKnown(newest.given, this.#edition), this.#given))
      await this.#record({ kind: 'file', who: 'file', note: '', atMs: nowMs, given: this.#given });
  }
}

/** Written whole or not at all; one that makes no sense is as none. Another version may have written it. */
async function readIntent(path: string, edition: Edition): Promise<Intent | undefined> {
  try {
    const intent = JSON.parse(await readFile(path, 'utf8')) as Intent;
    const isIntent =
      Number.isSafeInteger(intent.row.revision) && typeof intent.before === 'object' && intent.before !== null;
    if (!isIntent || typeof intent.row.given !== 'object') return undefined;
    const row = { ...intent.row, given: asKnown(intent.row.given, edition) };
    return { ...intent, row, before: asKnown(intent.before, edition) };
  } catch {
    return undefined;
  }
}
