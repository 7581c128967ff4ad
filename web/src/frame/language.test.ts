import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fill, known, pickLanguage, say } from './language.ts';

test('the language is what was chosen, else what the browser prefers, else English', () => {
  assert.equal(pickLanguage('zh-CN', ['en-US']), 'zh-CN');
  assert.equal(pickLanguage('xx', ['de-DE', 'zh-TW', 'en']), 'zh-CN');
  assert.equal(pickLanguage(null, ['de-DE', 'en-GB']), 'en');
  assert.equal(pickLanguage(null, ['zhx', 'en-GB', 'zh']), 'en');
  assert.equal(pickLanguage('<b>', []), 'en');
});

test('a code that the page does not know is shown as it came, even when every object has such a thing', () => {
  assert.equal(say({ full: 'The disk is full.' }, 'full'), 'The disk is full.');
  assert.equal(say({}, 'brand-new'), 'brand-new');
  assert.equal(say({}, 'constructor'), 'constructor');
  assert.equal(known({}, 'toString'), undefined);
});

test('places are filled once, and what is put in is not filled again', () => {
  assert.equal(fill('{name} and {port} {none}{toString}', { name: '{port}', port: 'wan0' }), '{port} and wan0 ');
});
