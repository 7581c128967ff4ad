import { createHash, timingSafeEqual } from 'node:crypto';
import { accountOf, credentialOf } from './account-list.ts';
import type { AuditEntry, AuditLog } from './audit-log.ts';
import type { Caller, Credentials } from './caller.ts';
import { cookieSecret } from './cookies.ts';
import type { Presence } from './presence.ts';
import type { Register } from './register.ts';
import { csrfTokenOf, idOf, type Session } from './sessions.ts';
import { tokenOf, tokenRight } from './token-list.ts';

const BEARER = /^Bearer +([^ ]+)$/i;

/**
 * Tells who asks. A session lasts while its account has the password that it was begun with; what its account may do now is what it
 * may do.
 */
export class Doors {
  readonly #register: Register;
  readonly #presence: Presence;
  readonly #audit: AuditLog;
  readonly #nowMs: () => number;

  constructor(register: Register, presence: Presence, audit: AuditLog, nowMs: () => number) {
    this.#register = register;
    this.#presence = presence;
    this.#audit = audit;
    this.#nowMs = nowMs;
  }

  /** A token that does not hold makes nobody of its sender, not even a guest: a script must see that it is wrong. */
  asker({ cookie, authorization, address, via }: Credentials): Caller {
    const nowMs = this.#nowMs();
    if (authorization !== undefined) {
      const found = tokenOf(this.#register.data, BEARER.exec(authorization)?.[1] ?? '', nowMs);
      if (!found) return { kind: 'guest', name: '', address, via };
      this.#presence.see(found.token.id, nowMs);
      const { id, name } = found.token;
      return { kind: 'token', name: `token:${name}`, right: found.right, address, via, tokenId: id };
    }
    const session = this.#presence.sessions.find(cookieSecret(cookie, via) ?? '', nowMs);
    const account = session && this.#accountOf(session);
    if (session && account) {
      if (this.#presence.sessions.see(session, nowMs)) this.#presence.touch();
      return { kind: 'session', name: account.name, right: account.right, address, via, sessionId: idOf(session) };
    }
    return this.guest({ address, via });
  }

  guest({ address, via }: Pick<Credentials, 'address' | 'via'>): Caller {
    const mayLook = this.#register.state === 'ready' && this.#register.data.guestsMayLook;
    return { kind: 'guest', name: '', address, via, ...(mayLook && { right: 'look' as const }) };
  }

  csrfHolds({ sessionId }: Caller, token: string | undefined): boolean {
    const expected = this.csrfTokenOf(sessionId);
    if (expected === undefined || token === undefined) return false;
    // Hashed first, as what is compared must have one length.
    return timingSafeEqual(sha256(expected), sha256(token));
  }

  csrfTokenOf(sessionId: string | undefined): string | undefined {
    const session = sessionId === undefined ? undefined : this.#presence.sessions.byId(sessionId, this.#nowMs());
    return session && csrfTokenOf(session);
  }

  /** False: what the asker was let in by has ended since, or gives another right than it did. A page that listens is a page in use. */
  mayStay(asker: Caller): boolean {
    if (asker.kind === 'socket') return true;
    if (this.#rightNow(asker) !== asker.right) return false;
    const nowMs = this.#nowMs();
    const session = asker.sessionId === undefined ? undefined : this.#presence.sessions.byId(asker.sessionId, nowMs);
    if (session && this.#presence.sessions.see(session, nowMs)) this.#presence.touch();
    return true;
  }

  audit(entry: AuditEntry): void {
    this.#audit.add(entry);
  }

  #rightNow({ kind, sessionId, tokenId, address, via }: Caller): Caller['right'] {
    const nowMs = this.#nowMs();
    if (kind === 'session' && sessionId !== undefined) {
      const session = this.#presence.sessions.byId(sessionId, nowMs);
      return session && this.#accountOf(session)?.right;
    }
    if (kind === 'token') {
      const token = this.#register.data.tokens.find(({ id }) => id === tokenId);
      return token && tokenRight(this.#register.data, token, nowMs);
    }
    return this.guest({ address, via }).right;
  }

  #accountOf(session: Session) {
    const account = accountOf(this.#register.data, session.account);
    return account && credentialOf(account) === session.credential ? account : undefined;
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
