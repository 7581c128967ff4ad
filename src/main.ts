import { argv, exit } from 'node:process';
import { realClock } from '#base/clock.ts';
import { BugError, errorText } from '#base/errors.ts';
import { type Log, stderrLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { ServiceManager } from '#kernel/service-manager.ts';
import { finishReset } from '#settings/factory-reset.ts';
import { SettingsKeeper } from '#settings/settings-keeper.ts';
import { type Running, run } from './house.ts';
import { mountDisks } from './machine-parts.ts';

/** The daemon as a process: arguments, signals, and how it ends. Nobody imports this file. */

/** A clean stop that takes longer than this is ended; what is durable stays so. */
const STOP_WITHIN_MS = 10_000;
/** Of libuv's pool. A disk that hangs holds some twenty of them until it answers, and the others must still find one. */
const THREADS = 96;

/** SIGHUP: the settings' file was edited. One that cannot be used changes nothing. */
function onHangup(running: () => SettingsKeeper | undefined, log: Log): void {
  let last: Promise<void> = Promise.resolve();
  process.on('SIGHUP', () => {
    last = last.then(async () => {
      try {
        await running()?.reread();
      } catch (error) {
        log.error('cannot use the new configuration', { why: errorText(error) });
      }
    });
  });
}

const USAGE = `usage: node src/main.ts CONFIG.json            the box
       node src/main.ts central CONFIG.json    the centre of a fleet
       node src/main.ts terminal CONFIG.json   a node of a fleet`;

/** The box is the program's own role; the roles of a fleet have a name. */
function roleIn(
  words: readonly string[],
): { readonly role: 'box' | 'central' | 'terminal'; readonly path: string } | undefined {
  const [first, second, ...more] = words;
  if (!first || more.length > 0) return undefined;
  if (second === undefined) return { role: 'box', path: first };
  return first === 'central' || first === 'terminal' ? { role: first, path: second } : undefined;
}

/** Disks that a reset wipes. They stay mounted. */
async function mountOnce(dataDir: string, log: Log): Promise<void> {
  await using scope = new Scope(() => {});
  await mountDisks({ dataDir }, realClock, log.with({ part: 'machine' }), scope);
}

async function main(): Promise<void> {
  const log = stderrLog();
  const asked = roleIn(argv.slice(2));
  if (!asked) {
    console.error(USAGE);
    exit(2);
  }
  const { role, path } = asked;
  process.env.UV_THREADPOOL_SIZE ??= String(THREADS);
  const service = new ServiceManager();
  let running: Running | undefined;
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    log.info('stopping', { signal });
    service.stopping();
    setTimeout(() => {
      log.error('stop took too long');
      exit(1);
    }, STOP_WITHIN_MS).unref();
    void (running?.scope.close() ?? Promise.resolve()).then(() => {
      log.info('stopped');
      exit(0);
    });
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  let keeper: SettingsKeeper | undefined;
  onHangup(() => (running ? keeper : undefined), log);
  // Nothing is left half-true after a bug: the process ends, the kernel drops its rules, the service manager starts it again.
  process.on('uncaughtException', (error) => {
    log.error(error instanceof BugError ? 'bug' : 'uncaught', { why: errorText(error), stack: String(error.stack) });
    exit(70);
  });
  try {
    if (role !== 'box') {
      const { runCentralHouse } = await import('./central-house.ts');
      const { runTerminal } = await import('#fleet/node/role.ts');
      const { runCommand } = await import('#kernel/command.ts');
      running = { scope: await (role === 'central' ? runCentralHouse(path, log) : runTerminal(path, log, runCommand)) };
      service.ready();
      return;
    }
    await finishReset(path, log.with({ part: 'settings' }), (dataDir) => mountOnce(dataDir, log));
    keeper = await SettingsKeeper.open(path, { clock: realClock, log: log.with({ part: 'settings' }) });
    running = await run({ keeper, restart: stop }, log);
    service.ready();
  } catch (error) {
    log.error('cannot start', { why: errorText(error) });
    exit(1);
  }
}

await main();
