import { join } from 'node:path';
import type { Clock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { Accounts } from './accounts.ts';
import { AuditLog } from './audit-log.ts';
import { CERTIFICATE_LOOK_MS, Certificates } from './certificate/certificates.ts';
import { Doors } from './doors.ts';
import { type HashCost, PasswordHasher } from './password-hasher.ts';
import { Presence } from './presence.ts';
import { Prover } from './prover.ts';
import type { Refusal } from './refusal.ts';
import { Register } from './register.ts';
import { exportSecrets, flawOf, importSecrets } from './secrets.ts';
import { SignIn } from './sign-in.ts';
import { Tokens } from './tokens.ts';

export type AccessOptions = {
  /** Where its files lie; it is there already. */
  readonly dataDir: string;
  /** What the box is called in certificates and authenticator apps; may be empty. */
  readonly boxName: string;
  /** Host names and addresses under which the page is opened now, for the certificate. */
  names(): readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** Of a new password, where it is not to be what a stranger with the file should meet. */
  readonly hashCost?: HashCost;
};

/** Who may open the page: accounts, sessions, tokens, the certificate, and what is written down of all that. */
export class Access {
  readonly register: Register;
  readonly presence: Presence;
  readonly doors: Doors;
  readonly signIn: SignIn;
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  readonly audit: AuditLog;
  readonly certificates: Certificates;
  readonly #clock: Clock;
  readonly #scope: Scope;
  #renews = false;

  private constructor(
    options: AccessOptions,
    register: Register,
    presence: Presence,
    audit: AuditLog,
    certificates: Certificates,
  ) {
    const { clock, log } = options;
    this.#clock = clock;
    this.#scope = new Scope((error) => log.error('access-failed', { why: errorText(error) }));
    this.register = register;
    this.presence = presence;
    this.audit = audit;
    this.certificates = certificates;
    const hasher = new PasswordHasher(options.hashCost);
    const prover = new Prover({ register, presence, hasher, clock, signal: this.#scope.signal });
    this.doors = new Doors(register, presence, audit, () => clock.nowMs());
    this.signIn = new SignIn({ register, presence, hasher, prover, clock });
    this.accounts = new Accounts({ register, presence, prover, signIn: this.signIn, clock, boxName: options.boxName });
    this.tokens = new Tokens(register, presence, clock);
  }

  /** By the clock that everything here goes by. */
  nowMs(): number {
    return this.#clock.nowMs();
  }

  static async open(options: AccessOptions): Promise<Access> {
    const { dataDir, boxName, names, clock, log } = options;
    const [register, presence, audit, certificates] = await Promise.all([
      Register.open(join(dataDir, 'access.json'), log),
      Presence.open(join(dataDir, 'sessions.json'), log),
      AuditLog.open(dataDir, log, () => clock.nowMs()),
      Certificates.open({ folder: dataDir, boxName, names, clock, log }),
    ]);
    return new Access(options, register, presence, audit, certificates);
  }

  /** The page is served over TLS from now on: a certificate is there when this resolves, and is renewed while the daemon runs. */
  async beginTls(): Promise<void> {
    await this.certificates.renew();
    if (this.#renews) return;
    this.#renews = true;
    this.#scope.every(CERTIFICATE_LOOK_MS, () => this.#scope.run(() => this.certificates.renew()));
  }

  /** All that a backup needs to let the same people in: the only place where secrets leave. To be encrypted. */
  exportSecrets(): string {
    return exportSecrets(this.register.data, this.certificates.own());
  }

  /** Why `importSecrets` would refuse them; undefined: it would not. */
  checkSecrets(text: string): string | undefined {
    return flawOf(text);
  }

  /** Accounts, tokens and certificate become those of the backup; everybody signs in again. */
  async importSecrets(text: string): Promise<Refusal | undefined> {
    const refused = await importSecrets(text, this.register, this.certificates, this.#clock.nowMs());
    if (refused) return refused;
    this.presence.sessions.endAll();
    this.presence.keep(this.register.data);
    return undefined;
  }

  async close(): Promise<void> {
    await this.#scope.close();
    await this.presence.close();
    await this.audit.close();
  }
}
