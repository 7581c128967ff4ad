import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type InfoHash, parseInfoHash } from '#base/units.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { Policy } from './policy.ts';

const hash = (digit: string): InfoHash => parseInfoHash(digit.repeat(40)) as InfoHash;
const [A, B, C, D] = [hash('a'), hash('b'), hash('c'), hash('d')];
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

test('a hybrid that is allowed by one of its names is allowed by both once they are known', () => {
  for (const listed of [A, B]) {
    const policy = new Policy({ ...open, allow: [listed] });
    policy.sameTorrent([A, B]);
    policy.sameTorrent([C, D]);
    assert.deepEqual(
      [A, B, C, D].map((id) => policy.refusesHash(id)),
      [undefined, undefined, 'blocked', 'blocked'],
    );
  }
  const both = new Policy({ ...open, allow: [A], block: [B] });
  both.sameTorrent([A, B]);
  assert.equal(both.refusesHash(B), 'blocked', 'what is blocked stays so');
  const unlisted = new Policy(open);
  unlisted.sameTorrent([A, B]);
  assert.equal(unlisted.refusesHash(C), undefined, 'no list, no limit');
});

test('a torrent of the fleet is served though it is private and on no list, unless the operator blocks it', () => {
  const own = new Set([A, B]);
  const policy = new Policy({ servePrivate: false, block: [B], allow: [], isOwn: (id) => own.has(id) });
  assert.equal(policy.refusesHash(A), undefined);
  assert.equal(policy.refuses({ ids: [A], isPrivate: true }), undefined);
  assert.equal(policy.refuses({ ids: [B], isPrivate: true }), 'blocked');
  own.delete(A);
  assert.equal(policy.refusesHash(A), 'blocked');
  assert.equal(policy.refuses({ ids: [A], isPrivate: true }), 'private');
});
