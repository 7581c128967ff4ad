import type { Clock } from '#base/clock.ts';
import type { Account } from './access-data.ts';
import { accountOf } from './account-list.ts';
import { addressKey } from './address-key.ts';
import { ACCESS_LIMITS } from './limits.ts';
import { Lockout } from './lockout.ts';
import type { PasswordHasher } from './password-hasher.ts';
import type { Presence } from './presence.ts';
import { type Refusal, refusal } from './refusal.ts';
import type { Register } from './register.ts';
import { stepOfCode } from './totp.ts';

/** What somebody shows to be let in. */
export type Proof = { readonly name: string; readonly password: string; readonly code?: string };
export type Factors = 'password' | 'password-and-code';

/**
 * Checks who somebody is, slowly for whoever guesses (see Lockout). A name that nobody has costs the same work and gets the same
 * answer as a wrong password.
 */
export class Prover {
  readonly #register: Register;
  readonly #presence: Presence;
  readonly #hasher: PasswordHasher;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #lockout = new Lockout();
  readonly #decoy: string;
  /** Tries that are looked at now, by sender: one at a time. */
  readonly #trying = new Set<string>();
  /** Tries that are slowed down, by account. */
  readonly #slowed = new Map<string, number>();

  constructor(of: {
    register: Register;
    presence: Presence;
    hasher: PasswordHasher;
    clock: Clock;
    signal: AbortSignal;
  }) {
    this.#register = of.register;
    this.#presence = of.presence;
    this.#hasher = of.hasher;
    this.#decoy = of.hasher.decoy();
    this.#clock = of.clock;
    this.#signal = of.signal;
    for (const { account, address } of of.presence.sessions.all())
      this.#lockout.know(account.toLowerCase(), addressKey(address));
  }

  /** The account whose password (and code, where it has one and `factors` says so) this is. */
  async prove(proof: Proof, address: string, factors: Factors): Promise<Account | Refusal> {
    const name = proof.name.toLowerCase();
    const sender = addressKey(address);
    if (this.#trying.has(sender)) return refusal('busy', 'One try at a time.', { waitMs: 1000 });
    const begun = this.#lockout.begin(name, sender, this.#clock.nowMs());
    if ('locked' in begun)
      return refusal('locked', 'Too many wrong passwords from your address.', { waitMs: begun.locked });
    this.#trying.add(sender);
    try {
      const slowed = await this.#slow(name, begun.slowMs);
      const result = slowed ?? (await this.#check(proof, name, sender, factors));
      if (!('refused' in result)) this.#lockout.succeeded(name, sender);
      else if (!WRONG.has(result.refused)) this.#lockout.takeBack(name, sender);
      return WRONG.has('refused' in result ? result.refused : '')
        ? this.#withWait(result as Refusal, name, sender)
        : result;
    } finally {
      this.#trying.delete(sender);
    }
  }

  async #check({ password, code }: Proof, name: string, sender: string, factors: Factors): Promise<Account | Refusal> {
    const account = accountOf(this.#register.data, name);
    const fits = await this.#hasher.fits(password, account?.password ?? this.#decoy);
    if (fits === 'busy') return refusal('busy', 'Too many sign in at this moment.', { waitMs: 2000 });
    // Whoever was changed or removed meanwhile is not who was asked about.
    if (!fits || !account || accountOf(this.#register.data, name) !== account)
      return refusal('wrong-password', 'The name or the password is wrong.');
    if (account.totp === undefined || factors === 'password') return account;
    if (code === undefined || code === '')
      return refusal('code-needed', 'The code of the authenticator app is needed as well.');
    return this.#checkCode(account, account.totp, code, name, sender);
  }

  #checkCode(account: Account, secret: string, code: string, name: string, sender: string): Account | Refusal {
    const nowMs = this.#clock.nowMs();
    const waitMs = this.#lockout.codeWaitMs(name, sender, nowMs);
    if (waitMs > 0) return refusal('busy', 'Many wrong codes were tried for this account.', { waitMs });
    const step = stepOfCode(secret, code, nowMs, this.#presence.usedStep(account.name));
    if (step === undefined) {
      this.#lockout.wrongCode(name, nowMs);
      return refusal('wrong-code', 'The code is wrong, or was used already: wait for the next one.');
    }
    this.#presence.use(account.name, step);
    return account;
  }

  /** Only so many may be kept waiting: what waits costs a socket. */
  async #slow(name: string, ms: number): Promise<Refusal | undefined> {
    if (ms === 0) return undefined;
    const own = this.#slowed.get(name) ?? 0;
    const all = this.#slowed.values().reduce((sum, one) => sum + one, 0);
    if (own >= ACCESS_LIMITS.slowedPerAccount || all >= ACCESS_LIMITS.slowed)
      return refusal('busy', 'Many try to sign in with this name.', { waitMs: ms });
    this.#slowed.set(name, own + 1);
    try {
      await this.#clock.sleep(ms, this.#signal);
    } finally {
      const left = (this.#slowed.get(name) ?? 1) - 1;
      if (left > 0) this.#slowed.set(name, left);
      else this.#slowed.delete(name);
    }
    return undefined;
  }

  #withWait(refused: Refusal, name: string, sender: string): Refusal {
    const waitMs = this.#lockout.waitMs(name, sender, this.#clock.nowMs());
    return waitMs > 0 ? { ...refused, waitMs } : refused;
  }
}

const WRONG: ReadonlySet<string> = new Set(['wrong-password', 'wrong-code']);
