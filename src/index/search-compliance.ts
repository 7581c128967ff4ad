import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '#base/fixtures.ts';
import type { InfoHash } from '#base/units.ts';
import { fold, wordsOf } from './fold.ts';
import { fillIndex, type MadeRow, madeRow } from './listing-fixtures.ts';
import { type ListQuestion, TaskSearch } from './task-search.ts';

const ALL: ListQuestion = { search: '', filter: 'all', sort: 'added', order: 'up', offset: 0, limit: 20 };

/** What a list of so many torrents is asked, and beside it the plain answer. More than some tens of thousands are slow to make. */
export function taskSearchCompliance(torrents: number): void {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-search-'));
  const path = join(folder, 'index.db');
  fillIndex(path, torrents);
  const rows = Array.from({ length: torrents }, (_, row) => madeRow(row));
  const search = new TaskSearch(path);
  after(() => {
    search.close();
    rmSync(folder, { recursive: true });
  });

  const ask = (question: Partial<ListQuestion>) => search.ask({ ...ALL, ...question }, 1);
  const hashes = (question: Partial<ListQuestion>): InfoHash[] => ask(question).rows.map(({ infoHash }) => infoHash);
  const having = (text: string) => rows.filter(({ name }) => fold(name).includes(fold(text)));

  test('a search finds what has all its words, of any script and letter case, and counts them', () => {
    for (const text of ['流浪', '流浪地球', 'ubuntu', 'UBUNTU', 'лето', 'ÉTÉ', '的', `${torrents - 1}`]) {
      const expected = having(text);
      const { rows: found, matching, total } = ask({ search: text });
      assert.equal(matching, expected.length, text);
      assert.equal(total, torrents);
      assert.deepEqual(
        found.map(({ name }) => name),
        expected.slice(0, 20).map(({ name }) => name),
        text,
      );
    }
    const both = having('三体').filter(({ name }) => name.includes('HDR'));
    assert.equal(ask({ search: '  三体   hdr ' }).matching, both.length);
  });

  test('a search finds a torrent by the beginning of its info-hash, odd numbers of digits too', () => {
    const { infoHash } = rows[Math.floor(0.77 * torrents)] as MadeRow;
    for (const digits of [5, 6, 13, 40]) assert.ok(hashes({ search: infoHash.slice(0, digits) }).includes(infoHash));
    assert.deepEqual(hashes({ search: infoHash.toUpperCase() }), [infoHash]);
    assert.deepEqual(hashes({ search: `${infoHash}${'0'.repeat(24)}` }), [infoHash]);
  });

  test('every sort is that of its figure, both ways, and every page of it joins the next', () => {
    const key: Record<ListQuestion['sort'], (row: MadeRow) => number | string> = {
      name: ({ name }) => Buffer.from(fold(name)).toString('latin1'),
      size: ({ totalBytes }) => totalBytes,
      have: ({ totalBytes, haveCount }) => Math.floor((totalBytes * haveCount) / 1_000),
      served: ({ servedBytes }) => servedBytes,
      filled: ({ filledBytes }) => filledBytes,
      heat: ({ heat, usedAtMs }) => (heat > 0 ? usedAtMs + 86_400_000 * Math.log(heat) : (heat - 1) * 1e15),
      added: ({ addedAtMs }) => addedAtMs,
      lastAsked: ({ usedAtMs, heat }) => (heat < 0 ? 0 : usedAtMs),
    };
    const byHash = new Map(rows.map((row) => [row.infoHash, row]));
    for (const sort of Object.keys(key) as ListQuestion['sort'][]) {
      const keys = rows.map(key[sort]).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      for (const [order, sorted] of [['up', keys] as const, ['down', keys.toReversed()] as const]) {
        for (const offset of order === 'up' ? [0, 40, 0.3 * torrents, torrents - 10] : [0, 0.7 * torrents]) {
          const found = hashes({ sort, order, offset, limit: 20 }).map((hash) =>
            key[sort](byHash.get(hash) as MadeRow),
          );
          assert.deepEqual(found, sorted.slice(offset, offset + 20), `${sort} ${order} ${offset}`);
        }
      }
    }
    const filtered = { search: '电影', filter: 'partial', sort: 'served' } as const;
    const whole = hashes({ ...filtered, limit: 200 });
    const pages = [0, 70, 140].flatMap((offset) => hashes({ ...filtered, offset, limit: 70 }));
    assert.deepEqual(pages.slice(0, 200), whole);
  });

  test('a filter leaves what it says', () => {
    const count = (is: (row: MadeRow) => boolean): number => rows.filter(is).length;
    assert.equal(
      ask({ filter: 'complete' }).matching,
      count(({ haveCount }) => haveCount === 1_000),
    );
    assert.equal(
      ask({ filter: 'partial' }).matching,
      count(({ haveCount }) => haveCount < 1_000),
    );
    assert.equal(
      ask({ filter: 'private' }).matching,
      count(({ isPrivate }) => isPrivate),
    );
    assert.equal(
      ask({ filter: 'pinned' }).matching,
      count(({ decided }) => (decided & 1) > 0),
    );
    assert.equal(
      ask({ filter: 'blocked' }).matching,
      count(({ decided }) => (decided & 2) > 0),
    );
    assert.equal(
      ask({ filter: 'limited' }).matching,
      count(({ decided }) => (decided & 4) > 0),
    );
    const some = [3, 0.3 * torrents, torrents - 1].map((row) => (rows[row] as MadeRow).infoHash);
    assert.deepEqual(hashes({ only: some }), some);
    assert.equal(ask({ except: some }).matching, torrents - 3);
    const disk = join(folder, 'disk');
    for (const hash of some) mkdirSync(join(disk, hash), { recursive: true });
    mkdirSync(join(disk, 'not-a-hash'));
    assert.deepEqual(hashes({ folder: disk }), some);
    assert.deepEqual(ask({ folder: join(folder, 'nowhere') }), { rows: [], matching: 0, total: torrents });
  });

  test('whatever is typed is a text to look for, and nothing else', () => {
    const syntax = [
      '"',
      "'",
      '*',
      '%',
      '_',
      'NEAR(a b)',
      "';--",
      'x" OR 1=1',
      '\0',
      '\\',
      '(',
      'AND',
      'NOT',
      '-',
      'col:x',
      '[',
      '\ud800',
    ];
    const small = new TaskSearch(path);
    const typed = fc.oneof(
      fc.string({ unit: anyCharacter, maxLength: 300 }),
      fc.array(fc.constantFrom(...syntax, '流浪', 'ab12', ' '), { maxLength: 8 }).map((parts) => parts.join('')),
    );
    const some = rows.slice(0, 50);
    const only = some.map(({ infoHash }) => infoHash);
    try {
      fc.assert(
        fc.property(typed, (text) => {
          const words = wordsOf(text);
          const { matching } = small.ask({ ...ALL, only, search: text }, 1);
          const isHex = /^[0-9a-f]{1,64}$/i.test(text.trim());
          const named = some.filter(({ name }) => words.every((word) => fold(name).includes(word))).length;
          if (isHex) assert.ok(matching >= named);
          else assert.equal(matching, named, JSON.stringify(text));
        }),
        { numRuns: 150 },
      );
    } finally {
      small.close();
    }
  });
}
