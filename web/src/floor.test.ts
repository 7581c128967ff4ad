import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

/**
 * What Chromium 87, Safari 14 or Firefox 85 do not have and no build puts in: calls are not rewritten, only syntax is.
 * `Object.hasOwn` and `.at()` are put in (frame/old-browsers.ts). Each with a use that is found.
 */
const TOO_NEW: readonly [RegExp, string][] = [
  [/\bObject\.groupBy\(/, 'Object.groupBy(a, b)'],
  [/\bstructuredClone\(/, 'structuredClone(x)'],
  [/\.(?:findLast|findLastIndex|toSorted|toReversed|toSpliced)\(/, 'x.toSorted()'],
  [/\bAbortSignal\.(?:any|timeout|abort)\(/, 'AbortSignal.any([a])'],
  [/\bcrypto\.randomUUID\(/, 'crypto.randomUUID()'],
  [/\bPromise\.withResolvers\b/, 'Promise.withResolvers()'],
  [/\bscrollend\b|\bshowModal\(|\breplaceChildren\(|\bscheduler\./, 'd.showModal()'],
  [/\b(?:Array\.fromAsync|Intl\.(?:DurationFormat|Segmenter))\b/, 'Intl.Segmenter'],
];
const TOO_NEW_STYLE: readonly [RegExp, string][] = [
  [/:has\(/, 'a:has(b)'],
  [/:(?:is|where)\(/, ':is(a)'],
  [/@container|@layer|@property/, '@container (x)'],
  [/\d(?:dvh|svh|lvh|cqw|cqi)\b/, '100dvh'],
  [/(?:^|[\s;{])(?:inset|aspect-ratio|inset-inline|inset-block)\s*:/m, ' inset: 0'],
  [/\bcolor-mix\(|\boklch\(|\blight-dark\(/, 'color-mix(in srgb, a, b)'],
];

const files = (ending: RegExp): string[] =>
  readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter(
    (name) => ending.test(name) && !name.endsWith('.test.ts'),
  );

test('what is put in for old browsers does as it should', async () => {
  const [hasOwn, at] = [Object.hasOwn, Array.prototype.at];
  const [ofObject, ofArray, ofString] = [Object, Array.prototype, String.prototype] as unknown as Record<
    string,
    unknown
  >[];
  try {
    delete ofObject?.hasOwn;
    delete ofArray?.at;
    delete ofString?.at;
    await import('./frame/old-browsers.ts');
    assert.notEqual(Object.hasOwn, hasOwn);
    assert.deepEqual([Object.hasOwn({ a: undefined }, 'a'), Object.hasOwn({}, 'constructor')], [true, false]);
    assert.deepEqual([[1, 2, 3].at(-1), [1, 2, 3].at(0), [1].at(-2), 'ab'.at(-1)], [3, 1, undefined, 'b']);
  } finally {
    Object.hasOwn = hasOwn;
    Array.prototype.at = at;
  }
});

test('the rules find what they are for', () => {
  for (const [rule, use] of [...TOO_NEW, ...TOO_NEW_STYLE]) assert.match(use, rule);
});

for (const [ending, rules] of [
  [/\.tsx?$/, TOO_NEW],
  [/\.css$/, TOO_NEW_STYLE],
] as const)
  test(`no ${ending.source} file asks for more than the oldest browsers have`, () => {
    const names = files(ending);
    assert.ok(names.length > 5);
    for (const name of names) {
      const text = readFileSync(join(import.meta.dirname, name), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      for (const [rule] of rules) assert.doesNotMatch(text, rule, name);
    }
  });
