import { mkdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { realClock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { FleetBook } from '#index/fleet-book.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { amqpBroker } from '../amqp-broker.ts';
import { brokerServer, readConfig, trustedKeys } from '../config.ts';
import { controlTopology, dataTopology } from '../names.ts';
import { CommandInstaller, type RunCommand } from './command-installer.ts';
import { FleetNode } from './fleet-node.ts';
import { RUNS_FACT } from './node-book.ts';

/** `swarmbox terminal CONFIG`. `run`: how a program is run that installs firmware. Rejects with what is to be changed; ends with the scope. */
export async function runTerminal(configPath: string, log: Log, run: RunCommand): Promise<Scope> {
  const config = readConfig(configPath, 'terminal');
  const { name, site, folder, swarm, installer } = config;
  const role = config.relay ? 'relay' : 'terminal';
  const scope = new Scope((error) => log.error('trouble', { why: errorText(error) }));
  try {
    const trusted = trustedKeys(config.trust);
    mkdirSync(config.dataDir, { recursive: true, mode: 0o750 });
    mkdirSync(folder, { recursive: true });
    const book = FleetBook.open(join(config.dataDir, 'fleet.db'), { log, tooNew: 'aside' });
    scope.defer(() => book[Symbol.dispose]());
    const onError = (error: unknown): void => log.error('broker trouble', { why: errorText(error) });
    const connect = (what: string, topology: typeof controlTopology) =>
      amqpBroker(brokerServer(config.broker, `${name} ${what}`), {
        topology: () => topology(name, site),
        onError,
        parent: scope,
      });
    const control = connect('control', controlTopology);
    const data = connect('data', dataTopology);
    scope.defer(
      control.onState((state) => log.info('broker', { state: state.kind, ...('why' in state && { why: state.why }) })),
    );
    await FleetNode.start({
      name,
      role,
      site,
      version: packageJson.version,
      trusted,
      folder,
      book,
      control,
      data,
      swarm,
      clock: realClock,
      log,
      scope,
      ...(installer && {
        installer: new CommandInstaller({ config: installer, run, version: () => book.fact(RUNS_FACT) }),
      }),
      freeBytes: freeIn(folder),
    });
    log.info('ready', { role, name, site });
    return scope;
  } catch (error) {
    await scope.close();
    throw error;
  }
}

/** Asked once a second at most: many small files come in one. */
function freeIn(folder: string): () => Promise<number> {
  let [askedMs, free] = [Number.NEGATIVE_INFINITY, Promise.resolve(0)];
  return () => {
    const nowMs = performance.now();
    if (nowMs - askedMs >= FREE_FOR_MS) {
      askedMs = nowMs;
      free = statfs(folder).then(({ bavail, bsize }) => bavail * bsize);
      free.catch(() => {
        askedMs = Number.NEGATIVE_INFINITY;
      });
    }
    return free;
  };
}

const FREE_FOR_MS = 1_000;
