import { errorText } from '#base/errors.ts';
import { type BackupContent, makeBackup, openBackup } from './backup-file.ts';
import type { Outcome, Refused } from './outcome.ts';
import type { SettingsKeeper } from './settings-keeper.ts';

/** Whoever knows the accounts, tokens and keys. */
export type SecretsWorld = {
  /** Undefined: there are none yet. */
  exportSecrets(): string | undefined;
  /** Why they cannot be used; undefined: they can. Changes nothing. */
  checkSecrets(text: string): string | undefined;
  /** They hold from now on, all of them, or none: then why. */
  importSecrets(text: string): Promise<string | undefined>;
};

/** Whoever keeps the list of what is to be fetched, and what the operator decided of single torrents. */
export type ListsWorld = {
  decisions(): string;
  /** Those hold as well. What makes no sense is left out. */
  takeDecisions(text: string): Promise<void>;
  orders(): readonly unknown[];
  /** How many of them are on the list now that were not; what makes no sense is left out. */
  addOrders(orders: readonly unknown[]): number;
};

export type BackupsWorld = SecretsWorld &
  ListsWorld & {
    readonly keeper: Pick<SettingsKeeper, 'given' | 'checkReplacing' | 'replace' | 'restore' | 'revision' | 'takeBack'>;
    readonly version: string;
    /** See makeBackup. */
    readonly keyCost?: number;
    nowMs(): number;
  };

export type Restored =
  | (Outcome & { readonly kind: 'done' } & { readonly accountsRestored: boolean; readonly ordersRestored: number })
  | (Omit<Refused, 'why'> & { readonly why: Refused['why'] | 'not-a-backup' | 'wrong-passphrase' });

/** Backups of the box, made and taken in. Invariant: all of a backup is looked at before anything of it counts. */
export class Backups {
  readonly #world: BackupsWorld;

  constructor(world: BackupsWorld) {
    this.#world = world;
  }

  /** A file. Without a passphrase there is no secret in it, not even encrypted. */
  make(passphrase: string | undefined): Promise<string> {
    const { keeper, version, keyCost } = this.#world;
    const secrets = passphrase === undefined ? undefined : this.#world.exportSecrets();
    const lists = { orders: this.#world.orders(), decisions: this.#world.decisions() };
    const content = { settings: keeper.given, ...lists, ...(secrets !== undefined && { secrets }) };
    return makeBackup(content, { passphrase, madeAtMs: this.#world.nowMs(), box: version, keyCost });
  }

  /** Without the passphrase of one that has secrets, everything else of it is taken. */
  async restore(text: string, passphrase: string | undefined, who: string): Promise<Restored> {
    const { keeper } = this.#world;
    const backup = await openBackup(text, passphrase, this.#world.keyCost);
    if (backup.kind === 'refused') return backup;
    const fields = keeper.checkReplacing(backup.settings);
    if (fields.length > 0)
      return { kind: 'refused', why: 'invalid', text: 'This box cannot use the settings of the backup.', fields };
    const { secrets } = backup;
    const flaw = secrets === undefined ? undefined : this.#world.checkSecrets(secrets);
    if (flaw !== undefined)
      return { kind: 'refused', why: 'not-a-backup', text: `Its accounts cannot be used: ${flaw}` };
    return this.#take(backup, who);
  }

  async #take({ settings, orders, decisions, secrets }: BackupContent, who: string): Promise<Restored> {
    const { keeper } = this.#world;
    const before = keeper.revision;
    const outcome = await keeper.replace(settings, 'backup', who, '');
    if (outcome.kind === 'refused') return outcome;
    const flaw = secrets === undefined ? undefined : await this.#importSecrets(secrets);
    if (flaw !== undefined) {
      if (outcome.unconfirmed) await keeper.takeBack(who);
      else if (keeper.revision !== before) await keeper.restore(before, who);
      return { kind: 'refused', why: 'failed', text: `The accounts could not be restored, so nothing was: ${flaw}` };
    }
    if (decisions !== undefined) await this.#world.takeDecisions(decisions);
    return { ...outcome, accountsRestored: secrets !== undefined, ordersRestored: this.#world.addOrders(orders) };
  }

  async #importSecrets(secrets: string): Promise<string | undefined> {
    try {
      return await this.#world.importSecrets(secrets);
    } catch (error) {
      return errorText(error);
    }
  }
}
