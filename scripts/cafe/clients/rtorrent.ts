import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { type ClientRecipe, readJsonLine } from './client.ts';

const DRIVER = fileURLToPath(new URL('./rtorrent-driver.ts', import.meta.url));

export const rtorrent: ClientRecipe = {
  kind: 'rtorrent',
  argv: (o) => [execPath, DRIVER, JSON.stringify(o)],
  read: readJsonLine,
};
