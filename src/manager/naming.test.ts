import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES, type InfoHash } from '#base/units.ts';
import { Index } from '#index/index.ts';
import { TaskSearch } from '#index/task-search.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { nameAll } from './naming.ts';

test('torrents of an earlier version get their names from the index or the disk; the others stay as they are', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-naming-'));
  const index = Index.open(join(folder, 'index.db'), silentLog);
  t.after(() => {
    index.close();
    rmSync(folder, { recursive: true });
  });
  const [inside, beside] = [1, 2].map((pieces) => oneFileTorrent(pieces * BLOCK_BYTES, BLOCK_BYTES).meta);
  assert.ok(inside && beside);
  const lost = 'f'.repeat(40) as InfoHash;
  for (const infoHash of [inside.infoHash, beside.infoHash, lost]) index.putTask({ infoHash, addedAtMs: 1 });
  index.setInfo(inside.infoHash, inside.infoBytes, inside.pieceCount);
  index.setInfo(beside.infoHash, undefined, beside.pieceCount);
  index.setInfo(lost, undefined, 7);
  const asked: InfoHash[] = [];
  const store = {
    metainfo: async (infoHash: InfoHash) => {
      asked.push(infoHash);
      return { info: infoHash === beside.infoHash ? beside.infoBytes : undefined, layers: undefined };
    },
  };
  const clock = { nowMs: () => 1, sleep: async () => {} };
  await nameAll({ clock, index, store }, silentLog, new AbortController().signal);
  const search = new TaskSearch(index.path);
  const { rows } = search.ask({ search: '', filter: 'all', sort: 'size', order: 'up', offset: 0, limit: 9 }, 1);
  search.close();
  assert.deepEqual(
    rows.map(({ name, totalBytes }) => [name, totalBytes]),
    [
      ['', 0],
      [inside.name, inside.totalBytes],
      [beside.name, beside.totalBytes],
    ],
  );
  assert.deepEqual(asked, [beside.infoHash, lost]);
});
