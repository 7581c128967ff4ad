import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Index } from '#index/index.ts';
import type { DiskPlace, DiskView } from '#store/disks.ts';
import type { Config } from './config.ts';

/** The setting that remembers which disk was adopted at which path. */
const ADOPTED = 'disks';

type Adopted = Readonly<Record<string, string>>;

/** The store's part of this. */
type Disks = {
  disks(): readonly DiskView[];
  addDisk(at: DiskPlace): Promise<void>;
  removeDisk(path: string): Promise<boolean>;
};

const pathsOf = ({ disks, dataDir }: Config): readonly string[] => (disks.length > 0 ? disks : [dataDir]);

/**
 * Where pieces lie, and which disk is expected there. A mount point at which nothing is mounted looks like an empty folder: a
 * disk that was adopted once is waited for, and never adopted anew at the place where it should be. `keptBeside`: the same of disks
 * that the box mounts itself, which a lost index does not take along.
 */
export function diskPlaces(
  config: Config,
  index: Pick<Index, 'setting'>,
  keptBeside: (path: string) => string | undefined = () => undefined,
): DiskPlace[] {
  const adopted = adoptedIn(index);
  return pathsOf(config).map((path) => ({ path, id: adopted[path] ?? keptBeside(path) }));
}

/** To be called whenever a disk may have been adopted. A path that is no longer configured is forgotten. */
export function rememberDisks(
  config: Config,
  index: Pick<Index, 'setting' | 'setSetting'>,
  store: Pick<Disks, 'disks'>,
): void {
  const before = adoptedIn(index);
  const ids = new Map(store.disks().map(({ path, id }) => [path, id]));
  const after = Object.fromEntries(
    pathsOf(config).flatMap((path) => {
      const id = ids.get(path) ?? before[path];
      return id === undefined ? [] : [[path, id]];
    }),
  );
  const text = JSON.stringify(after);
  if (text !== JSON.stringify(before)) index.setSetting(ADOPTED, text);
}

/** A disk that could not be added, and why. */
export type DiskTrouble = { readonly path: string; readonly why: string };

/** The configured disks have changed: the new ones are added, those left out removed. One that cannot be added is told of and left out. */
export async function changeDisks(
  config: Config,
  index: Pick<Index, 'setting' | 'setSetting'>,
  store: Disks,
  log: Log,
): Promise<DiskTrouble[]> {
  const troubles: DiskTrouble[] = [];
  const wanted = diskPlaces(config, index);
  for (const { path } of store.disks()) if (!wanted.some((w) => w.path === path)) await store.removeDisk(path);
  const known = new Set(store.disks().map(({ path }) => path));
  for (const at of wanted) {
    if (known.has(at.path)) continue;
    await store.addDisk(at).catch((error: unknown) => {
      log.error('disk-failed', { disk: at.path, why: errorText(error) });
      troubles.push({ path: at.path, why: errorText(error) });
    });
  }
  rememberDisks(config, index, store);
  return troubles;
}

function adoptedIn(index: Pick<Index, 'setting'>): Adopted {
  const said: unknown = JSON.parse(index.setting(ADOPTED) ?? '{}');
  return typeof said === 'object' && said !== null ? (said as Adopted) : {};
}
