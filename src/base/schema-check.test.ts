import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { problemsOf, type Schema } from './schema-check.ts';

const codes = (value: unknown, schema: Schema, root?: Schema) =>
  problemsOf(value, schema, root, { ip: (text) => text === '192.0.2.1' }).map(({ path, code }) => `${path}:${code}`);

const account: Schema = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 4, pattern: '^[a-z]*$' },
    age: { type: 'integer', minimum: 0, maximum: 150 },
    hosts: { type: 'array', maxItems: 2, uniqueItems: true, items: { type: 'string', format: 'ip' } },
  },
  required: ['name'],
  additionalProperties: false,
};

test('tells what is wrong, and where', () => {
  assert.deepEqual(codes({ name: 'ada', age: 36, hosts: ['192.0.2.1'] }, account), []);
  assert.deepEqual(codes({}, account), ['name:missing']);
  assert.deepEqual(codes({ name: 'Ada' }, account), ['name:wrong-format']);
  assert.deepEqual(codes({ name: '' }, account), ['name:too-short']);
  assert.deepEqual(codes({ name: 'adaaa', age: 151 }, account), ['name:too-long', 'age:too-large']);
  assert.deepEqual(codes({ name: 'a', age: 1.5 }, account), ['age:wrong-type']);
  assert.deepEqual(codes({ name: 'a', hosts: ['x'] }, account), ['hosts.0:wrong-format']);
  assert.deepEqual(codes({ name: 'a', hosts: ['192.0.2.1', '192.0.2.1'] }, account), ['hosts.1:not-unique']);
  assert.deepEqual(codes({ name: 'a', hosts: ['192.0.2.1', 'x', 'x'] }, account), [
    'hosts:too-many',
    'hosts.2:not-unique',
    'hosts.1:wrong-format',
    'hosts.2:wrong-format',
  ]);
  assert.deepEqual(codes({ name: 'a', admin: true }, account), ['admin:unknown-field']);
  for (const value of [null, [], 'x', 3, undefined]) assert.deepEqual(codes(value, account), [':wrong-type']);
});

test('a field of the prototype is neither there nor known', () => {
  assert.deepEqual(codes(JSON.parse('{"name":"a","__proto__":{"x":1}}'), account), ['__proto__:unknown-field']);
  assert.deepEqual(codes({ name: 'a', constructor: 1 }, account), ['constructor:unknown-field']);
  assert.deepEqual(codes({}, { type: 'object', required: ['toString'] }), ['toString:missing']);
});

const address: Schema = {
  definitions: {
    Dhcp: { type: 'object', properties: { kind: { const: 'dhcp' } }, required: ['kind'], additionalProperties: false },
    Fixed: {
      type: 'object',
      properties: { kind: { const: 'static' }, vlan: { type: 'integer', maximum: 4094 } },
      required: ['kind', 'vlan'],
      additionalProperties: false,
    },
  },
  anyOf: [{ $ref: '#/definitions/Dhcp' }, { $ref: '#/definitions/Fixed' }],
};

test('of several kinds, it tells of the one that is meant', () => {
  assert.deepEqual(codes({ kind: 'dhcp' }, address), []);
  assert.deepEqual(codes({ kind: 'static', vlan: 5000 }, address), ['vlan:too-large']);
  assert.deepEqual(codes({ kind: 'static' }, address), ['vlan:missing']);
  assert.deepEqual(codes({ kind: 'other' }, address), [':not-one-of']);
});

test('numbers that are none are refused', () => {
  for (const n of [Number.NaN, Number.POSITIVE_INFINITY])
    assert.deepEqual(codes(n, { type: 'number' }), [':wrong-type']);
  assert.deepEqual(codes(2 ** 53, { type: 'integer' }), [':wrong-type']);
});

test('a schema with a word that nobody checks is a bug, not a pass', () => {
  assert.throws(() => problemsOf(1, { multipleOf: 2 }), /bug: .*multipleOf/);
  assert.throws(() => problemsOf('x', { format: 'mail' }), /bug: .*mail/);
  assert.throws(() => problemsOf(1, { $ref: '#/definitions/None' }), /bug: no schema/);
});

test('whatever is sent, it answers, and with few problems', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const schema of [account, address]) assert.ok(problemsOf(value, schema).length <= 20);
    }),
  );
  assert.equal(problemsOf(Array(1000).fill(1), { type: 'array', items: { type: 'string' } }).length, 20);
});
