import type { Log } from '#base/log.ts';
import { moveAside, settingsIn, stateOf } from './database.ts';
import { Index } from './index.ts';

export type Renewal = {
  readonly index: Index;
  /** Where the index before lies now; undefined: there was none, or an interrupted rebuild goes on. */
  readonly movedTo: string | undefined;
  /** What an interrupted rebuild has verified counts. */
  readonly goesOn: boolean;
};

/**
 * An index to be built anew, which no other process opens meanwhile; the one before is moved aside, whatever state it is in.
 * Its settings stay: which disk is expected where is not written on the disks. `prepare` is given them first; when it
 * rejects, nothing has changed. `endRun` makes it the index of the next start; if that is never said, the next start takes
 * it for a beginning. Rejects with what to do while another process has the index open.
 */
export async function renewIndex(
  path: string,
  log: Log,
  prepare: (settings: ReadonlyMap<string, string>) => Promise<void> = async () => {},
): Promise<Renewal> {
  const state = stateOf(path);
  if (state === 'held') throw new Error(`the index ${path} is in use: stop the daemon first`);
  const settings = settingsIn(path);
  await prepare(settings);
  const movedTo = state === 'other' ? moveAside(path, 'before-rebuild') : undefined;
  const index = Index.open(path, log, true);
  for (const [key, value] of settings) index.setSetting(key, value);
  index.beginRebuild();
  return { index, movedTo, goesOn: state === 'rebuilding' };
}
