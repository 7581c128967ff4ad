import type { Config } from './config.ts';

/** Settings that a running daemon takes from its file when it gets SIGHUP. All others wait for a restart. */
const REREAD = ['disks', 'scrubMBps', 'uplink', 'prefill'] as const satisfies readonly (keyof Config)[];

export const withReread = (running: Config, { disks, scrubMBps, uplink, prefill }: Config): Config => ({
  ...running,
  disks,
  scrubMBps,
  uplink,
  prefill,
});

/** What the file says otherwise than the daemon runs with, and will as long as it runs. */
export function waitingForRestart(running: Config, file: Config): (keyof Config)[] {
  const isReread = (key: string) => REREAD.some((name) => name === key);
  const keys = [...new Set([...Object.keys(running), ...Object.keys(file)])] as (keyof Config)[];
  return keys.filter((key) => !isReread(key) && JSON.stringify(running[key]) !== JSON.stringify(file[key]));
}
