import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { Bitfield } from '#base/bitfield.ts';
import { silentLog } from '#base/log.ts';
import type { InfoHash } from '#base/units.ts';
import { SkeyTable } from '#wire/mse.ts';
import { Index } from './index.ts';
import { newHash, temporaryFile, within } from './index-fixtures.ts';
import { INDEX_LIMITS } from './limits.ts';
import { MIGRATIONS, migrate } from './migrations.ts';
import { req2Of } from './req2.ts';
import type { Reach, TaskRow } from './task-row.ts';

test('whatever is said of a torrent is there after a restart', () => {
  using file = temporaryFile();
  const bytes = (min: number, max: number) => fc.uint8Array({ minLength: min, maxLength: max });
  const said = fc.record({
    info: bytes(1, 300),
    have: bytes(0, 40),
    trackers: fc.array(fc.string({ maxLength: 30 }), { maxLength: 4 }),
    layers: bytes(0, 64),
    reach: fc.constantFrom<Reach>('public', 'private', 'qvod'),
    doubtful: fc.boolean(),
    served: fc.maxSafeNat(),
    atMs: fc.nat(),
  });
  fc.assert(
    fc.property(said, ({ info, have, trackers, layers, reach, doubtful, served, atMs }) => {
      const [infoHash, infoHash2] = [newHash(), newHash()];
      const row: TaskRow = {
        infoHash,
        infoHash2,
        info: Buffer.from(info),
        layers: Buffer.from(layers),
        reach,
        trackers,
        have: Buffer.from(have),
        haveCount: Bitfield.from(have, have.length * 8)?.count ?? 0,
        doubtful,
        pieceCount: have.length * 8,
        addedAtMs: 5,
        usedAtMs: Math.max(5, atMs),
        servedBytes: served,
        filledBytes: 7,
      };
      within(file.path, (index) => {
        index.putTask({ infoHash, addedAtMs: 5 });
        index.setInfo(infoHash, Buffer.from(info), row.pieceCount);
        index.setIds([infoHash, infoHash2]);
        index.setLayers(infoHash, Buffer.from(layers));
        index.setHave(infoHash, have);
        index.setReach(infoHash, reach);
        if (doubtful) index.doubts.mark(infoHash);
        index.setTrackers(infoHash, trackers);
        index.addTraffic(infoHash, served, 7, atMs);
      });
      assert.deepEqual(
        within(file.path, (index) => [index.task(infoHash), index.task(infoHash2)]),
        [row, row],
      );
    }),
    { numRuns: 25 },
  );
});

test('a torrent put again keeps what is not said anew, and a removed one leaves nothing', () => {
  using file = temporaryFile();
  within(file.path, (index) => {
    const infoHash = newHash();
    index.putTask({ infoHash, addedAtMs: 1, info: Buffer.from('i'), pieceCount: 9, have: Buffer.from([0xff, 0x80]) });
    index.addTraffic(infoHash, 10, 20, 30);
    index.putTask({ infoHash, addedAtMs: 99, trackers: ['http://t/'] });
    const row = index.task(infoHash);
    assert.deepEqual([row?.addedAtMs, row?.usedAtMs, row?.servedBytes, row?.trackers], [1, 30, 10, ['http://t/']]);
    assert.deepEqual(row?.have, Buffer.from([0xff, 0x80]));
    index.removeTask(infoHash);
    assert.deepEqual(index.tasks(), []);
    assert.equal(index.setHave(infoHash, Buffer.from([0xff, 0x80])), true);
    index.putTask({ infoHash, addedAtMs: 2 });
    assert.deepEqual([index.task(infoHash)?.info, index.task(infoHash)?.have], [undefined, undefined]);
  });
});

test('a torrent begun under its second name takes its first, and of two rows the one under the first stays', () => {
  using file = temporaryFile();
  within(file.path, (index) => {
    const [first, second] = [newHash(), newHash()];
    index.putTask({ infoHash: second, addedAtMs: 1, info: Buffer.from('i'), pieceCount: 1 });
    index.setIds([first, second]);
    assert.deepEqual(
      index.tasks().map((row) => [row.infoHash, row.infoHash2, row.info?.toString()]),
      [[first, second, 'i']],
    );
    const third = newHash();
    index.putTask({ infoHash: third, addedAtMs: 2 });
    index.setIds([first, third]);
    assert.deepEqual(
      index.tasks().map((row) => [row.infoHash, row.infoHash2]),
      [[first, third]],
    );
    assert.equal(index.task(second), undefined);
  });
});

