import { createHash } from 'node:crypto';
import type { LogLine } from '#base/log.ts';

/** Lines that are kept of a run, the last ones: what a person reads when it failed. */
const KEPT_LINES = 400;

/** Of these the reason tells more than the event; it is one of a few. */
const SAID_WITH_WHY: ReadonlySet<string> = new Set(['task refused', 'client left', 'client-dropped', 'download-held']);

/** What happened, as one hash, and its end in words. Two runs of one seed must have the same. */
export class Trace {
  readonly #sum = createHash('sha256');
  readonly #elapsedMs: () => number;
  readonly #lines: string[] = [];

  constructor(elapsedMs: () => number) {
    this.#elapsedMs = elapsedMs;
  }

  /** Bytes arrived somewhere. */
  bytes(where: string, chunk: Uint8Array): void {
    this.#sum.update(`${this.#elapsedMs()} ${where} `);
    this.#sum.update(chunk);
  }

  note(text: string): void {
    const line = `${(this.#elapsedMs() / 1000).toFixed(3)} ${text}`;
    this.#sum.update(line);
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
  }

  /** How often the box said what. */
  readonly said = new Map<string, number>();

  log({ level, event, fields }: LogLine): void {
    const what = typeof fields.why === 'string' && SAID_WITH_WHY.has(event) ? `${event}: ${fields.why}` : event;
    this.said.set(what, (this.said.get(what) ?? 0) + 1);
    this.note(`box ${level} ${event} ${JSON.stringify(fields)}`);
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Once, at the end. */
  digest(): string {
    return this.#sum.digest('hex').slice(0, 16);
  }
}
