// Writes src/admin/contract-schema.json: JSON Schema of every route of contract-api.ts. The daemon checks what it is sent with it, and tells it as OpenAPI.
// `--check` fails when the file is stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv, exit } from 'node:process';
import { createGenerator } from 'ts-json-schema-generator';

const root = join(import.meta.dirname, '..');
const file = join(root, 'src/admin/contract-schema.json');
const schema = createGenerator({
  path: join(root, 'src/admin/contract-api.ts'),
  tsconfig: join(root, 'tsconfig.json'),
  type: 'Contract',
  skipTypeCheck: true,
  sortProps: false,
  topRef: false,
  additionalProperties: false,
}).createSchema('Contract');
const text = `${JSON.stringify(schema)}\n`;
if (argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== text) {
    console.error('src/admin/contract-schema.json does not match the contract: run `node scripts/contract-schema.ts`');
    exit(1);
  }
} else writeFileSync(file, text);