test('a file is found in the other torrents that hold it, until they go', () => {
  using file = temporaryFile();
  const root = randomBytes(32);
  const row = { root, firstPiece: 3, pieceLength: 16_384, lengthBytes: 99 };
  const [a, b] = [newHash(), newHash()];
  within(file.path, (index) => {
    for (const infoHash of [a, b]) index.putTask({ infoHash, addedAtMs: 1, info: Buffer.from('i'), pieceCount: 4 });
    index.setHave(a, Buffer.from([0xf0]));
    index.files.set(a, [row, { ...row, root: randomBytes(32) }]);
    index.files.set(b, [{ ...row, firstPiece: 0 }]);
  });
  within(file.path, (index) => {
    assert.deepEqual(index.files.holders(root, b), [{ ...row, infoHash: a, have: Buffer.from([0xf0]) }]);
    assert.deepEqual(index.files.holders(root, a), [{ ...row, firstPiece: 0, infoHash: b, have: undefined }]);
    index.files.set(b, []);
    assert.deepEqual(index.files.holders(root, a), []);
    index.removeTask(a);
    assert.deepEqual(index.files.holders(root, b), []);
  });
});

test('torrents are found by the hash of their piece hashes, which they may share', () => {
  using file = temporaryFile();
  const [a, b, pieces] = [newHash(), newHash(), newHash()];
  within(file.path, (index) => {
    for (const infoHash of [a, b]) {
      index.putTask({ infoHash, addedAtMs: 1 });
      index.setPiecesHash(infoHash, pieces);
    }
  });
  within(file.path, (index) => {
    assert.deepEqual(
      index.byPiecesHash(pieces).map((row) => row.infoHash),
      [a, b],
    );
    index.removeTask(a);
    assert.equal(index.byPiecesHash(pieces).length, 1);
    assert.deepEqual(index.byPiecesHash(a), []);
    assert.equal(index.task(pieces), undefined, 'it is no name');
  });
});

test('an index of any version before keeps all it knew, and is asked the same', () => {
  for (const version of [2, 4]) {
    using file = temporaryFile();
    const old = new Sqlite(file.path);
    migrate(old, MIGRATIONS.slice(0, version));
    const [whole, partial, second] = [newHash(), newHash(), newHash()];
    const put = old.prepare('INSERT INTO task (info_hash, piece_count, added_at_ms, used_at_ms) VALUES (?, 9, 1, 1)');
    for (const infoHash of [whole, partial]) put.run(Buffer.from(infoHash, 'hex'));
    old.exec("INSERT INTO task_info VALUES (1, x'69'); INSERT INTO task_have VALUES (1, x'ff80'), (2, x'8100')");
    if (version > 2) old.prepare('UPDATE task SET info_hash2 = ? WHERE id = 1').run(Buffer.from(second, 'hex'));
    old.close();
    within(file.path, (index) => {
      const row = index.task(whole);
      assert.deepEqual([row?.info, row?.have, row?.haveCount], [Buffer.from('i'), Buffer.from([0xff, 0x80]), 9]);
      assert.deepEqual([row?.layers, row?.reach, row?.doubtful], [undefined, undefined, false]);
      assert.equal(index.task(partial)?.haveCount, 2);
      assert.equal(index.byReq2(req2Of(Buffer.from(partial, 'hex'))), partial);
      assert.equal(index.byReq2(req2Of(Buffer.from(second, 'hex'))), version > 2 ? second : undefined);
      index.doubts.markIncomplete();
      assert.deepEqual([...index.doubts.each()], [partial]);
    });
  }
});

test('what an encrypted handshake says finds the torrent by each of its names, and none that is gone', () => {
  using file = temporaryFile();
  within(file.path, (index) => {
    const [first, second, stray] = [newHash(), newHash(), newHash()];
    const asked = (infoHash: InfoHash): InfoHash | undefined => {
      const req2 = req2Of(Buffer.from(infoHash, 'hex'));
      const table = new SkeyTable();
      table.add(infoHash);
      assert.equal(table.find(req2), infoHash, 'the handshake’s own rule');
      return index.byReq2(req2);
    };
    index.putTask({ infoHash: second, addedAtMs: 1 });
    assert.deepEqual([asked(first), asked(second)], [undefined, second]);
    index.setIds([first, second]);
    assert.deepEqual([asked(first), asked(second), asked(stray)], [first, second, undefined]);
    assert.deepEqual([index.names(second), index.names(stray), index.size], [[first, second], [], 1]);
    index.removeTask(first);
    assert.deepEqual([asked(first), asked(second), index.size], [undefined, undefined, 0]);
  });
});

