import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { type ClientRecipe, readJsonLine } from './client.ts';

const DRIVER = fileURLToPath(new URL('./transmission-driver.ts', import.meta.url));

export const transmission: ClientRecipe = {
  kind: 'transmission',
  argv: (o) => [execPath, DRIVER, JSON.stringify(o)],
  read: readJsonLine,
};
