/** `make avalanche`: thousands of clients within seconds, and a box without a processor. What the clients get, and what it costs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '#base/errors.ts';
import { logged, snapshot } from '../../src/box-fixtures.ts';
import { runInCafe } from '../cafe/run-in-cafe.ts';
import { until } from '../cafe/servers.ts';
import type { Cafe } from '../cafe/world.ts';
import type { CrowdOptions } from './crowd.ts';
import { type AvalancheSettings, readAvalancheSettings } from './settings.ts';
import { announced, Crowd, carried, Memory, setStage } from './stage.ts';

/** A client that is not answered by then is told of as it is. */
const ANSWERED_WITHIN_MS = 20_000;
/** For what has been answered to settle. */
const SETTLED_MS = 3_000;
const CALM_WITHIN_MS = 60_000;
const CLIENT_LIMIT_S = 60;
/** A processor that others take: so long nothing, then so long all. Under the two seconds of the dead-man switch. `clients` take blocks, as many `idle` ones nothing. */
const STARVED = { stoppedMs: 1_700, runningMs: 300, times: 8, clients: 500, newcomers: 200, seconds: 4 } as const;
/** A client that has taken nothing for so long is not being served. */
const IDLE_MS = 10_000;

const say = (line: object): void => console.log(JSON.stringify(line));
const seconds = (sinceMs: number): number => Number(((performance.now() - sinceMs) / 1_000).toFixed(1));

/** What the box says of itself. */
async function told(cafe: Cafe): Promise<object> {
  const { health, steering, warnings } = await snapshot(cafe);
  const overload = warnings.find(({ code }) => code.startsWith('overload'));
  return { loopDelay: health.loopDelay, steering: steering.why, warning: overload?.code, ...overload?.detail };
}

async function calm(cafe: Cafe): Promise<number> {
  const begin = performance.now();
  await until('steering', async () => (await snapshot(cafe)).steering.state === 'armed', CALM_WITHIN_MS);
  return seconds(begin);
}

/** A real client completes beside them, or not: that is a figure, too. */
async function real(cafe: Cafe): Promise<object> {
  try {
    const download = await cafe.download(2, 'aria2');
    const { seconds: clientS } = await download.complete(CLIENT_LIMIT_S);
    const wrongFiles = (await download.wrongFiles()).length;
    await download.remove();
    return { clientS: Number(clientS.toFixed(1)), wrongFiles };
  } catch (error) {
    return { clientFailed: errorText(error) };
  }
}

async function avalanche(cafe: Cafe, s: AvalancheSettings, torrents: CrowdOptions['torrents']): Promise<void> {
  await cafe.daemon.start();
  await announced(cafe, torrents);
  const pid = cafe.daemon.pid as number;
  using memory = new Memory(pid);
  const startMiB = await memory.nowMiB();
  const crowd = new Crowd(cafe, torrents, s.clients, s.seconds);
  const beside = real(cafe);
  await crowd.here(ANSWERED_WITHIN_MS);
  await sleep(SETTLED_MS);
  const spliced = (await logged(cafe, 'spliced')).length;
  say({
    avalanche: 'here',
    ...crowd.fares,
    spliced,
    ...(await carried(cafe)),
    ...(await told(cafe)),
    ...(await beside),
  });
  await crowd.go();
  const calmAfterS = await calm(cafe);
  const { peakMiB } = memory;
  say({
    avalanche: 'gone',
    calmAfterS,
    startMiB,
    peakMiB,
    afterMiB: await memory.nowMiB(),
    crashed: cafe.daemon.pid !== pid,
  });
  await cafe.daemon.stop();
}

/** Takes the processor away from the daemon, again and again. */
async function starve(pid: number): Promise<void> {
  for (let i = 0; i < STARVED.times; i++) {
    process.kill(pid, 'SIGSTOP');
    await sleep(STARVED.stoppedMs);
    process.kill(pid, 'SIGCONT');
    await sleep(STARVED.runningMs);
  }
}

async function starved(cafe: Cafe, torrents: CrowdOptions['torrents']): Promise<void> {
  await cafe.daemon.start();
  await announced(cafe, torrents);
  const pid = cafe.daemon.pid as number;
  const idle = new Crowd(cafe, torrents, STARVED.clients, STARVED.seconds, false);
  await idle.here(ANSWERED_WITHIN_MS);
  const crowd = new Crowd(cafe, torrents, STARVED.clients, STARVED.seconds);
  await Promise.all([crowd.here(ANSWERED_WITHIN_MS), sleep(IDLE_MS)]);
  say({ avalanche: 'before starving', crowd: crowd.fares, idle: idle.fares });
  const before = (await logged(cafe, 'overload')).length;
  const starving = starve(pid);
  await sleep(2 * (STARVED.stoppedMs + STARVED.runningMs));
  const newcomers = new Crowd(cafe, torrents, STARVED.newcomers, STARVED.seconds);
  const beside = real(cafe);
  await starving;
  const calmAfterS = await calm(cafe);
  await newcomers.here(ANSWERED_WITHIN_MS);
  const levels = (await logged(cafe, 'overload')).slice(before).map(({ state, why }) => `${state}: ${why}`);
  const over = (await logged(cafe, 'overload is over')).at(-1);
  say({
    avalanche: 'starved',
    levels,
    shed: over?.shed,
    calmAfterS,
    crowd: crowd.fares,
    idle: idle.fares,
    newcomers: newcomers.fares,
    ...(await beside),
    crashed: cafe.daemon.pid !== pid,
  });
  await Promise.all([crowd.go(), idle.go(), newcomers.go()]);
  await cafe.daemon.stop();
}

const settings = readAvalancheSettings();
/** In memory, as a box has it. */
const volatileDir = await mkdtemp('/dev/shm/swarmbox-avalanche-');
try {
  await runInCafe(
    {
      prefix: settings.prefix,
      sizeMib: 16,
      wanMbit: settings.wanMbit,
      clients: ['aria2', 'aria2'],
      seeders: ['libtorrent'],
      daemonConfig: { volatileDir },
    },
    async (cafe) => {
      const torrents = await setStage(cafe, settings.torrents);
      await avalanche(cafe, settings, torrents);
      await starved(cafe, torrents);
    },
  );
} finally {
  await rm(volatileDir, { recursive: true, force: true });
}
