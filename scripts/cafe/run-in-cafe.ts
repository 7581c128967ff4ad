import { readFile } from 'node:fs/promises';
import { Cafe, type CafeOptions } from './world.ts';

/** For a program: a cafe around `work`, which a signal ends. When the work fails, the daemon's last words are told. */
export async function runInCafe(o: CafeOptions, work: (cafe: Cafe) => Promise<void>): Promise<void> {
  const aborted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => aborted.abort());
  await using cafe = await Cafe.start({ say: (line) => console.error(line), ...o }, aborted.signal);
  aborted.signal.addEventListener('abort', () => void cafe.close());
  try {
    await work(cafe);
  } catch (error) {
    const log = await readFile(cafe.daemon.logPath, 'utf8').catch(() => '');
    console.error(`daemon: ${log.trimEnd().split('\n').slice(-20).join('\n')}`);
    throw error;
  }
}
