import { silentLog } from '#base/log.ts';
import type { ShelfWorld } from './piece-shelf.ts';

/** Of a shelf that nobody listens to. */
export const quietShelfWorld: ShelfWorld = {
  gained: () => {},
  lost: () => {},
  disk: () => {},
  cannotKeep: () => {},
  contradicted: () => {},
  forgets: () => true,
  keptBeside: () => {},
  log: silentLog,
};
