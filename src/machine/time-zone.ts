import { access, readlink, realpath, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { textIn } from './kept-file.ts';
import type { Run } from './programs.ts';

/** See TimeView of the admin contract. */
export type ZoneView = {
  readonly zone: string;
  readonly zones: readonly string[];
  readonly canChange: boolean;
  readonly isSynchronised?: boolean;
};
export type ZoneChanged =
  | { readonly kind: 'done' }
  | { readonly kind: 'invalid' | 'not-available' | 'failed'; readonly text: string };

export type TimeZoneWorld = {
  readonly run: Run;
  readonly hasSystemd: boolean;
  /** `/etc/localtime` */
  readonly localtime: string;
  /** `/usr/share/zoneinfo` */
  readonly zoneinfo: string;
  /** Of this process: dates are told and hours are kept by it. */
  readonly env: { TZ?: string | undefined };
  /** `/run/systemd/timesync/synchronized`: there when systemd-timesyncd has set the clock. */
  readonly synchronised: string;
  readonly log: Log;
};

const NAME = /^[A-Za-z][A-Za-z0-9_+-]{0,31}(\/[A-Za-z0-9_+-]{1,31}){0,2}$/;

/** Of the machine, and of this process with it, without a restart. */
export class TimeZone {
  readonly #world: TimeZoneWorld;

  constructor(world: TimeZoneWorld) {
    this.#world = world;
  }

  async view(): Promise<ZoneView> {
    const zone = await this.#zone();
    const isSynchronised = await this.#isSynchronised();
    return {
      zone,
      zones: [...new Set([...zonesKnown(), zone])].sort(),
      canChange: this.#world.hasSystemd || process.getuid?.() === 0,
      ...(isSynchronised !== undefined && { isSynchronised }),
    };
  }

  /** What is known of its name, and has a file that tells its hours. */
  async change(zone: string): Promise<ZoneChanged> {
    const { hasSystemd, localtime, zoneinfo, run, env, log } = this.#world;
    const file = join(zoneinfo, zone);
    if (!NAME.test(zone) || !isKnown(zone) || !(await isThere(file)))
      return { kind: 'invalid', text: `There is no time zone ${zone}.` };
    if (hasSystemd) {
      const ran = await run('timedatectl', ['set-timezone', zone]);
      if (!ran.ok) return { kind: 'failed', text: ran.why };
    } else {
      const temporary = `${localtime}.swarmbox`;
      try {
        await rm(temporary, { force: true });
        await symlink(file, temporary);
        await rename(temporary, localtime);
      } catch (error) {
        return { kind: 'failed', text: errorText(error) };
      }
    }
    // Node takes a new zone when it is assigned, and only then.
    env.TZ = zone;
    log.info('time-zone-changed', { zone });
    return { kind: 'done' };
  }

  async #zone(): Promise<string> {
    const { localtime, zoneinfo } = this.#world;
    const target = await readlink(localtime).catch(() => '');
    const at = target.indexOf('zoneinfo/');
    const named = at < 0 ? await nameBelow(zoneinfo, localtime) : target.slice(at + 'zoneinfo/'.length);
    return NAME.test(named ?? '') ? String(named) : Intl.DateTimeFormat().resolvedOptions().timeZone;
  }

  async #isSynchronised(): Promise<boolean | undefined> {
    const { hasSystemd, run, synchronised } = this.#world;
    if (!hasSystemd) return undefined;
    if (await isThere(synchronised)) return true;
    // Another time service than systemd's is known to the kernel alone.
    const ran = await run('timedatectl', ['show', '--property=NTPSynchronized', '--value']);
    return ran.ok ? ran.output.trim() === 'yes' : undefined;
  }
}

async function nameBelow(zoneinfo: string, localtime: string): Promise<string | undefined> {
  const [real, root] = await Promise.all([realpath(localtime), realpath(zoneinfo)]).catch(() => ['', '']);
  if (real.startsWith(`${root}/`)) return real.slice(root.length + 1);
  return (await textIn('/etc/timezone').catch(() => undefined))?.trim();
}

let known: readonly string[] | undefined;
/** ICU has its list with the process; UTC is not on it. */
const zonesKnown = (): readonly string[] => {
  known ??= [...Intl.supportedValuesOf('timeZone'), 'UTC'];
  return known;
};

/** Folders and tables lie among the zones, too. */
function isKnown(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
