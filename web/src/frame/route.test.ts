import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fits, hashOf, placeOf } from './route.ts';

test('an address is a path and a query; what cannot be read is the dashboard', () => {
  assert.equal(placeOf('').path, '/');
  assert.equal(placeOf('#main').path, '/');
  const { path, query } = placeOf('#/torrents?sort=heat&search=a%20b');
  assert.equal(path, '/torrents');
  assert.equal(query.get('search'), 'a b');
});

test('what was put into an address comes out of it again', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ minLength: 1, unit: 'grapheme' })),
      (given) => {
        const { path, query } = placeOf(hashOf('/torrents', given));
        assert.equal(path, '/torrents');
        assert.deepEqual({ ...Object.fromEntries(query) }, { ...given });
      },
    ),
  );
});

test('a value that is absent or empty is left out', () => {
  assert.equal(hashOf('/torrents', { search: undefined, disk: '' }), '#/torrents');
});

test('parameters are taken out of a path, decoded', () => {
  assert.deepEqual(fits('/torrents/{infoHash}', '/torrents/abcd'), { infoHash: 'abcd' });
  assert.deepEqual(fits('/clients/{address}', '/clients/fd00%3A%3A31'), { address: 'fd00::31' });
  assert.equal(fits('/torrents/{infoHash}', '/torrents'), undefined);
  assert.equal(fits('/torrents/{infoHash}', '/torrents/'), undefined);
  assert.equal(fits('/torrents/{infoHash}', '/torrents/a/b'), undefined);
  assert.equal(fits('/torrents/{infoHash}', '/torrents/%'), undefined);
});

test('no path of a stranger breaks it', () => {
  fc.assert(fc.property(fc.string(), (path) => void fits('/torrents/{infoHash}', placeOf(path).path)));
});
