import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { problemsOf } from '#base/schema-check.ts';
import type { AccessData } from './access-data.ts';
import { LazyFile } from './lazy-file.ts';
import { ACCESS_LIMITS } from './limits.ts';
import { readSecretFile } from './secret-file.ts';
import { type Session, Sessions } from './sessions.ts';

/** Of an account by its name, of a token by its id. */
export type Marks = {
  /** When an account signed in last, when a token was used last. */
  seenAtMs: Record<string, number>;
  /** The last TOTP step of an account that was used. */
  usedStep: Record<string, number>;
};

const text = (maxLength: number) => ({ type: 'string', maxLength });
const atMs = { type: 'integer', minimum: 0 };
const SESSION = {
  hash: { type: 'string', pattern: '^[0-9a-f]{64}$' },
  account: text(32),
  credential: text(16),
  address: text(64),
  userAgent: text(ACCESS_LIMITS.userAgentChars),
  createdAtMs: atMs,
  lastSeenAtMs: atMs,
};
const SCHEMA = {
  type: 'object',
  required: ['version', 'sessions', 'seenAtMs', 'usedStep'],
  properties: {
    version: { const: 1 },
    sessions: {
      type: 'array',
      maxItems: ACCESS_LIMITS.sessions,
      items: { type: 'object', required: Object.keys(SESSION), additionalProperties: false, properties: SESSION },
    },
    seenAtMs: { type: 'object', additionalProperties: atMs },
    usedStep: { type: 'object', additionalProperties: atMs },
  },
};

/**
 * What is known of who comes and goes, in a file of its own that is written lazily: losing it means signing in again. What must be sure
 * (that a password was changed, an account removed) does not hang on it: a session names the password it was begun with.
 */
export class Presence {
  readonly sessions: Sessions;
  readonly #marks: Marks;
  readonly #file: LazyFile;

  private constructor(path: string, sessions: readonly Session[], marks: Marks, log: Log) {
    this.sessions = new Sessions(sessions);
    this.#marks = marks;
    this.#file = new LazyFile(path, () => this.#text(), log);
  }

  static async open(path: string, log: Log): Promise<Presence> {
    const none: Marks = { seenAtMs: {}, usedStep: {} };
    try {
      const read = await readSecretFile(path, ACCESS_LIMITS.fileBytes);
      if (read === undefined) return new Presence(path, [], none, log);
      const value = JSON.parse(read);
      if (problemsOf(value, SCHEMA).length === 0) {
        const { sessions, seenAtMs, usedStep } = value as { sessions: Session[] } & Marks;
        return new Presence(path, sessions, { seenAtMs, usedStep }, log);
      }
      log.warn('sessions-forgotten', { path, why: 'the file is damaged' });
    } catch (error) {
      log.warn('sessions-forgotten', { path, why: errorText(error) });
    }
    return new Presence(path, [], none, log);
  }

  /** An account's or a token's last time; undefined: never. */
  seenAtMs(key: string): number | undefined {
    return Object.hasOwn(this.#marks.seenAtMs, key) ? this.#marks.seenAtMs[key] : undefined;
  }

  see(key: string, nowMs: number): void {
    if (Math.abs(nowMs - (this.seenAtMs(key) ?? 0)) < ACCESS_LIMITS.lastSeenMs) return;
    this.#marks.seenAtMs[key] = nowMs;
    this.touch();
  }

  usedStep(account: string): number {
    return Object.hasOwn(this.#marks.usedStep, account) ? (this.#marks.usedStep[account] ?? -1) : -1;
  }

  use(account: string, step: number): void {
    this.#marks.usedStep[account] = step;
    this.touch();
  }

  /** Only these accounts and tokens are there still. */
  keep({ accounts, tokens }: Pick<AccessData, 'accounts' | 'tokens'>): void {
    const keys = new Set([...accounts.map(({ name }) => name), ...tokens.map(({ id }) => id)]);
    for (const marks of [this.#marks.seenAtMs, this.#marks.usedStep])
      for (const key of Object.keys(marks)) if (!keys.has(key)) delete marks[key];
    this.touch();
  }

  /** A session changed. */
  touch(): void {
    this.#file.touch();
  }

  flush(): Promise<void> {
    return this.#file.flush();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #text(): string {
    return `${JSON.stringify({ version: 1, sessions: this.sessions.all(), ...this.#marks })}\n`;
  }
}
