import { AT_ONCE } from '#settings/setting-infos.ts';
import type { Config } from './config.ts';

/** What a running daemon goes on with when its file says something else: the settings that count at once, and all others as it was started. */
export function withReread(running: Config, file: Config): Config {
  const from = (config: Config, isAtOnce: boolean) =>
    Object.entries(config).filter(([key]) => AT_ONCE.has(key) === isAtOnce);
  return Object.fromEntries([...from(running, false), ...from(file, true)]) as Config;
}

/** What the file says otherwise than the daemon runs with, and will as long as it runs. */
export function waitingForRestart(running: Config, file: Config): (keyof Config)[] {
  const keys = [...new Set([...Object.keys(running), ...Object.keys(file)])] as (keyof Config)[];
  return keys.filter((key) => !AT_ONCE.has(key) && JSON.stringify(running[key]) !== JSON.stringify(file[key]));
}
