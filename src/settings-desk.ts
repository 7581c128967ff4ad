import type { SettingsWorld } from '#admin/routes/settings-routes.ts';
import type { Clock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import { Backups, type ListsWorld, type SecretsWorld } from '#settings/backups.ts';
import { troubleOf } from '#settings/durable-file.ts';
import { orderReset } from '#settings/factory-reset.ts';
import type { Given } from '#settings/history.ts';
import { filled } from '#settings/setting-defaults.ts';
import { AT_ONCE, TO_CONFIRM } from '#settings/setting-infos.ts';
import type { SettingsKeeper } from '#settings/settings-keeper.ts';
import { type Config, configOf } from './config.ts';
import type { DiskTrouble } from './disk-settings.ts';
import { type PageDoors, pageAddresses } from './page-doors.ts';
import { waitingForRestart } from './reread-settings.ts';

export type DeskParts = SecretsWorld &
  ListsWorld & {
    readonly keeper: SettingsKeeper;
    readonly version: string;
    readonly clock: Pick<Clock, 'nowMs'>;
    readonly doors: Pick<PageDoors, 'open' | 'settle'>;
    readonly log: Log;
    /** What the daemon does. */
    running(): Config;
    /** The daemon goes on with what counts at once of these; disks that it cannot use. */
    live(config: Config): Promise<readonly DiskTrouble[]>;
    /** Disks of this box, with the ids that it gave them. */
    disks(): readonly { readonly path: string; readonly id?: string; readonly state: 'good' | 'failing' | 'gone' }[];
    /** Names in the data folder that a factory reset takes away. */
    readonly forgets: readonly string[];
    /** The daemon ends in order, and the service manager starts it again. */
    restart(why: string): void;
  };

const LOOK_EVERY_MS = 1_000;
/** So that the answer to whoever asked for it leaves first. */
const RESTART_AFTER_MS = 1_000;

/** The settings in the rest of the house: who applies them, who takes them back, and what the page may ask. */
export function openSettingsDesk(parts: DeskParts, scope: Scope): SettingsWorld {
  const { keeper, doors, log, clock } = parts;
  const fileConfig = () => configOf(keeper.given);
  const restartSoon = (why: string): void => {
    const timer = setTimeout(() => parts.restart(why), RESTART_AFTER_MS);
    scope.defer(() => clearTimeout(timer));
  };
  keeper.attach({
    apply: async (given, by) => {
      const config = configOf(given);
      await doors.open(config.admin);
      const known = parts.running().disks;
      const troubles = await parts.live(config);
      const trouble = troubles.find(({ path }) => !known.includes(path));
      // Whoever edits the file may name a disk that comes later; on the page it is a mistake, and told at once.
      if (trouble && by === 'page') throw new Error(`the disk ${trouble.path} cannot be used: ${trouble.why}`);
      const waits = waitingForRestart(parts.running(), config);
      log.info('settings applied', { by, ...(waits.length > 0 && { waitsForRestart: waits.join(' ') }) });
      if (by === 'page' && waits.some((key) => TO_CONFIRM.has(key) && !AT_ONCE.has(key))) restartSoon('settings');
    },
    settled: () => doors.settle(),
    addresses: (given) => addressesOf(given),
  });
  scope.every(LOOK_EVERY_MS, () =>
    scope.run(async () => {
      await keeper.look();
    }),
  );
  return {
    keeper,
    backups: new Backups({ ...parts, nowMs: () => clock.nowMs() }),
    waitingForRestart: () => waitingForRestart(parts.running(), fileConfig()),
    reset: async (cache, who) => {
      const { dataDir } = parts.running();
      const all = parts.disks();
      const gone = all.filter(({ state }) => state === 'gone').map(({ path }) => path);
      if (cache === 'wipe' && gone.length > 0) return notHere(gone);
      const disks = all.flatMap(({ path, id }) => (id === undefined ? [] : [{ path, id }]));
      try {
        const order = { cache, who, atMs: clock.nowMs(), disks, forget: parts.forgets };
        await orderReset(dataDir, order);
      } catch (error) {
        return { why: troubleOf(error).why, text: `The reset could not be written down: ${errorText(error)}` };
      }
      restartSoon('factory-reset');
      return undefined;
    },
    nowMs: () => clock.nowMs(),
  };
}

function notHere(paths: readonly string[]) {
  const disks = paths.join(', ');
  const text = `Not here, so they cannot be wiped: ${disks}. Plug them in, or remove them from the box first.`;
  return { why: 'conflict' as const, text, fields: [{ path: 'cache', code: 'conflict', detail: { disks } }] };
}

function addressesOf(given: Given): string[] {
  const { admin, names } = filled(given) as Pick<Config, 'admin' | 'names'>;
  return pageAddresses(admin, names);
}

/** For parts of the house that change a setting because the operator did something else, such as taking a disk into use. Undefined: done; else why not. */
export async function changeFor(
  keeper: Pick<SettingsKeeper, 'change' | 'revision'>,
  values: Readonly<Record<string, unknown>>,
  who: string,
): Promise<string | undefined> {
  const change = () => keeper.change({ revision: keeper.revision, values }, who);
  let outcome = await change();
  // Somebody edited the file, which nobody had noticed yet.
  if (outcome.kind === 'refused' && outcome.why === 'stale') outcome = await change();
  return outcome.kind === 'refused' ? outcome.text : undefined;
}
