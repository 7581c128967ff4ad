import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf } from '#base/schema-check.ts';
import { en } from '../words/frame-en.ts';
import { zh } from '../words/frame-zh.ts';
import { fieldSentence } from './field-sentence.ts';

const SCHEMA = { type: 'number', minimum: 5, maximum: 90 };

test('what the check of a value says is a whole sentence with its figure, in both languages', () => {
  for (const [value, limit] of [
    [1, '5'],
    [100, '90'],
  ] as const) {
    const [problem] = problemsOf(value, SCHEMA, SCHEMA, {});
    assert.ok(problem);
    for (const { field } of [en, zh]) {
      assert.ok(problem.code in field, `${problem.code} has words`);
      assert.match(fieldSentence(field, problem), new RegExp(`\\b${limit}\\b`));
    }
  }
});

test('a code without words says itself, and what the box sends into a sentence is made fit to be looked at', () => {
  assert.equal(fieldSentence({}, { path: '', code: 'new\u202Ecode' }), 'newcode');
  assert.equal(fieldSentence({ a: 'At {limit}.' }, { path: '', code: 'a', detail: { limit: '5\u202E' } }), 'At 5.');
});
