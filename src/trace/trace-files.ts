import { appendFile, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#base/clock.ts';
import { errorCode, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { TRACE_LIMITS } from './limits.ts';
import { type Session, sessionIn } from './session.ts';

type Limits = Readonly<Record<'fileBytes' | 'fileMs' | 'totalBytes' | 'keepMs' | 'waitingBytes', number>>;
type File = { readonly number: number; bytes: number; readonly begunMs: number; changedMs: number };

const nameOf = (number: number): string => `${String(number).padStart(8, '0')}.jsonl`;
const NAME = /^(\d{8})\.jsonl$/;

/** The trace on the disk: a row of numbered files of lines, of which the oldest goes. A kill loses what was not written yet, and no more. */
export class TraceFiles {
  readonly folder: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limits: Limits;
  /** The oldest first. */
  #files: File[] = [];
  #waitingBytes = 0;
  #last: Promise<void> = Promise.resolve();
  #isTroubled = false;
  /** Ends half a line, which a kill or a full disk may have left. */
  #lead = '';

  private constructor(folder: string, clock: Clock, log: Log, limits: Limits) {
    this.folder = folder;
    this.#clock = clock;
    this.#log = log;
    this.#limits = limits;
  }

  static async open(folder: string, clock: Clock, log: Log, limits: Limits = TRACE_LIMITS): Promise<TraceFiles> {
    const files = new TraceFiles(folder, clock, log, limits);
    await files.#attempt(async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      for (const number of await numbersIn(folder)) {
        const { size, birthtimeMs, mtimeMs } = await stat(join(folder, nameOf(number)));
        files.#files.push({ number, bytes: size, begunMs: birthtimeMs || mtimeMs, changedMs: mtimeMs });
      }
      if (files.#files.length > 0) files.#lead = '\n';
      await files.#forget();
    });
    return files;
  }

  /** Written one after the other, in the background. What the disk does not take in time is lost. */
  append(lines: readonly string[]): void {
    let text = '';
    for (const line of lines)
      if (this.#waitingBytes + text.length + line.length < this.#limits.waitingBytes) text += `${line}\n`;
    if (text === '') return;
    this.#waitingBytes += text.length;
    this.#last = this.#last.then(async () => {
      await this.#attempt(() => this.#write(text));
      this.#waitingBytes -= text.length;
    });
  }

  /** What is too old goes although nothing new comes. */
  tick(): void {
    this.#last = this.#last.then(() => this.#attempt(() => this.#forget()));
  }

  /** Resolves when all is written. */
  settled(): Promise<void> {
    return this.#last;
  }

  async #write(text: string): Promise<void> {
    const nowMs = this.#clock.nowMs();
    let file = this.#files.at(-1);
    const isDone =
      file && (file.bytes + text.length > this.#limits.fileBytes || this.#isOld(file.begunMs, this.#limits.fileMs));
    if (!file || isDone) {
      file = { number: (file?.number ?? 0) + 1, bytes: 0, begunMs: nowMs, changedMs: nowMs };
      this.#files.push(file);
    }
    const lines = this.#lead + text;
    this.#lead = '\n';
    await appendFile(join(this.folder, nameOf(file.number)), lines, { mode: 0o600 });
    this.#lead = '';
    file.bytes += lines.length;
    file.changedMs = nowMs;
    await this.#forget();
  }

  async #forget(): Promise<void> {
    const total = (): number => this.#files.reduce((sum, { bytes }) => sum + bytes, 0);
    for (let oldest = this.#files[0]; oldest; oldest = this.#files[0]) {
      if (total() <= this.#limits.totalBytes && !this.#isOld(oldest.changedMs, this.#limits.keepMs)) return;
      await rm(join(this.folder, nameOf(oldest.number)), { force: true });
      this.#files.shift();
    }
  }

  /** What a clock that was set back since has written is not old. */
  #isOld(sinceMs: number, ageMs: number): boolean {
    return this.#clock.nowMs() - sinceMs > ageMs;
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#isTroubled = false;
    } catch (error) {
      if (!this.#isTroubled) this.#log.warn('trace-not-written', { why: errorText(error) });
      this.#isTroubled = true;
    }
  }
}

/** The sessions that are written, those that were over first coming first. `bad` is told of lines that are none. */
export async function* sessionsIn(folder: string, bad: () => void = () => {}): AsyncGenerator<Session> {
  for (const number of await numbersIn(folder)) {
    for (const line of (await textOf(join(folder, nameOf(number)))).split('\n')) {
      if (line === '') continue;
      const session = sessionIn(line);
      if (session) yield session;
      else bad();
    }
  }
}

/** The file may have gone meanwhile; and one that no daemon has made so large is not read. */
async function textOf(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    return size > TRACE_LIMITS.totalBytes ? '' : await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return '';
  }
}

async function numbersIn(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch(noneOf<string>);
  return names
    .flatMap((name) => NAME.exec(name)?.slice(1) ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

function noneOf<T>(error: unknown): T[] {
  if (errorCode(error) !== 'ENOENT') throw error;
  return [];
}
