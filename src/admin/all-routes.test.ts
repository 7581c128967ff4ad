import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTRACT } from './request-shape.ts';
import type { Route } from './route.ts';
import { RouteTable } from './route-table.ts';
import { accessRoutes } from './routes/access-routes.ts';
import { figureRoutes } from './routes/figure-routes.ts';
import { fleetRoutes } from './routes/fleet-routes.ts';
import { liveRoutes } from './routes/live-routes.ts';
import { machineRoutes } from './routes/machine-routes.ts';
import { settingsRoutes } from './routes/settings-routes.ts';
import { taskRoutes } from './routes/task-routes.ts';

/** Nothing is asked of it: the table alone is looked at. */
const nobody = new Proxy({}, { get: () => nobody }) as never;
/** A central answers these in place of the box's own; the health is told by both. */
const ofCentral = fleetRoutes(nobody, nobody).filter(({ name }) => name !== 'GET /api/health');
const routes: readonly Route[] = [
  ...ofCentral,
  ...liveRoutes(nobody, nobody),
  ...accessRoutes(nobody),
  ...figureRoutes(nobody),
  ...taskRoutes(nobody),
  ...settingsRoutes(nobody),
  ...machineRoutes(nobody),
];
const named = (wanted: (route: Route) => boolean): string[] =>
  routes
    .filter(wanted)
    .map(({ name }) => name as string)
    .sort();

test('every route of the contract is there, and no other', () => {
  const { Api } = CONTRACT.definitions as Record<string, { properties: object }>;
  const described = 'GET /api/openapi.json';
  assert.deepEqual([...named(() => true), described].sort(), Object.keys(Api?.properties ?? {}).sort());
  new RouteTable(routes);
});

test('without signing in nothing is answered but the health, the session and the set-up', () => {
  assert.deepEqual(
    named(({ needs }) => needs === 'anyone'),
    ['DELETE /api/session', 'GET /api/health', 'GET /api/session', 'POST /api/session', 'POST /api/set-up'],
  );
});

test('whoever may only look changes nothing but what is their own', () => {
  const changes = named(({ name, needs }) => !name.startsWith('GET') && needs === 'look');
  assert.deepEqual(changes, [
    'DELETE /api/sessions/{id}',
    'POST /api/account/password',
    'POST /api/account/totp',
    'POST /api/account/totp/confirm',
    'POST /api/account/totp/remove',
  ]);
});

test('whoever changes something is written down; what is only offered, checked, or shown is not', () => {
  const silent = named(
    ({ name, needs, options }) => !name.startsWith('GET') && needs !== 'anyone' && options.audit === undefined,
  );
  assert.deepEqual(silent, [
    'DELETE /api/fleet/uploads/{id}',
    'POST /api/account/totp',
    'POST /api/ports/{name}/blink',
    'POST /api/settings/check',
    'POST /api/update/discard',
    'PUT /api/fleet/uploads/{id}/files/{file}',
  ]);
});
