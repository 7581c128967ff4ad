import type { Clock } from '#base/clock.ts';
import type { Token } from './access-data.ts';
import { type Caller, CONSOLE } from './caller.ts';
import type { Presence } from './presence.ts';
import { type Refusal, refusal } from './refusal.ts';
import type { Register } from './register.ts';
import { lesser } from './rights.ts';
import { makeToken, type TokenOrder, withoutToken, withToken } from './token-list.ts';

/** What scripts show instead of a password. */
export class Tokens {
  readonly #register: Register;
  readonly #presence: Presence;
  readonly #clock: Clock;

  constructor(register: Register, presence: Presence, clock: Clock) {
    this.#register = register;
    this.#presence = presence;
    this.#clock = clock;
  }

  list(): readonly Token[] {
    return this.#register.data.tokens;
  }

  /** The token itself is in the answer, and nowhere else. */
  async make(order: TokenOrder, by: Caller): Promise<{ kept: Token; token: string } | Refusal> {
    const maker = this.#makerOf(by);
    if (maker === undefined || by.right === undefined) return refusal('not-allowed', 'Sign in to make a token.');
    const made = makeToken({ ...order, right: lesser(order.right, by.right) }, maker, this.#clock.nowMs());
    return (await this.#register.change((data) => withToken(data, made.kept))) ?? made;
  }

  async remove(id: string): Promise<Refusal | undefined> {
    const refused = await this.#register.change((data) => withoutToken(data, id));
    if (!refused) this.#presence.keep(this.#register.data);
    return refused;
  }

  /** Whose tokens' rights end with the account: a token made with a token is of the same account. */
  #makerOf({ kind, name, tokenId }: Caller): string | undefined {
    if (kind === 'socket') return CONSOLE;
    if (kind === 'session') return name;
    return kind === 'token' ? this.list().find(({ id }) => id === tokenId)?.createdBy : undefined;
  }
}
