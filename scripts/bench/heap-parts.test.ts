import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grown, heapParts } from './heap-parts.ts';

const TYPES = ['hidden', 'array', 'string', 'object', 'code', 'native', 'object shape'];
/** As V8 writes it: a flat list of figures, with a table of types and one of strings. */
const written = (nodes: readonly (readonly [type: string, name: string, bytes: number])[]) =>
  JSON.stringify({
    snapshot: {
      meta: { node_fields: ['type', 'name', 'id', 'self_size', 'edge_count'], node_types: [TYPES, 'string', 'number'] },
    },
    nodes: nodes.flatMap(([type, , bytes], i) => [TYPES.indexOf(type), i, 2 * i + 1, bytes, 0]),
    strings: nodes.map(([, name]) => name),
  });

test('a heap is told apart: what scripts made, what the engine keeps, what the browser lists', () => {
  const parts = heapParts(
    written([
      ['object', 'Task', 100],
      ['array', '', 20],
      ['string', 'a name', 3],
      ['code', 'draw', 4000],
      ['object shape', 'system / Map', 500],
      ['hidden', 'system / Context', 60],
      ['native', 'HTMLDivElement', 7],
    ]),
  );
  assert.deepEqual([parts.ownBytes, parts.engineBytes, parts.nativeBytes], [123, 4560, 7]);
});

test('what grew is named, the largest first', () => {
  const before = heapParts(
    written([
      ['object', 'Task', 100],
      ['code', 'draw', 40],
    ]),
  );
  const after = heapParts(
    written([
      ['object', 'Task', 100],
      ['object', 'Task', 100],
      ['code', 'draw', 400],
      ['object', 'Row', 9],
    ]),
  );
  assert.deepEqual(Object.entries(grown(before, after, 2)), [
    ['code draw', 360],
    ['object Task', 100],
  ]);
});

test('a snapshot of another shape is refused, not misread', () => {
  assert.throws(
    () =>
      heapParts(
        JSON.stringify({ snapshot: { meta: { node_fields: ['type'], node_types: [TYPES] } }, nodes: [0], strings: [] }),
      ),
    /no name/,
  );
});
