import type { Access } from '#access/access.ts';
import type { Route } from '../route.ts';
import { accountRoutes } from './account-routes.ts';
import { recordRoutes } from './record-routes.ts';
import { sessionRoutes } from './session-routes.ts';

/** What these routes ask of the house. */
export type AccessWorld = {
  readonly access: Access;
  /** The page is served over TLS somewhere. */
  certificateInUse(): boolean;
};

/** Who may open the page and script it. */
export const accessRoutes = (world: AccessWorld): Route[] => [
  ...sessionRoutes(world.access),
  ...accountRoutes(world.access),
  ...recordRoutes(world),
];
