import type { Route } from '../route.ts';
import { accountRoutes } from './account-routes.ts';
import { type AccessWorld, recordRoutes } from './record-routes.ts';
import { sessionRoutes } from './session-routes.ts';

export type { AccessWorld };

/** Who may open the page and script it. */
export const accessRoutes = (world: AccessWorld): Route[] => [
  ...sessionRoutes(world.access),
  ...accountRoutes(world.access),
  ...recordRoutes(world),
];
