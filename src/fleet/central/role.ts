import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { realClock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { FleetBook } from '#index/fleet-book.ts';
import { amqpBroker } from '../amqp-broker.ts';
import type { Broker } from '../broker.ts';
import { brokerServer, firmwareKeyAt, readConfig, signingKeyAt } from '../config.ts';
import type { CentralConfig } from '../config-types.ts';
import { centralTopology, DOWN } from '../names.ts';
import { Outbox } from '../outbox.ts';
import { Central } from './central.ts';
import { openDesk } from './desk.ts';
import { DiarySender } from './diary.ts';
import { PublishError } from './publishing.ts';
import { Watching } from './watching.ts';

/** The socket in the data folder where a central is asked. */
export const DESK = 'central.sock';

/** A watched entry that did not change for so long is all there, where the configuration says nothing. */
const SETTLE_MS = 10_000;

/** What a page of the central is made of. */
export type CentralParts = {
  readonly config: CentralConfig;
  readonly central: Central;
  readonly book: FleetBook;
  readonly control: Broker;
  readonly scope: Scope;
  readonly log: Log;
};

/** `swarmbox central CONFIG`. `openPage`: called once the rest is there. Rejects with what is to be changed; ends with the scope. */
export async function runCentral(
  configPath: string,
  log: Log,
  openPage: (parts: CentralParts) => Promise<void> = async () => {},
): Promise<Scope> {
  const config = readConfig(configPath, 'central');
  const scope = new Scope((error) => log.error('trouble', { why: errorText(error) }));
  try {
    mkdirSync(config.dataDir, { recursive: true, mode: 0o750 });
    const key = signingKeyAt(config.signingKey ?? join(config.dataDir, 'signing-key.pem'));
    const book = FleetBook.open(join(config.dataDir, 'fleet.db'), { log });
    scope.defer(() => book[Symbol.dispose]());
    const onError = (error: unknown): void => log.error('broker trouble', { why: errorText(error) });
    const connect = (what: string) =>
      amqpBroker(brokerServer(config.broker, `central ${what}`), { topology: centralTopology, onError, parent: scope });
    const [control, data, told] = [connect('control'), connect('data'), connect('diary')];
    scope.defer(
      control.onState((state) => log.info('broker', { state: state.kind, ...('why' in state && { why: state.why }) })),
    );
    const outbox = new Outbox({
      book,
      broker: control,
      clock: realClock,
      log,
      scope,
      route: () => ({ exchange: DOWN, mandatory: false }),
      unroutable: () => {},
    });
    const diary = new DiarySender({ book, broker: told, clock: realClock, log, scope });
    const poke = (): void => {
      outbox.poke();
      diary.poke();
    };
    const { firmwareKey, sites, installSilentS, watch } = config;
    const central = new Central({
      book,
      control,
      data,
      key,
      ...(firmwareKey && { firmwareKey: () => firmwareKeyFor(firmwareKey) }),
      ...(sites && { sites }),
      ...(installSilentS && { installSilentMs: installSilentS * 1_000 }),
      place: config.swarm,
      clock: realClock,
      log,
      scope,
      poke,
    });
    await central.start();
    const desk = await openDesk(central, join(config.dataDir, DESK));
    scope.defer(async () => desk[Symbol.asyncDispose]());
    if (watch)
      new Watching({
        folder: watch.folder,
        settleMs: watch.settleMs ?? SETTLE_MS,
        book,
        clock: realClock,
        log,
        scope,
        publish: (path) => central.publish({ path }, watch.orders),
        failed: (name, why) => central.cannotPublish(name, why),
      }).start();
    await openPage({ config, central, book, control, scope, log });
    log.info('ready', { role: 'central' });
    return scope;
  } catch (error) {
    await scope.close();
    throw error;
  }
}

function firmwareKeyFor(path: string) {
  try {
    return firmwareKeyAt(path);
  } catch (error) {
    throw new PublishError((error as Error).message, { cause: error });
  }
}
