import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { safeText } from './safe-text.ts';

/** Any, halves of pairs included. The library's own unit of that kind takes two seconds to be made. */
const codePoint = fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code));

test('control characters show, direction tricks and invisible characters go', () => {
  assert.equal(safeText('a\u0000b\u001b[31m\u007f\u0085'), 'a\uFFFDb\uFFFD[31m\uFFFD\uFFFD');
  assert.equal(safeText('movie\u202Egpj.exe\u2066\u200f'), 'moviegpj.exe');
  assert.equal(safeText('a\u200b\ufeffb\u{E0041}'), 'ab');
  assert.equal(safeText('one\ntwo\u2028three'), 'one two three');
  assert.equal(safeText('\ud800x'), '\uFFFDx');
});

test('real names stay as they are', () => {
  for (const name of [
    'debian-13.1.0.iso',
    '[字幕组] 纪录片 第01集',
    'مرحبا بالعالم',
    'می\u200cخواهم',
    '👨\u200d👩\u200d👧',
    'Việt Nam',
    '<b>&amp;</b>',
  ])
    assert.equal(safeText(name), name);
});

test('long texts and towers of marks are cut', () => {
  assert.equal(safeText('名'.repeat(1000), 10), `${'名'.repeat(10)}…`);
  assert.equal(safeText(`e${'\u0301'.repeat(50)}x`), `e${'\u0301'.repeat(4)}x`);
});

test('whatever comes in, nothing that steers a terminal, a line or an eye comes out', () => {
  fc.assert(
    fc.property(fc.string({ unit: codePoint, maxLength: 800 }), (text) => {
      const shown = safeText(text);
      assert.doesNotMatch(shown, /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\u2028\u2029]/u);
      assert.ok([...shown].length <= 401);
    }),
  );
});
