import { createHash, randomBytes } from 'node:crypto';
import { ACCESS_LIMITS } from './limits.ts';

/** A browser that is signed in. */
export type Session = {
  /** SHA-256 of what the cookie holds, hex: who reads the file cannot sign in with it. */
  readonly hash: string;
  readonly account: string;
  /** Of the account as it was: see credentialOf. */
  readonly credential: string;
  readonly address: string;
  readonly userAgent: string;
  readonly createdAtMs: number;
  lastSeenAtMs: number;
};

const SHAPE = /^[A-Za-z0-9_-]{43}$/;
const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** What the operator sees of a session: part of a hash, of no use as a cookie. */
export const idOf = ({ hash }: Session): string => hash.slice(0, 16);

/** Goes along with every change: another site's page can make a browser send its cookie, not read this. Who has not the cookie cannot make it. */
export const csrfTokenOf = ({ hash }: Session): string =>
  createHash('sha256').update(`csrf\n${hash}`).digest('base64url');

/** Who is signed in. The time is the caller's. */
export class Sessions {
  /** By hash, not seen for longest first. */
  readonly #all = new Map<string, Session>();

  constructor(sessions: readonly Session[] = []) {
    for (const session of [...sessions].sort((a, b) => a.lastSeenAtMs - b.lastSeenAtMs))
      this.#all.set(session.hash, session);
  }

  /** What the cookie is to hold: 256 random bits, told once. */
  begin(of: Pick<Session, 'account' | 'credential' | 'address' | 'userAgent'>, nowMs: number): string {
    const secret = randomBytes(32).toString('base64url');
    const userAgent = of.userAgent.slice(0, ACCESS_LIMITS.userAgentChars);
    const session: Session = { ...of, userAgent, hash: hashOf(secret), createdAtMs: nowMs, lastSeenAtMs: nowMs };
    this.#drop((one) => isOver(one, nowMs));
    const own = [...this.#all.values()].filter(({ account }) => account === of.account);
    for (const one of own.slice(0, Math.max(0, own.length + 1 - ACCESS_LIMITS.sessionsPerAccount)))
      this.#all.delete(one.hash);
    for (const hash of this.#all.keys()) {
      if (this.#all.size < ACCESS_LIMITS.sessions) break;
      this.#all.delete(hash);
    }
    this.#all.set(session.hash, session);
    return secret;
  }

  /** The session of a cookie, undefined when it has ended. Does not count as being seen. */
  find(secret: string, nowMs: number): Session | undefined {
    if (!SHAPE.test(secret)) return undefined;
    const session = this.#all.get(hashOf(secret));
    if (!session || isOver(session, nowMs)) return undefined;
    return session;
  }

  /** True: long enough since it was seen before that it is worth writing down. */
  see(session: Session, nowMs: number): boolean {
    if (!this.#all.has(session.hash)) return false;
    const since = nowMs - session.lastSeenAtMs;
    if (since >= 0 && since < ACCESS_LIMITS.lastSeenMs) return false;
    session.lastSeenAtMs = nowMs;
    this.#all.delete(session.hash);
    this.#all.set(session.hash, session);
    return true;
  }

  /** True: there was one. */
  end(id: string): boolean {
    return this.#drop((session) => idOf(session) === id) > 0;
  }

  endOf(account: string): void {
    this.#drop((session) => session.account === account);
  }

  endAll(): void {
    this.#all.clear();
  }

  byId(id: string, nowMs: number): Session | undefined {
    return this.list(nowMs).find((session) => idOf(session) === id);
  }

  /** Seen last first. */
  list(nowMs: number): Session[] {
    return [...this.#all.values()].filter((session) => !isOver(session, nowMs)).reverse();
  }

  /** For the file. */
  all(): Session[] {
    return [...this.#all.values()];
  }

  #drop(isTo: (session: Session) => boolean): number {
    const gone = [...this.#all.values()].filter(isTo);
    for (const { hash } of gone) this.#all.delete(hash);
    return gone.length;
  }
}

const isOver = ({ createdAtMs, lastSeenAtMs }: Session, nowMs: number): boolean =>
  nowMs - lastSeenAtMs > ACCESS_LIMITS.sessionIdleMs || nowMs - createdAtMs > ACCESS_LIMITS.sessionMs;
