import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { linksOf } from './add-torrents-text.ts';
import { limitOf } from './limit-text.ts';
import { addressQuery, FILTERS, listQueryOf, SORTS } from './list-query.ts';

test('what the address says wrongly is the usual', () => {
  const query = listQueryOf(new URLSearchParams('filter=nonsense&sort=<b>&order=sideways'));
  assert.deepEqual(query, { search: '', filter: 'all', sort: 'heat', order: 'down' });
});

test('a list comes out of its address as it went in', () => {
  fc.assert(
    fc.property(
      fc.record({
        search: fc.string({ maxLength: 50 }).map((s) => s.trim()),
        filter: fc.constantFrom(...FILTERS),
        sort: fc.constantFrom(...SORTS),
        order: fc.constantFrom('up' as const, 'down' as const),
      }),
      (query) => {
        const given = Object.entries(addressQuery(query)).filter((e): e is [string, string] => e[1] !== undefined);
        assert.deepEqual(listQueryOf(new URLSearchParams(given)), { ...query });
      },
    ),
  );
});

test('a limit is a number in its bounds, or none', () => {
  assert.deepEqual(limitOf(' 2,5 '), { mbps: 2.5 });
  assert.deepEqual(limitOf('  '), {});
  for (const text of ['0', '-1', 'ten', '1e9', 'Infinity', '0.05']) assert.equal(limitOf(text), 'wrong', text);
});

test('links stand on lines of their own or beside each other', () => {
  assert.deepEqual(linksOf('magnet:?xt=1\n\n  abc '), ['magnet:?xt=1', 'abc']);
  assert.deepEqual(linksOf(' \n'), []);
});
