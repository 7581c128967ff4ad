import { hostname } from 'node:os';
import type { Clock } from '#base/clock.ts';
import { errorText, isAbort } from '#base/errors.ts';
import { budgeted, type Log, type LogLine } from '#base/log.ts';
import { SYSLOG_LIMITS } from './limits.ts';
import { LineQueue } from './line-queue.ts';
import { type Destination, type Link, openLink } from './link.ts';
import { type Sender, type SyslogLine, syslogMessage } from './rfc5424.ts';

export type SyslogSettings = Destination & { readonly enabled: boolean };

/** What the operator's own actions left in the audit log. */
export type AuditLine = { readonly atMs?: number; readonly what: string };

/**
 * Sends the daemon's log and its audit log to a syslog server. Nobody waits for it: lines go into a queue that is bounded, and a server that is
 * away is tried again, ever more seldom.
 */
export class Syslog {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #sender: Sender;
  readonly #queue = new LineQueue();
  readonly #line: (line: LogLine) => void;
  #settings: SyslogSettings | undefined;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #link: Link | undefined;
  #isReached = true;
  #isClosed = false;

  /** `log`: where it says that the server is away. Its lines may come here. */
  constructor(clock: Clock, log: Log, sender: Sender = { host: hostname(), app: 'swarmbox', pid: process.pid }) {
    this.#clock = clock;
    this.#log = log;
    this.#sender = sender;
    this.#line = budgeted(
      ({ level, event, fields }) =>
        this.#push({ facility: 'daemon', severity: level, event, text: JSON.stringify({ event, ...fields }) }),
      () => clock.nowMs(),
    );
  }

  /** At once. Switched off, what waits is thrown away. */
  setSettings(settings: SyslogSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    const { enabled, host, port, protocol } = settings;
    const isSame =
      before?.enabled === enabled && before.host === host && before.port === port && before.protocol === protocol;
    if (isSame || this.#isClosed) return;
    this.#stop.abort();
    this.#stop = new AbortController();
    if (!enabled) this.#queue.clear();
    else {
      const { signal } = this.#stop;
      this.#isReached = true;
      this.#running = this.#running.then(() => this.#forward(settings, signal));
    }
  }

  /** Lines that never left the box. */
  get dropped(): number {
    return this.#queue.dropped;
  }

  /** A line of the daemon's log. */
  line(line: LogLine): void {
    if (this.#settings?.enabled) this.#line(line);
  }

  /** A row of the audit log, whatever it holds beside. */
  audit(row: AuditLine): void {
    if (this.#settings?.enabled)
      this.#push({ facility: 'audit', severity: 'notice', event: row.what, text: JSON.stringify(row) });
  }

  /** What still waits is given a moment. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const deadline = AbortSignal.timeout(SYSLOG_LIMITS.closeMs);
    while (this.#settings?.enabled && this.#queue.length > 0 && !deadline.aborted)
      await new Promise((r) => setTimeout(r, 10));
    this.#stop.abort();
    await this.#running;
  }

  #push(line: Omit<SyslogLine, 'atMs'>): void {
    this.#queue.push({ ...line, atMs: this.#clock.nowMs() });
  }

  /** Until `signal` ends. */
  async #forward(to: Destination, signal: AbortSignal): Promise<void> {
    const end = (): void => this.#link?.close();
    signal.addEventListener('abort', end);
    for (let tries = 0; !signal.aborted; ) {
      try {
        await this.#queue.first(signal);
        this.#link = await openLink(to, signal);
        if (signal.aborted) break;
        while (!this.#link.isOver) {
          await this.#next(this.#link, signal);
          tries = 0;
          this.#reached(true);
        }
      } catch (error) {
        if (signal.aborted) break;
        this.#reached(false, isAbort(error) ? 'no answer' : errorText(error));
        const waitMs = Math.min(SYSLOG_LIMITS.retryMaxMs, SYSLOG_LIMITS.retryMs * 2 ** Math.min(tries++, 10));
        await this.#clock.sleep(waitMs, signal).catch(() => {});
      } finally {
        this.#close();
      }
    }
    signal.removeEventListener('abort', end);
  }

  /** A line leaves the queue when it was sent: what the server did not take is tried again. */
  async #next(link: Link, signal: AbortSignal): Promise<void> {
    const line = await this.#queue.first(signal);
    // A server that hung up while there was nothing to say.
    if (link.isOver) return;
    await link.send(syslogMessage(line, this.#sender, link.maxBytes));
    this.#queue.done(line);
  }

  #close(): void {
    const link = this.#link;
    this.#link = undefined;
    try {
      link?.close();
    } catch {
      // It was closed when the signal ended.
    }
  }

  /** Said once when it goes, and once when it is back. */
  #reached(isReached: boolean, why?: string): void {
    if (isReached === this.#isReached) return;
    this.#isReached = isReached;
    if (isReached) this.#log.info('syslog-reached-again', { dropped: this.#queue.dropped });
    else
      this.#log.warn('syslog-unreachable', {
        why,
        next: 'check the address, and that the server takes messages from the box',
      });
  }
}
