/** For kills.e2e.ts: changes the settings one after the other until it is killed, and tells each change that was answered. */
import { argv } from 'node:process';
import { realClock } from '#base/clock.ts';
import { logTo } from '#base/log.ts';
import { SettingsKeeper } from './settings-keeper.ts';

const keeper = await SettingsKeeper.open(argv[2] as string, { clock: realClock, log: logTo(() => {}) });
for (let seats = Number(keeper.given.seats ?? 0) + 1; ; seats++) {
  const outcome = await keeper.change({ revision: keeper.revision, values: { seats } }, 'child');
  if (outcome.kind !== 'done') throw new Error(outcome.text);
  process.stdout.write(`${seats}\n`);
}