test('a doubt about what lies on the disk lasts until it is settled, restarts included', () => {
  using file = temporaryFile();
  const hashes = Array.from({ length: 250 }, newHash);
  within(file.path, (index) => {
    for (const infoHash of hashes) index.putTask({ infoHash, addedAtMs: 1, info: Buffer.from('i'), pieceCount: 2 });
    index.setHave(hashes[0] as InfoHash, Buffer.from([0xc0]));
    index.putTask({ infoHash: newHash(), addedAtMs: 1 });
    index.doubts.markIncomplete();
    assert.equal(index.doubts.count, 249, 'neither what is whole nor what nothing is known of');
    index.doubts.mark(hashes[0] as InfoHash);
  });
  within(file.path, (index) => {
    const seen: InfoHash[] = [];
    for (const infoHash of index.doubts.each()) {
      seen.push(infoHash);
      if (seen.length % 2 === 0) index.doubts.settle(infoHash);
    }
    assert.deepEqual(seen, hashes);
    assert.equal(index.doubts.count, 125);
    assert.deepEqual(
      [index.task(hashes[0] as InfoHash)?.doubtful, index.task(hashes[1] as InfoHash)?.doubtful],
      [true, false],
    );
  });
});

test('an info dictionary that lies beside the pieces leaves the index, and all else stays', () => {
  using file = temporaryFile();
  within(file.path, (index) => {
    const infoHash = newHash();
    index.putTask({ infoHash, addedAtMs: 1, info: Buffer.from('i'), pieceCount: 9, have: Buffer.from([0xff, 0x80]) });
    index.setLayers(infoHash, Buffer.from('l'));
    index.setInfo(infoHash, undefined, 9);
    const row = index.task(infoHash);
    assert.deepEqual([row?.info, row?.layers, row?.pieceCount, row?.haveCount], [undefined, undefined, 9, 9]);
    index.setInfo(infoHash, Buffer.from('j'), 9);
    assert.deepEqual([index.task(infoHash)?.info, index.task(infoHash)?.haveCount], [Buffer.from('j'), 9]);
  });
});

test('bits always fit the torrent: another piece count forgets them, another length is a bug', () => {
  using file = temporaryFile();
  within(file.path, (index) => {
    const infoHash = newHash();
    index.putTask({ infoHash, addedAtMs: 1, info: Buffer.from('i'), pieceCount: 9, have: Buffer.from([1, 0x80]) });
    index.setInfo(infoHash, Buffer.from('j'), 9);
    assert.deepEqual(index.task(infoHash)?.have, Buffer.from([1, 0x80]));
    assert.throws(() => index.setHave(infoHash, Buffer.from([1])), /bug: 1 bytes of bits for 9 pieces/);
    index.setInfo(infoHash, Buffer.from('k'), 7);
    assert.deepEqual([index.task(infoHash)?.have, index.task(infoHash)?.haveCount], [undefined, 0]);
  });
});

test('a stranger’s tracker list is cut to the limit', () => {
  using file = temporaryFile();
  within(file.path, (index) => {
    const infoHash = newHash();
    const many = Array.from({ length: 200 }, (_, i) => `http://t${i}/`);
    index.putTask({ infoHash, addedAtMs: 1, trackers: ['x'.repeat(INDEX_LIMITS.trackerChars + 1), ...many] });
    assert.deepEqual(index.task(infoHash)?.trackers, many.slice(0, INDEX_LIMITS.trackers));
  });
});

test('settings and totals last', () => {
  using file = temporaryFile();
  within(file.path, (index) => {
    assert.equal(index.setting('a'), undefined);
    assert.equal(index.total('served'), 0);
    index.setSetting('a', '1');
    index.setSetting('a', '2');
    index.addTotal('served', 2 ** 50);
    index.addTotal('served', 3);
  });
  within(file.path, (index) => assert.deepEqual([index.setting('a'), index.total('served')], ['2', 2 ** 50 + 3]));
});

test('two thousand torrents are listed whole, in order, while rows change under the list', () => {
  using file = temporaryFile();
  const db = Index.open(file.path, silentLog);
  const raw = new Sqlite(file.path);
  const insert = raw.prepare('INSERT INTO task (info_hash, added_at_ms, used_at_ms) VALUES (?, ?, 0)');
  raw.transaction(() => {
    for (let i = 0; i < 2_000; i++) insert.run(randomBytes(20), 2_000 - i);
  })();
  raw.close();
  let at = 0;
  for (const row of db.eachTask()) {
    assert.equal(row.addedAtMs, ++at);
    if (at === 1_000) assert.equal(db.addTraffic(row.infoHash, 1, 1, 1), true);
  }
  assert.equal(at, 2_000);
  assert.equal(db.tasks().length, 2_000);
  db.close();
});
