import type { Database } from 'better-sqlite3';
import { migration as tasks } from './migrations/001-tasks.ts';
import { migration as settings } from './migrations/002-settings.ts';
import { migration as secondIdentity } from './migrations/003-second-identity.ts';
import { migration as pieceHashes } from './migrations/004-piece-hashes.ts';
import { migration as littleAtStart } from './migrations/005-little-at-start.ts';
import { migration as scrub } from './migrations/006-scrub.ts';
import { migration as heat } from './migrations/007-heat.ts';
import { migration as visits } from './migrations/008-visits.ts';
import { migration as listing } from './migrations/009-listing.ts';
import { migration as figures } from './migrations/010-figures.ts';
import { migration as schemaUse } from './migrations/011-schema-use.ts';
import { schemaOf, setOldestUser } from './schema-use.ts';

/**
 * One step of the schema. Once released it is never edited: the next change is the next step. `adds`: it brings new tables, new columns that have a default, or
 * indexes that refuse nothing, and what code from before it writes is as true after it. Such code may go on with the database when an update is taken back.
 */
export type Migration = { readonly version: number; readonly adds: boolean; up(db: Database): void };

/** In order, without gaps: the last version is the schema this code reads and writes. */
export const MIGRATIONS: readonly Migration[] = [
  tasks,
  settings,
  secondIdentity,
  pieceHashes,
  littleAtStart,
  scrub,
  heat,
  visits,
  listing,
  figures,
  schemaUse,
];

/** A database written by a later Swarmbox. Nothing in it was touched. */
export class NewerSchemaError extends Error {
  constructor(path: string, found: number, known: number) {
    super(
      `${path} has schema ${found}, this Swarmbox knows ${known} at most: ` +
        'run the newer Swarmbox again, or move the file away to begin anew',
    );
  }
}

/** The last version of these: what their code knows. */
export const knownSchema = (steps: readonly Migration[]): number => steps.at(-1)?.version ?? 0;

/** Brings the schema up to date in one transaction: all steps or none. Returns how many steps were taken; of a database from a later version, none. */
export function migrate(db: Database, steps: readonly Migration[] = MIGRATIONS): number {
  return db
    .transaction(() => {
      const todo = steps.filter(({ version }) => version > schemaOf(db));
      for (const { version, up } of todo) {
        up(db);
        db.pragma(`user_version = ${version}`);
      }
      if (todo.length > 0) setOldestUser(db, steps.findLast(({ adds }) => !adds)?.version ?? 0);
      return todo.length;
    })
    .immediate();
}
