import { hostname } from 'node:os';
import { Access } from '#access/access.ts';
import { fleetLive } from '#admin/routes/fleet-routes.ts';
import { realClock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import { type CentralParts, runCentral } from '#fleet/central/role.ts';
import type { CentralConfig } from '#fleet/config-types.ts';
import { Figures } from '#fleet/console/figures.ts';
import { Uploads } from '#fleet/console/uploads.ts';
import type { DistributionId } from '#fleet/manifest.ts';
import packageJson from '../package.json' with { type: 'json' };
import { AdminPage, ownNames } from './admin-page.ts';
import { fleetWorld } from './fleet-world.ts';

/** A central and, where its configuration says so, its page. */

/** ms between looks at the disk that uploads go to. */
const DISK_EVERY_MS = 10_000;

/** `swarmbox central CONFIG`. Rejects with what is to be changed; ends with the scope. */
export const runCentralHouse = (configPath: string, log: Log): Promise<Scope> =>
  runCentral(configPath, log, async (parts) => {
    const { admin } = parts.config;
    if (admin) await openPage(parts, admin);
  });

async function openPage(parts: CentralParts, admin: NonNullable<CentralConfig['admin']>): Promise<void> {
  const { config, central, book, control, scope } = parts;
  const log = parts.log.with({ part: 'page' });
  const { dataDir } = config;
  const names = (): readonly string[] => config.names ?? [];
  const uploads = await Uploads.open({
    dataDir,
    book,
    clock: realClock,
    log,
    scope,
    publish: (publication, orders) => central.publish(publication, orders),
  });
  let freeBytes = await uploads.freeBytes();
  scope.every(DISK_EVERY_MS, () =>
    scope.run(async () => {
      freeBytes = await uploads.freeBytes();
    }),
  );
  const figures = new Figures({ book, clock: realClock, nodes: () => central.nodes() });
  const access = await Access.open({
    dataDir,
    boxName: hostname(),
    names: () => ownNames(names()),
    clock: realClock,
    log: log.with({ part: 'access' }),
  });
  scope.defer(() => access.close());
  const { version } = packageJson;
  const world = fleetWorld({
    version,
    startedAtMs: Date.now(),
    figures,
    uploads,
    broker: () => control.state,
    freeBytes: () => freeBytes,
    retry: (id, node) => central.retry(id as DistributionId, node),
    cancel: (id) => central.cancel(id as DistributionId),
    resume: (id) => central.resume(id as DistributionId),
    notes: (of) => central.notes(of),
  });
  const page = await AdminPage.open(
    { dataDir, version, live: fleetLive(world, log), startPage: 'central.html', access, routes: [], names, log },
    admin,
  );
  scope.defer(() => page.close());
}
