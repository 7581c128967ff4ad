// Writes the JSON Schemas that are made from types: of every route of the admin API, and of every message of a fleet. The daemon checks what it is sent with them.
// `--check` fails when one is stale.
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, exit } from 'node:process';
import { createGenerator } from 'ts-json-schema-generator';

const root = join(import.meta.dirname, '..');
const SCHEMAS = [
  { types: 'src/admin/contract-api.ts', type: 'Contract', file: 'src/admin/contract-schema.json' },
  { types: 'src/fleet/message-types.ts', type: 'Messages', file: 'src/fleet/messages-schema.json' },
  { types: 'src/fleet/config-types.ts', type: 'Configs', file: 'src/fleet/config-schema.json' },
];

/** What was found right before and has not changed since is not made again: it takes seconds. All of `src` counts, as types may come from anywhere. */
const stamp = join(root, '.tools/schemas-checked');
const sum = createHash('sha256');
for (const path of [
  ...globSync('src/**/*.{ts,json}', { cwd: root }).sort(),
  'package-lock.json',
  'scripts/contract-schema.ts',
])
  sum.update(`${path}\0`).update(readFileSync(join(root, path)));
const now = sum.digest('hex');
if (argv.includes('--check') && existsSync(stamp) && readFileSync(stamp, 'utf8') === now) exit(0);

for (const { types, type, file } of SCHEMAS) {
  const schema = createGenerator({
    path: join(root, types),
    tsconfig: join(root, 'tsconfig.json'),
    type,
    skipTypeCheck: true,
    sortProps: false,
    topRef: false,
    additionalProperties: false,
  }).createSchema(type);
  const text = `${JSON.stringify(schema)}\n`;
  if (!argv.includes('--check')) writeFileSync(join(root, file), text);
  else if (readFileSync(join(root, file), 'utf8') !== text) {
    console.error(`${file} does not match ${types}: run \`node scripts/contract-schema.ts\``);
    exit(1);
  }
}
if (argv.includes('--check')) writeFileSync(stamp, now);
