import type { Clock } from '#base/clock.ts';
import type { Account } from './access-data.ts';
import { accountOf, withAccount, withChanged, withoutAccount } from './account-list.ts';
import { ACCESS_LIMITS } from './limits.ts';
import type { Presence } from './presence.ts';
import type { Prover } from './prover.ts';
import { type QrCode, qrCode } from './qr/qr-code.ts';
import { isRefusal, type Refusal, refusal } from './refusal.ts';
import type { Register } from './register.ts';
import type { Right } from './rights.ts';
import type { SignIn } from './sign-in.ts';
import { newTotpSecret, otpauthUri, stepOfCode } from './totp.ts';

export type AccountChange = { readonly right?: Right; readonly password?: string; readonly removeTotp?: true };
export type TotpOffer = { readonly secret: string; readonly uri: string; readonly qr: QrCode };

/** The accounts, and the second factor of each. */
export class Accounts {
  readonly #register: Register;
  readonly #presence: Presence;
  readonly #prover: Prover;
  readonly #signIn: SignIn;
  readonly #clock: Clock;
  /** What this box is called in an authenticator app. */
  readonly #boxName: string;
  /** Secrets that no code was shown of yet, by account. */
  readonly #offers = new Map<string, { secret: string; atMs: number }>();

  constructor(of: {
    register: Register;
    presence: Presence;
    prover: Prover;
    signIn: SignIn;
    clock: Clock;
    boxName: string;
  }) {
    this.#register = of.register;
    this.#presence = of.presence;
    this.#prover = of.prover;
    this.#signIn = of.signIn;
    this.#clock = of.clock;
    this.#boxName = of.boxName;
  }

  get(name: string): Account | undefined {
    return accountOf(this.#register.data, name);
  }

  async add(of: { name: string; password: string; right: Right }): Promise<Account | Refusal> {
    if (this.get(of.name)) return refusal('conflict', 'There is an account of this name.');
    const password = await this.#signIn.newPassword(of.password, of.name);
    if (isRefusal(password)) return password;
    const account: Account = { name: of.name, right: of.right, password, createdAtMs: this.#clock.nowMs() };
    return (await this.#register.change((data) => withAccount(data, account))) ?? account;
  }

  /** A new password, or a second factor that is taken away, ends all sessions of the account. */
  async change(name: string, { right, password, removeTotp }: AccountChange): Promise<Account | Refusal> {
    const found = this.get(name);
    if (!found) return refusal('not-found', 'There is no account of this name.');
    const hash = password === undefined ? undefined : await this.#signIn.newPassword(password, found.name);
    if (isRefusal(hash)) return hash;
    const refused = await this.#register.change((data) =>
      withChanged(data, name, (account) => {
        const { totp, ...rest } = account;
        const kept = totp === undefined || removeTotp ? {} : { totp };
        return { ...rest, ...kept, right: right ?? rest.right, password: hash ?? rest.password };
      }),
    );
    if (refused) return refused;
    if (hash !== undefined || removeTotp) this.#endSessions(found.name);
    return this.get(name) ?? refusal('not-found', 'The account was removed meanwhile.');
  }

  async remove(name: string): Promise<Refusal | undefined> {
    const found = this.get(name);
    const refused = await this.#register.change((data) => withoutAccount(data, name));
    if (refused) return refused;
    if (found) this.#endSessions(found.name);
    this.#offers.delete(name.toLowerCase());
    this.#presence.keep(this.#register.data);
    return undefined;
  }

  /** Counts only once a code of it was shown: whoever scanned it badly must not be locked out. */
  async offerTotp(name: string, password: string, address: string): Promise<TotpOffer | Refusal> {
    const account = await this.#prover.prove({ name, password }, address, 'password');
    if (isRefusal(account)) return account;
    if (account.totp !== undefined) return refusal('conflict', 'The account has a second factor: remove it first.');
    const secret = newTotpSecret();
    this.#offers.set(account.name.toLowerCase(), { secret, atMs: this.#clock.nowMs() });
    const uri = otpauthUri(secret, account.name, this.#boxName);
    return { secret, uri, qr: qrCode(uri) };
  }

  async confirmTotp(name: string, code: string): Promise<Account | Refusal> {
    const nowMs = this.#clock.nowMs();
    const offer = this.#offers.get(name.toLowerCase());
    if (!offer || nowMs - offer.atMs > ACCESS_LIMITS.totpOfferMs)
      return refusal('not-found', 'No second factor was offered, or too long ago: begin again.');
    const step = stepOfCode(offer.secret, code, nowMs);
    if (step === undefined)
      return refusal('wrong-code', "The code is wrong. Is the phone's clock right, and the box's?");
    const refused = await this.#register.change((data) =>
      withChanged(data, name, (account) => ({ ...account, totp: offer.secret })),
    );
    if (refused) return refused;
    this.#offers.delete(name.toLowerCase());
    const account = this.get(name);
    if (!account) return refusal('not-found', 'The account was removed meanwhile.');
    this.#presence.use(account.name, step);
    return account;
  }

  async removeTotp(name: string, password: string, address: string): Promise<Account | Refusal> {
    const proven = await this.#prover.prove({ name, password }, address, 'password');
    if (isRefusal(proven)) return proven;
    const refused = await this.#register.change((data) => withChanged(data, name, ({ totp: _, ...rest }) => rest));
    return refused ?? this.get(name) ?? refusal('not-found', 'The account was removed meanwhile.');
  }

  #endSessions(account: string): void {
    this.#presence.sessions.endOf(account);
    this.#presence.touch();
  }
}
