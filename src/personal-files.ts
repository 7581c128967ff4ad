import { FLEET_BOOK } from './fleet-limits.ts';

/**
 * In the data folder: who may do what, who did what, what was asked for and decided. A factory reset takes it away, and the index with it, which remembers clients: a cache
 * that stays is read again and comes back with a new one.
 */
export const PERSONAL = [
  'access.json',
  'sessions.json',
  'audit.ndjson',
  'audit.1.ndjson',
  'certificate.pem',
  'own-certificate.pem',
  'decisions.json',
  'drains.json',
  'update',
  'trace',
  'swarmbox.db',
  'swarmbox.db-wal',
  'swarmbox.db-shm',
  ...['', '-wal', '-shm'].map((end) => FLEET_BOOK + end),
];
