import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MachineWorld } from '#admin/routes/machine-routes.ts';
import type { Clock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import type { InfoHash } from '#base/units.ts';
import { handsIn, throughHands } from '#hands/asking.ts';
import { runCommand } from '#kernel/command.ts';
import { Blinker } from '#machine/blinker.ts';
import { DiskDesk } from '#machine/disk-desk.ts';
import { jsonIn, writeKept } from '#machine/kept-file.ts';
import { KeptMounts } from '#machine/kept-mounts.ts';
import { MACHINE_LIMITS } from '#machine/limits.ts';
import { addressesNow, OwnAddress } from '#machine/own-address.ts';
import { portsOf } from '#machine/ports.ts';
import { machinePrograms, type Run } from '#machine/programs.ts';
import { Restarts } from '#machine/restarts.ts';
import { TimeZone } from '#machine/time-zone.ts';
import { Drainer, type DrainWorld } from '#manager/drainer.ts';
import { BundleInstaller } from '#update/bundle-installer.ts';
import { RAUC_OUTPUT_BYTES, RaucSystem } from '#update/rauc-system.ts';
import { packagedSystem, type SlotBackend } from '#update/update-backend.ts';
import { Updates } from '#update/updates.ts';

/** Wires what the box knows of its machine, and what it can do to it. */

/** Of sd_booted(3). */
const hasSystemd = (): boolean => existsSync('/run/systemd/system');

/** RAUC's settings, on a box that was flashed from an image. */
const RAUC_SETTINGS = '/etc/rauc/system.conf';

/** What holds the system's slots. Undefined: the box was installed from packages. */
function systemSlots(version: string, signal: AbortSignal): SlotBackend | undefined {
  if (!existsSync(RAUC_SETTINGS)) return undefined;
  return new RaucSystem({
    version,
    signal,
    run: (program, args, timeoutMs, own) =>
      runCommand(program, args, { timeoutMs, outputBytes: RAUC_OUTPUT_BYTES, withErrors: true }, own).result,
  });
}

export type MachineConfig = {
  readonly lan: string;
  readonly wan: string;
  readonly bridge: string;
  readonly dataDir: string;
};

export type MachineNeeds = {
  readonly clock: Clock;
  readonly version: string;
  /** The setting `disks` as it is now. */
  disks(): readonly string[];
  /** Changes the setting, and with it the disks that are used. Undefined: done; else what was in the way. */
  changeDisks(paths: readonly string[]): Promise<string | undefined>;
  readonly store: Omit<DrainWorld['store'], 'disks'> & {
    disks(): readonly { readonly path: string; readonly id?: string; readonly state: 'good' | 'failing' | 'gone' }[];
  };
  readonly index: DrainWorld['index'];
  living(infoHash: InfoHash): ReturnType<DrainWorld['living']>;
  /** Ends this process cleanly. */
  end(): void;
};

/** `installer`: for bundles that come by the fleet; undefined where there are no slots. */
export type MachineParts = MachineWorld & { readonly installer: BundleInstaller | undefined };

/** What must be there before the store opens: its disks. */
export type MachineBase = { readonly run: Run; readonly mounts: KeptMounts };

/** Mounts what the box mounts by itself. A disk that is not there is looked for again. */
export async function mountDisks(
  { dataDir }: Pick<MachineConfig, 'dataDir'>,
  clock: Clock,
  log: Log,
  parent: Scope,
): Promise<MachineBase> {
  const scope = new Scope((error) => log.error('machine trouble', { why: errorText(error) }), parent);
  const hands = handsIn(process.env);
  const run = machinePrograms(scope.signal, hands && throughHands(hands));
  const mounts = new KeptMounts({ run, dataDir, mountsDir: hands?.mountsDir, hasSystemd: hasSystemd(), log });
  await mounts.start().catch((error: unknown) => log.error('mount-failed', { why: errorText(error) }));
  scope.run(async (signal) => {
    for (;;) {
      await clock.sleep(MACHINE_LIMITS.mountAgainMs, signal);
      await mounts.mountMissing();
    }
  });
  return { run, mounts };
}

/** A disk that the store would not take is taken out again. */
async function changeDisks(paths: readonly string[], { disks, changeDisks: change, store }: MachineNeeds) {
  const before = disks();
  const trouble = await change(paths);
  if (trouble !== undefined) return trouble;
  const used = new Set(store.disks().flatMap(({ path, id }) => (id === undefined ? [] : [path])));
  const lost = paths.find((path) => !used.has(path) && !before.includes(path));
  if (lost === undefined) return undefined;
  await change(before);
  return `${lost} cannot be used: see the log of the box.`;
}

const DRAINS_FILE = 'drains.json';

/** The disks that were being emptied when the box ended: nothing new may come there from the first moment on. */
async function keptDrains(dataDir: string): Promise<string[]> {
  const said = await jsonIn(join(dataDir, DRAINS_FILE)).catch(() => undefined);
  return Array.isArray(said) ? said.filter((path) => typeof path === 'string') : [];
}

/** Everything that the routes of the machine ask. To be called after the store was opened, before anything is put there. */
export async function machineParts(
  config: MachineConfig,
  base: MachineBase,
  needs: MachineNeeds,
  log: Log,
  parent: Scope,
): Promise<MachineParts> {
  const { lan, wan, bridge, dataDir } = config;
  const { run, mounts } = base;
  // It ends before the store does.
  const scope = new Scope((error) => log.error('machine trouble', { why: errorText(error) }), parent);
  const { clock, store, index, living } = needs;
  const keep = (paths: readonly string[]) => writeKept(join(dataDir, DRAINS_FILE), `${JSON.stringify(paths)}\n`);
  const drainer = new Drainer(await keptDrains(dataDir), { clock, store, index, living, keep }, log);
  scope.defer(() => drainer.close());
  const systemd = hasSystemd();
  const blinker = new Blinker(run, clock);
  const address = new OwnAddress({
    bridge,
    run,
    clock,
    scope,
    log,
    pendingFile: join(dataDir, 'address-pending.json'),
    networkDir: '/etc/systemd/network',
    linksDir: '/run/systemd/netif/links',
    net: '/sys/class/net',
    hasSystemd: systemd,
    addressesOf: addressesNow,
  });
  await address.start().catch((error: unknown) => log.error('address-not-reverted', { why: errorText(error) }));
  const slots = systemSlots(needs.version, scope.signal);
  const updates = new Updates({ backend: slots ?? packagedSystem(needs.version), dataDir, scope, log });
  await updates.start().catch((error: unknown) => log.error('update-failed', { why: errorText(error) }));
  const restarts = new Restarts({
    env: process.env,
    hasSystemd: systemd,
    mayReboot: process.getuid?.() === 0 || handsIn(process.env) !== undefined,
    run,
    clock,
    scope,
    log,
    end: needs.end,
  });
  return {
    bridge,
    ports: () => portsOf({ lan, wan }, blinker.mute),
    blink: (name, seconds) => blinker.blink(name, seconds),
    disks: new DiskDesk({
      run,
      dataDir,
      mounts,
      disks: needs.disks,
      changeDisks: (paths) => changeDisks(paths, needs),
      diskIdAt: (path) => store.disks().find((disk) => disk.path === path)?.id,
      log,
    }),
    drains: {
      views: async () => drainer.views(),
      drain: (path) => drainer.drain(path),
      undrain: (path) => drainer.undrain(path),
    },
    address,
    zone: new TimeZone({
      run,
      hasSystemd: systemd,
      localtime: '/etc/localtime',
      zoneinfo: '/usr/share/zoneinfo',
      env: process.env,
      synchronised: '/run/systemd/timesync/synchronized',
      log,
    }),
    restarts,
    updates,
    installer: slots && new BundleInstaller({ updates, clock, restarts, device: () => slots.device() }),
  };
}
