import type { Clock } from '#base/clock.ts';
import { ACCOUNT_NAME, type AccessData, type Account, NOBODY_YET } from './access-data.ts';
import { accountOf, credentialOf, withChanged } from './account-list.ts';
import type { Seat } from './caller.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { weaknessOf } from './password-policy.ts';
import type { Presence } from './presence.ts';
import type { Proof, Prover } from './prover.ts';
import { isRefusal, type Refusal, refusal } from './refusal.ts';
import type { Register } from './register.ts';
import { idOf } from './sessions.ts';

/** Somebody is in: what the cookie is to hold. */
export type SignedIn = { readonly account: Account; readonly secret: string; readonly sessionId: string };
export type FirstAccount = { readonly name: string; readonly password: string; readonly guestsMayLook?: boolean };

/** How somebody gets in: the first account of all, an account's password, and a new password. */
export class SignIn {
  readonly #register: Register;
  readonly #presence: Presence;
  readonly #hasher: PasswordHasher;
  readonly #prover: Prover;
  readonly #clock: Clock;

  constructor(of: { register: Register; presence: Presence; hasher: PasswordHasher; prover: Prover; clock: Clock }) {
    this.#register = of.register;
    this.#presence = of.presence;
    this.#hasher = of.hasher;
    this.#prover = of.prover;
    this.#clock = of.clock;
  }

  /** Makes the first administrator. Where the accounts are damaged, only the control socket may: strangers could wait for that. */
  async setUp(first: FirstAccount, seat: Seat): Promise<SignedIn | Refusal> {
    const { state } = this.#register;
    if (state === 'ready') return refusal('already-set-up', 'There is an account already: sign in.');
    if (state === 'damaged' && seat.via !== 'socket') return DAMAGED;
    const password = await this.newPassword(first.password, first.name);
    if (isRefusal(password)) return password;
    const nowMs = this.#clock.nowMs();
    const account: Account = { name: first.name, right: 'administer', password, createdAtMs: nowMs };
    const data: AccessData = { ...NOBODY_YET, accounts: [account], guestsMayLook: first.guestsMayLook ?? false };
    const refused = await this.#register.begin(data, nowMs);
    if (refused) return refused;
    // What was known of whoever was there before counts no more.
    this.#presence.sessions.endAll();
    this.#presence.keep(NOBODY_YET);
    return this.#begin(account, seat);
  }

  async signIn(proof: Proof, seat: Seat): Promise<SignedIn | Refusal> {
    if (this.#register.state === 'new')
      return refusal('not-set-up', 'Nobody has an account yet: set the box up first.');
    if (this.#register.state === 'damaged') return DAMAGED;
    const account = await this.#prover.prove(proof, seat.address, 'password-and-code');
    return isRefusal(account) ? account : this.#begin(account, seat);
  }

  /** Somebody's own new password: all sessions end, and one begins. */
  async changePassword(name: string, words: { old: string; new: string }, seat: Seat): Promise<SignedIn | Refusal> {
    const proven = await this.#prover.prove({ name, password: words.old }, seat.address, 'password');
    if (isRefusal(proven)) return proven;
    const password = await this.newPassword(words.new, proven.name);
    if (isRefusal(password)) return password;
    const changed: Account = { ...proven, password };
    // An account that was changed meanwhile, or made anew under this name, is not the one whose password was shown.
    const refused = await this.#register.change((data) =>
      accountOf(data, proven.name) === proven ? withChanged(data, proven.name, () => changed) : CHANGED,
    );
    if (refused) return refused;
    this.#presence.sessions.endOf(changed.name);
    return this.#begin(changed, seat);
  }

  /** As it is kept. */
  async newPassword(password: string, name: string): Promise<string | Refusal> {
    if (!ACCOUNT_NAME.test(name))
      return refusal('invalid', 'This is no name for an account.', {
        fields: [{ path: 'name', code: 'wrong-format' }],
      });
    const weakness = weaknessOf(password, name);
    if (weakness !== undefined) return refusal('weak-password', weakness);
    const hash = await this.#hasher.hash(password);
    return hash === 'busy' ? refusal('busy', 'Too many sign in at this moment.', { waitMs: 2000 }) : hash;
  }

  #begin(account: Account, { address, userAgent }: Seat): SignedIn {
    const nowMs = this.#clock.nowMs();
    const of = { account: account.name, credential: credentialOf(account), address, userAgent };
    const secret = this.#presence.sessions.begin(of, nowMs);
    this.#presence.see(account.name, nowMs);
    this.#presence.touch();
    const session = this.#presence.sessions.find(secret, nowMs);
    if (!session) throw new Error('bug: a session that ended as it began');
    return { account, secret, sessionId: idOf(session) };
  }
}

const CHANGED = refusal('conflict', 'The account was changed meanwhile: try again.');
const DAMAGED = refusal(
  'not-available',
  'The file with the accounts is damaged, and nobody can sign in. Put it back and restart, or set up anew through the control socket.',
);
