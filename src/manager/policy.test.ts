import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type InfoHash, parseInfoHash } from '#base/units.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { Policy } from './policy.ts';

const hash = (digit: string): InfoHash => parseInfoHash(digit.repeat(40)) as InfoHash;
const [A, B] = [hash('a'), hash('b')];
const torrent = (isPrivate: boolean): Metainfo => ({ isPrivate, ids: [A, B] }) as unknown as Metainfo;
const open = { servePrivate: false, block: [], allow: undefined };

test('what is blocked passes, and so does what an allow list leaves out', () => {
  assert.equal(new Policy(open).refusesHash(A), undefined);
  assert.equal(new Policy({ ...open, block: [A] }).refusesHash(A), 'blocked');
  assert.equal(new Policy({ ...open, block: [A] }).refusesHash(B), undefined);
  assert.equal(new Policy({ ...open, allow: [A] }).refusesHash(A), undefined);
  assert.equal(new Policy({ ...open, allow: [A] }).refusesHash(B), 'blocked');
  assert.equal(new Policy({ ...open, allow: [A], block: [A] }).refusesHash(A), 'blocked');
  assert.equal(new Policy({ ...open, allow: [] }).refusesHash(A), 'blocked', 'an empty allow list allows nothing');
});

test('a hybrid is blocked by either of its names', () => {
  for (const id of [A, B]) assert.equal(new Policy({ ...open, block: [id] }).refuses(torrent(false)), 'blocked');
});

test('private torrents pass unless they are to be served (BEP 27)', () => {
  assert.equal(new Policy(open).refuses(torrent(true)), 'private');
  assert.equal(new Policy(open).refuses(torrent(false)), undefined);
  assert.equal(new Policy({ ...open, servePrivate: true }).refuses(torrent(true)), undefined);
});

test('a hybrid is blocked by either of its names', () => {
  assert.equal(new Policy({ ...open, block: [B] }).refuses(torrent(false)), 'blocked');
});
