import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type LogLine, logTo } from '#base/log.ts';
import { type Applier, SettingsKeeper } from './settings-keeper.ts';

/** A folder with a settings file, gone after the test. `dir`: where instead of the machine's temporary folder. */
export function settingsFolder(t: TestContext, over: object = {}, dir = mkdtempSync(join(tmpdir(), 'settings-'))) {
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, 'config.json');
  const write = (given: object) => writeFileSync(path, JSON.stringify(given));
  const least = { lan: 'eth0', wan: 'eth1', dataDir: join(dir, 'data') };
  write({ ...least, ...over });
  /** The settings in it. */
  const read = (): Record<string, unknown> => {
    const { version: _, ...settings } = JSON.parse(readFileSync(path, 'utf8'));
    return settings;
  };
  return { dir, path, write, read, least, data: join(dir, 'data') };
}

/** A daemon that takes all settings, or none with `fails`. */
export class FakeDaemon implements Applier {
  readonly applied: Record<string, unknown>[] = [];
  fails: (given: Record<string, unknown>) => boolean = () => false;
  hangs: (given: Record<string, unknown>) => boolean = () => false;

  async apply(given: Record<string, unknown>): Promise<void> {
    if (this.hangs(given)) await new Promise(() => {});
    if (this.fails(given)) throw new Error('it does not go');
    this.applied.push(given);
  }

  addresses(given: Record<string, unknown>): string[] {
    return [JSON.stringify(given.admin ?? 'default')];
  }
}

/** `clock.ms` is turned by hand. */
export async function openKeeper(path: string, clock = { ms: 1_000_000 }, applyWithinMs = 10_000) {
  const lines: LogLine[] = [];
  const log = logTo((line) => lines.push(line));
  const keeper = await SettingsKeeper.open(path, { clock: { nowMs: () => clock.ms }, log, applyWithinMs });
  const daemon = new FakeDaemon();
  keeper.attach(daemon);
  const change = (values: Record<string, unknown>, note?: string) =>
    keeper.change({ revision: keeper.revision, values, ...(note !== undefined && { note }) }, 'root');
  return { keeper, daemon, clock, lines, change };
}
