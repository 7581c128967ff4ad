import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fill, pickLanguage, say } from './language.ts';
import { en } from './words-en.ts';
import { zh } from './words-zh.ts';

test('what was chosen wins, then what the browser prefers, then English', () => {
  assert.equal(pickLanguage('en', ['zh-CN']), 'en');
  assert.equal(pickLanguage(null, ['fr', 'zh-TW', 'en']), 'zh-CN');
  assert.equal(pickLanguage(null, ['zhx', 'en-GB', 'zh']), 'en');
  assert.equal(pickLanguage('<b>', []), 'en');
});

test('a code becomes its sentence, other words stay', () => {
  assert.equal(say(zh.taskWhy, 'private'), zh.taskWhy.private);
  assert.equal(say(en.taskWhy, 'waiting for the moon'), 'waiting for the moon');
  assert.equal(say(en.taskWhy, 'constructor'), 'constructor');
});

test('places are filled once, and what is put in is not filled again', () => {
  assert.equal(fill('{name} and {port} {none}', { name: '{port}', port: 'wan0' }), '{port} and wan0 ');
});

test('both languages fill the same places', () => {
  const places = (text: string) => (text.match(/\{\w+\}/g) ?? []).toSorted();
  for (const code of Object.keys(en.warning) as (keyof typeof en.warning)[])
    for (const part of ['what', 'todo'] as const)
      assert.deepEqual(places(zh.warning[code][part]), places(en.warning[code][part]), code);
});
