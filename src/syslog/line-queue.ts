import { SYSLOG_LIMITS } from './limits.ts';
import type { SyslogLine } from './rfc5424.ts';

/** Lines that wait for the server. Full, the oldest goes: what happened last says more. */
export class LineQueue {
  readonly #lines: SyslogLine[] = [];
  #waiting: (() => void) | undefined;
  /** Lines that never left. */
  dropped = 0;

  get length(): number {
    return this.#lines.length;
  }

  push(line: SyslogLine): void {
    this.#lines.push(line);
    if (this.#lines.length > SYSLOG_LIMITS.queueLines) {
      this.#lines.shift();
      this.dropped++;
    }
    this.#waiting?.();
  }

  /** The oldest, which stays until `done`; waits while there is none. Rejects when `signal` ends. */
  async first(signal: AbortSignal): Promise<SyslogLine> {
    for (;;) {
      signal.throwIfAborted();
      const line = this.#lines[0];
      if (line) return line;
      await this.#some(signal);
    }
  }

  /** Unless it had to go meanwhile. */
  done(line: SyslogLine): void {
    if (this.#lines[0] === line) this.#lines.shift();
  }

  clear(): void {
    this.#lines.length = 0;
  }

  #some(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => {
      signal.removeEventListener('abort', wake);
      this.#waiting = undefined;
      resolve();
    };
    this.#waiting = wake;
    signal.addEventListener('abort', wake, { once: true });
    return promise;
  }
}
