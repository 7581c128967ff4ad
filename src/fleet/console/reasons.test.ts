/** Every code of the fleet has words on the page, in both languages. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { en as diaryEn } from '../../../web/src/words/diary-en.ts';
import { en } from '../../../web/src/words/fleet-reasons-en.ts';
import { zh } from '../../../web/src/words/fleet-reasons-zh.ts';

const root = join(import.meta.dirname, '../..');
const sources = globSync(
  ['fleet/{central,node}/*.ts', 'kept-task.ts', 'fleet-tasks.ts', 'update/bundle-installer.ts', 'update/updates.ts'],
  {
    cwd: root,
  },
)
  .filter((path) => !/\.(?:test|e2e)\.ts$|fixtures\.ts$/.test(path))
  .map((path) => readFileSync(join(root, path), 'utf8'));
const WORD = "'([a-z][a-z-]*)'";

/** Where the code of a reason is written down: as a field, as what is chosen of two, and as an argument. */
const WRITTEN = [
  new RegExp(String.raw`\bcode: ${WORD}`, 'g'),
  new RegExp(String.raw`\b(?:code|why): [^,{}|\n]*\? ${WORD} : ${WORD}`, 'g'),
  new RegExp(`state: 'failed', why: ${WORD}`, 'g'),
  new RegExp(String.raw`[.#]refuse\(id, ${WORD}`, 'g'),
  new RegExp(String.raw`\bfailed\(${WORD}`, 'g'),
  new RegExp(String.raw`const ended = .*\? ${WORD} : .*\? ${WORD}`, 'g'),
  // Of what can pass, in the plan.
  /^ {2}'([a-z-]+)',$/gm,
];
/** What an update is declined for is a reason too. */
const DECLINED = /readonly why: ((?:'[a-z-]+' ?\|? ?)+);/.exec(
  sources.find((text) => text.includes('UpdateDeclined =')) ?? '',
)?.[1];

const codes = new Set(
  sources.flatMap((text) => WRITTEN.flatMap((written) => [...text.matchAll(written)].flatMap(([, ...words]) => words))),
);
for (const [, code] of (DECLINED ?? '').matchAll(/'([a-z-]+)'/g)) codes.add(code as string);

test('the codes are found', () => {
  for (const code of ['not-signed', 'disk-full', 'disk', 'silent', 'stalled', 'busy', 'no-seed', 'rolled-back', 'late'])
    assert.ok(codes.has(code), code);
  assert.ok(codes.has('too-large'), 'those of an update');
});

test('every reason has words', () => {
  const unknown = [...codes].filter((code) => !Object.hasOwn(en, code) || !Object.hasOwn(zh, code));
  assert.deepEqual(unknown, []);
});

test('the table of the README names no reason without words', () => {
  const readme = readFileSync(join(root, 'fleet/README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell]) => [
    ...(cell as string).matchAll(/`([a-z-]+)`/g),
  ]);
  assert.ok(rows.length > 5);
  for (const [, code] of rows) assert.ok(Object.hasOwn(en, code as string), String(code));
});

test('whatever is written into the diary has words', () => {
  const union = /export type NoteCode =\n((?: {2}\| '[a-z-]+';?\n)+)/.exec(
    readFileSync(join(root, 'fleet/central/diary.ts'), 'utf8'),
  )?.[1];
  const noted = [...(union ?? '').matchAll(/'([a-z-]+)'/g)].map(([, code]) => code as string);
  assert.ok(noted.length > 10);
  assert.deepEqual(noted.toSorted(), Object.keys(diaryEn.code).toSorted());
});
