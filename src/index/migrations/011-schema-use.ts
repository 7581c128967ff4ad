import { createSchemaUse } from '../schema-use.ts';

// BEFORE: code that does not know the schema of a database must leave it alone.
// AFTER:  schema_use  one row: the oldest schema whose code may use it all the same; written by migrate
export const migration = { version: 11, adds: true, up: createSchemaUse };
