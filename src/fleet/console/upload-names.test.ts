import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve, sep } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { laidOut } from './upload-names.ts';

const codeOf = (paths: readonly string[], name = 'x'): string => {
  const laid = laidOut(paths, name);
  return laid.kind === 'bad-path' ? `${laid.flaw.at} ${laid.flaw.code}` : laid.kind;
};

test('a file, a folder, or several of them below a folder of the given name', () => {
  assert.deepEqual(laidOut(['补丁.bin'], 'ignored'), { kind: 'ok', paths: [['补丁.bin']], root: '补丁.bin' });
  assert.deepEqual(laidOut(['游戏/a.pak', '游戏/子/b.pak'], 'ignored'), {
    kind: 'ok',
    paths: [
      ['游戏', 'a.pak'],
      ['游戏', '子', 'b.pak'],
    ],
    root: '游戏',
  });
  assert.deepEqual(laidOut(['a', 'b/c'], '更新'), {
    kind: 'ok',
    paths: [
      ['更新', 'a'],
      ['更新', 'b', 'c'],
    ],
    root: '更新',
  });
  for (const name of ['..', '.', '', 'a/b', 'a\u0000b', '字'.repeat(86)])
    assert.equal(laidOut(['a', 'b'], name).kind, 'bad-name', JSON.stringify(name));
});

test('what leads elsewhere, cannot be written, or is too long is refused', () => {
  for (const path of [
    '..',
    '.',
    '',
    '/etc/passwd',
    '../x',
    'a/../../x',
    'a//b',
    'a/',
    'a/.',
    'a\\b',
    'a\u0000',
    'a\nb',
    'a\u007f',
    'a\ud800',
  ])
    assert.equal(codeOf([path]), '0 wrong-format', JSON.stringify(path));
  assert.equal(codeOf(['ok', `a/${'字'.repeat(86)}`]), '1 too-long');
  assert.equal(codeOf([`a/${'字'.repeat(85)}`]), 'ok');
  assert.equal(codeOf([Array(33).fill('d').join('/')]), '0 too-long');
  assert.equal(codeOf([Array(11).fill('d'.repeat(200)).join('/')]), '0 too-long');
});

test('the same twice is refused, however it is spelt, and a file where others have a folder', () => {
  assert.equal(codeOf(['f/a', 'f/a']), '1 not-unique');
  assert.equal(codeOf(['f/Readme.TXT', 'f/readme.txt']), '1 not-unique');
  assert.equal(codeOf(['f/\u00e9', 'f/e\u0301']), '1 not-unique');
  assert.equal(codeOf(['f/a', 'f/a/b']), '1 not-unique');
  assert.equal(codeOf(['f/a/b', 'f/a']), '1 not-unique');
  assert.equal(codeOf(['f/a/b', 'f/a/c']), 'ok');
});

test('whatever is said, what is taken stays below the folder and is nothing twice', () => {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-names-'));
  const wild = fc.constantFrom(
    '..',
    '.',
    '',
    '/',
    '\\',
    '\u0000',
    'a',
    'A',
    '字',
    'C:',
    '~',
    ' ',
    '\ud800',
    'con',
    '%2e%2e',
  );
  const path = fc.oneof(
    fc
      .array(fc.oneof(wild, fc.string({ unit: 'binary', maxLength: 12 })), { minLength: 1, maxLength: 6 })
      .map((parts) => parts.join('/')),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );
  fc.assert(
    fc.property(
      fc.array(path, { minLength: 1, maxLength: 8 }),
      fc.oneof(wild, fc.string({ unit: 'binary' })),
      (paths, name) => {
        const laid = laidOut(paths, name);
        if (laid.kind !== 'ok') return;
        const full = laid.paths.map((parts) => join(folder, ...parts));
        for (const [i, at] of full.entries()) {
          assert.equal(resolve(at), at);
          assert.ok(at.startsWith(folder + sep + laid.root), at);
          assert.ok(!at.includes('\u0000'));
          assert.equal(at.split(sep).length, folder.split(sep).length + (laid.paths[i] as readonly string[]).length);
        }
        assert.equal(new Set(full).size, full.length);
      },
    ),
    { numRuns: 2_000 },
  );
  rmSync(folder, { recursive: true });
});
