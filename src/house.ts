import { hostname } from 'node:os';
import { Access } from '#access/access.ts';
import { figureRoutes } from '#admin/routes/figure-routes.ts';
import { boxLive } from '#admin/routes/live-routes.ts';
import { machineRoutes } from '#admin/routes/machine-routes.ts';
import { settingsRoutes } from '#admin/routes/settings-routes.ts';
import { realClock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { type InfoHash, MIB } from '#base/units.ts';
import { Budget } from '#client/rate-limits.ts';
import { Dht, hasAddress } from '#downloader/dht.ts';
import { Uplink } from '#downloader/uplink.ts';
import { Entry, type EntryLoad } from '#entry/entry.ts';
import { receivedBytes } from '#health/counters.ts';
import { DiskHealthWatch } from '#health/disk-health.ts';
import { Health } from '#health/health.ts';
import { OverloadWatch } from '#health/overload-watch.ts';
import { keepFreedMemory } from '#kernel/libc.ts';
import { roundTrip } from '#kernel/tcp-info.ts';
import { Evictor } from '#manager/evictor.ts';
import { Manager } from '#manager/manager.ts';
import { Scrubber } from '#manager/scrubber.ts';
import { THE_BOX } from '#settings/settings-book.ts';
import type { SettingsKeeper } from '#settings/settings-keeper.ts';
import { Store } from '#store/store.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { newPeerId } from '#wire/handshake.ts';
import packageJson from '../package.json' with { type: 'json' };
import { AdminPage, ownNames } from './admin-page.ts';
import { type Config, configOf } from './config.ts';
import { openIndex, volatileDirOf } from './data-folder.ts';
import { DemandTrace } from './demand-trace.ts';
import { diskPlaces, rememberDisks } from './disk-settings.ts';
import { entryWorld } from './entry-world.ts';
import { startFigures, startSyslog } from './figures.ts';
import { figuresWorld } from './figures-world.ts';
import { fleetHouse } from './fleet-house.ts';
import { openFleet } from './fleet-section.ts';
import { applySettings } from './live-settings.ts';
import { machineParts, mountDisks } from './machine-parts.ts';
import { dialOrigin } from './origin-dial.ts';
import { PageDoors } from './page-doors.ts';
import { PERSONAL } from './personal-files.ts';
import { openPrefill, worthTo } from './prefilling.ts';
import { withReread } from './reread-settings.ts';
import { changeFor, openSettingsDesk } from './settings-desk.ts';
import { type Parts, snapshotOf } from './snapshot.ts';
import { openDecisions, openTaskPages } from './task-pages.ts';

/** Builds the parts, wires each part's world, and ends them in the order that loses nothing. */

const HEALTH_EVERY_MS = 1_000;
const HASH_WORKERS = 1;
const DISKS_EVERY_MS = 60_000;
const EVICT_EVERY_MS = 2_000;
const PREFILL_EVERY_MS = 2_000;
/** The setting that holds what to steer at once after a restart, and how often it is written. */
const SWARMS = 'swarms';
const SWARMS_EVERY_MS = 10_000;
/** The setting that holds the uplink's books. */
const UPLINK = 'uplink';

const NO_FLOWS: EntryLoad = { recognising: 0, spliced: 0, unsentBytes: 0 };

function startDht({ dht: { bootstrap } }: Config, log: Log, scope: Scope): Dht {
  const dht = new Dht({ clock: realClock, log: log.with({ part: 'dht' }), bootstrap, hasAddress });
  scope.defer(() => dht.close());
  return dht;
}

/** The process that the house runs in. */
export type Process = {
  readonly keeper: SettingsKeeper;
  /** Ends in order; the service manager starts it again. */
  restart(why: string): void;
};
export type Running = { readonly scope: Scope };

export async function run(process: Process, log: Log): Promise<Running> {
  const startedAtMs = Date.now();
  const scope = new Scope((error) => log.error('trouble', { why: errorText(error) }));
  try {
    await build(process, log, scope, startedAtMs);
    return { scope };
  } catch (error) {
    await scope.close();
    throw error;
  }
}

async function build({ keeper, restart }: Process, plainLog: Log, scope: Scope, startedAtMs: number): Promise<void> {
  keepFreedMemory();
  let config = configOf(keeper.given);
  const { log, syslog } = startSyslog(plainLog, scope);
  syslog.setSettings(config.syslog);
  const index = openIndex(config, log);
  scope.defer(() => index.close());
  const fleet = await openFleet(config, log.with({ part: 'fleet' }), scope);
  const stop = index.beginRun();
  scope.defer(() => index.endRun());
  const mounted = await mountDisks(config, realClock, log.with({ part: 'machine' }), scope);
  const store = await Store.open<FramedPiece>(
    {
      disks: diskPlaces(config, index, (path) => mounted.mounts.idAt(path)),
      volatileDir: config.volatileDir ?? volatileDirOf(config.dataDir),
      cacheBytes: config.cacheMiB * MIB,
      floorBytes: config.floorMiB * MIB,
      hashWorkers: HASH_WORKERS,
    },
    FramedPiece,
    log.with({ part: 'store' }),
  );
  scope.defer(() => store.close());
  rememberDisks(config, index, store);
  scope.every(DISKS_EVERY_MS, () => rememberDisks(config, index, store));
  const trace = await DemandTrace.open(config, index, store, log.with({ part: 'trace' }), scope);
  let entry: Entry | undefined;
  const dht = config.dht.enabled ? startDht(config, log, scope) : undefined;
  const uplink = new Uplink(
    config.uplink,
    {
      clock: realClock,
      roundTrip,
      lineBytes: () => receivedBytes(config.wan),
      kept: () => index.setting(UPLINK),
      keep: (text) => index.setSetting(UPLINK, text),
    },
    scope,
  );
  const decisions = await openDecisions(config, index, log);
  const figures = startFigures(
    {
      lan: config.lan,
      wan: config.wan,
      index,
      clientHistory: config.clientHistory,
      entry: () => entry,
    },
    scope,
  );
  const budget = new Budget(config.limits, realClock);
  const manager: Manager = new Manager(
    {
      blocks: (infoHash) => decisions.of(infoHash).blocked === true,
      isOwn: (infoHash) => fleet?.isOwn(infoHash) ?? false,
      seats: config.seats,
      seatRule: config.seatRule,
      servePrivate: config.servePrivate,
      block: config.block,
      allow: config.allow,
      spareFlash: config.spareFlash,
    },
    {
      clock: realClock,
      store,
      index,
      peerId: newPeerId(),
      disks: () => store.disks(),
      leastWorth: () => (config.evict ? evictor.leastWorth() : undefined),
      isSqueezed: () => config.evict && evictor.isSqueezed,
      budget,
      limitOf: (infoHash) => decisions.limitOf(infoHash),
      uplink,
      demand: trace?.demand,
      traffic: figures.traffic,
      pieceSha256: (infoHash) => fleet?.pieceSha256(infoHash),
      dial: (to) => dialOrigin(config.bridge, to),
      know: (infoHash) => entry?.know(infoHash),
      steer: (infoHash, endpoints, from) => entry?.steer(infoHash, endpoints, from),
      told: (client, infoHash, endpoints) => entry?.told(client, infoHash, endpoints),
      dhtNode: (endpoint) => dht?.addNode(endpoint),
      lookUp: async (infoHash, found, signal) => dht?.peersOf(infoHash, found, signal),
      isBox: (endpoint) => entry?.isBox(endpoint) ?? false,
    },
    log,
  );
  scope.defer(() => manager.close());
  const living = (infoHash: InfoHash) => manager.living(infoHash);
  const scrubber = new Scrubber(config.scrubMBps, { clock: realClock, index, store, living }, log);
  scope.defer(() => scrubber.close());
  const prefill = openPrefill(
    config,
    { index, manager, uplink, store, overloaded: () => overload.refuses },
    log.with({ part: 'prefill' }),
  );
  const own = (infoHash: InfoHash) =>
    fleet?.isOwn(infoHash) ? Number.POSITIVE_INFINITY : worthTo(prefill, index, infoHash);
  const isPinned = (infoHash: InfoHash) => decisions.of(infoHash).pinned === true;
  const evictor = new Evictor(config.pin, { clock: realClock, index, store, living, own, isPinned }, log);
  scope.every(EVICT_EVERY_MS, () => {
    if (config.evict) void evictor.look();
  });
  scope.defer(() => evictor.close());
  const tasks = openTaskPages({ index, store, manager, prefill, decisions }, log.with({ part: 'tasks' }), scope);
  const health = await Health.start({
    interfaces: [
      { name: config.lan, role: 'lan' },
      { name: config.wan, role: 'wan' },
    ],
    dataDir: config.dataDir,
    intervalMs: HEALTH_EVERY_MS,
    log,
  });
  scope.defer(() => health.close());
  const diskHealth = DiskHealthWatch.start(
    {
      paths: () => store.disks().flatMap(({ path, state }) => (state === 'gone' ? [] : [path])),
      distrust: (path, why) => store.distrustDisk(path, why),
    },
    log.with({ part: 'health' }),
  );
  scope.defer(() => diskHealth.close());

  const overload = new OverloadWatch(
    { clients: config.clients, cacheBytes: config.cacheMiB * MIB, log },
    {
      clients: () => entry?.clients ?? 0,
      load: () => ({ ...(entry?.load() ?? NO_FLOWS), ...store.load() }),
      steer: (on) => entry?.rest(!on),
      shed: (clients) => manager.shed(clients),
    },
  );
  scope.defer(() => overload.close());

  const { version } = packageJson;
  const parts: Parts = {
    config,
    version,
    startedAtMs,
    stop,
    health,
    diskHealth,
    index,
    store,
    manager,
    uplink,
    prefill,
    scrubber,
    overload,
    figures,
    fleet,
    entry: undefined,
    steeringFailed: undefined,
  };
  const partsNow = (): Parts => ({ ...parts, config, entry: entry?.view() });
  const snapshot = () => snapshotOf(partsNow());
  const access = await Access.open({
    dataDir: config.dataDir,
    boxName: hostname(),
    names: () => ownNames(config.names),
    clock: realClock,
    log: log.with({ part: 'access' }),
  });
  scope.defer(() => access.close());
  access.audit.told = (row) => syslog.audit(row);
  const { clientHistory } = figures;
  let doors: PageDoors | undefined;
  const desk = openSettingsDesk(
    {
      keeper,
      version,
      clock: realClock,
      log: log.with({ part: 'settings' }),
      running: () => config,
      live: async (wanted) => {
        config = withReread(config, wanted);
        return applySettings(
          config,
          { budget, uplink, prefill, scrubber, manager, evictor, overload, store, index, syslog, clientHistory, tasks },
          log,
        );
      },
      doors: { open: async (place) => doors?.open(place), settle: async () => doors?.settle() },
      disks: () => store.disks(),
      forgets: PERSONAL,
      exportSecrets: () => {
        const secrets = access.exportSecrets();
        return access.checkSecrets(secrets) === undefined ? secrets : undefined;
      },
      checkSecrets: (text) => access.checkSecrets(text),
      importSecrets: async (text) => (await access.importSecrets(text))?.text,
      orders: () => prefill.orders,
      addOrders: (orders) => prefill.addOrders(orders),
      decisions: () => decisions.text,
      takeDecisions: (text) => tasks.take(text),
      restart,
    },
    scope,
  );
  const machine = await machineParts(
    config,
    mounted,
    {
      clock: realClock,
      version,
      store,
      index,
      living,
      disks: () => config.disks,
      changeDisks: (disks) => changeFor(keeper, { disks }, THE_BOX),
      end: () => restart('restart'),
    },
    log.with({ part: 'machine' }),
    scope,
  );
  const page = await AdminPage.open(
    {
      dataDir: config.dataDir,
      version,
      live: boxLive(
        {
          snapshot,
          history: () => health.history(config.wan, config.lan),
          health: () => {
            const steering = entry?.view().steering.armed ? 'armed' : 'disarmed';
            return { ok: steering === 'armed', version, steering, ...(fleet && { fleet: fleet.state }) };
          },
          explain: async (question) => (await entry?.explain(question)) ?? [],
          whatIf: async () => (await trace?.whatIf.ask()) ?? { kind: 'off' },
          trace: () => trace?.lines(),
        },
        log,
      ),
      access,
      routes: [
        ...tasks.routes,
        ...settingsRoutes(desk),
        ...figureRoutes(figuresWorld(partsNow, () => syslog.dropped)),
        ...machineRoutes(machine),
      ],
      names: () => config.names,
      log,
    },
    config.admin,
  );
  scope.defer(() => page.close());
  doors = new PageDoors(config.admin, (places) => page.setPlaces(places));

  entry = await Entry.start(
    config,
    entryWorld({
      manager,
      overload,
      uplink,
      fetchOnAnnounce: () => config.fetchOnAnnounce,
      hasRoom: () => entry?.hasRoom ?? false,
      log,
    }),
    scope,
    log.with({ part: 'entry' }),
  );
  overload.start();
  manager.resume(stop);
  scope.every(PREFILL_EVERY_MS, () => scope.run(() => prefill.look()));
  scope.defer(() => prefill.close());
  const { operator } = tasks;
  if (fleet)
    fleet.start(fleetHouse(config, { fleet, version, index, store, manager, prefill, overload, operator, machine }));
  const steered = entry;
  steered.recall(index.setting(SWARMS));
  const keepSwarms = (): void => {
    const swarms = steered.remember();
    if (swarms) index.setSetting(SWARMS, swarms);
  };
  scope.every(SWARMS_EVERY_MS, keepSwarms);
  scope.defer(keepSwarms);
  log.info('ready', { version, lan: config.lan, wan: config.wan, stop });
}
