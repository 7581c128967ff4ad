/** A file that two torrents have in common (BEP 52 names it alike in both) crosses the line once and lies on the disk once. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  madeByLibtorrent,
  type Payload,
  type PayloadFile,
  SeededBytes,
  type TorrentVersion,
} from '../scripts/cafe/payload.ts';
import { scrape, TRACKER_URLS, until } from '../scripts/cafe/servers.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import { inCafe, options, outside, snapshot, task, wanDuring } from './box-fixtures.ts';

const LIMIT_S = 60;
const KIB = 1024;
/** What the second torrent has of its own: the box has to fetch it. */
const NOTES_BYTES = 70_000;

type Case = { readonly first: TorrentVersion; readonly second: 'v2' | 'hybrid'; readonly secondPieceKib: number };

/** Another torrent: the cafe's largest file under another name, before it a file that nobody else has. */
async function secondTorrent(cafe: Cafe, shared: PayloadFile, o: Case): Promise<Payload> {
  const { dir } = cafe.payload;
  const name = '合集 collection';
  await mkdir(join(dir, name));
  const notes = new SeededBytes('notes').take(NOTES_BYTES);
  const files: PayloadFile[] = [
    {
      path: join(name, 'a notes.txt'),
      lengthBytes: notes.length,
      sha1: createHash('sha1').update(notes).digest('hex'),
    },
    { ...shared, path: join(name, 'b 安装包 copy.bin') },
  ];
  const [own, copy] = files.map((file) => join(dir, file.path)) as [string, string];
  await writeFile(own, notes);
  await copyFile(join(dir, shared.path), copy);
  const torrentPath = join(dir, 'second.torrent');
  const made = await madeByLibtorrent(
    { dir, pieceBytes: o.secondPieceKib * KIB, version: o.second, trackers: Object.values(TRACKER_URLS) },
    { name, torrentPath },
  );
  for (const id of made.ids) await cafe.tracker.admit(id);
  return { name, dir, files, totalBytes: notes.length + shared.lengthBytes, torrentPath, ...made };
}

/** Ends the seeders of the cafe's torrent; in the place of one, somebody has the whole of another torrent. */
async function seedInstead(cafe: Cafe, { torrentPath: source, dir, ids }: Payload): Promise<void> {
  await cafe.killSeeders();
  const { child } = await outside(cafe, 1, { source, dir, seed: true });
  for (const id of ids) {
    const named = async () => (await scrape(cafe.topology.inet, TRACKER_URLS.http, id)) === 1;
    await until(`the seeder in the swarm ${id}`, named, 20_000, child);
  }
}

async function fetched(cafe: Cafe, pc: number, payload: Payload): Promise<void> {
  const download = await cafe.download(pc, 'libtorrent', { payload });
  await download.complete(LIMIT_S);
  assert.deepEqual(await download.wrongFiles(), []);
}

/** Bytes of the box's files, each counted once however many names it has: as long as it says, and as the disk spends on it. */
async function dataBytes(cafe: Cafe): Promise<{ said: number; spent: number }> {
  const seen = new Set<number>();
  const sum = { said: 0, spent: 0 };
  for (const entry of await readdir(cafe.daemon.dataDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const { ino, size, blocks } = await stat(join(entry.parentPath, entry.name));
    if (seen.has(ino)) continue;
    seen.add(ino);
    sum.said += size;
    sum.spent += blocks * 512;
  }
  return sum;
}

const sharedFile = (o: Case) => (t: TestContext) =>
  inCafe(
    `shared-${o.first}-${o.second}`,
    {
      sizeMib: 14,
      pieceKib: 16,
      wanMbit: 40,
      clients: ['libtorrent', 'libtorrent'],
      seeders: ['libtorrent'],
      extras: { version: o.first, isolatePcs: true },
    },
    async (cafe) => {
      const [shared] = cafe.payload.files;
      assert.ok(shared);
      const second = await secondTorrent(cafe, shared, o);
      await cafe.daemon.start();
      await fetched(cafe, 1, cafe.payload);
      await until('the first torrent whole', async () => (await task(cafe))?.state === 'complete', 20_000);
      await seedInstead(cafe, second);

      const before = await dataBytes(cafe);
      const { filledBytes, servedBytes } = (await snapshot(cafe)).totals;
      const wan = await wanDuring(cafe, () => fetched(cafe, 2, second));
      const { totals } = await snapshot(cafe);
      const after = await dataBytes(cafe);
      const tenth = 0.1 * shared.lengthBytes;
      const figures = JSON.stringify({
        file: shared.lengthBytes,
        wan,
        served: totals.servedBytes - servedBytes,
        filled: totals.filledBytes - filledBytes,
        said: after.said - before.said,
        spent: after.spent - before.spent,
      });
      t.diagnostic(figures);
      assert.ok(before.spent >= shared.lengthBytes, 'the first torrent lies in the box');
      assert.ok(totals.servedBytes - servedBytes >= 0.95 * second.totalBytes, `the box gave it: ${figures}`);
      assert.ok(wan < tenth, `the file does not cross the line again: ${figures}`);
      assert.ok(after.said - before.said < tenth, `nor is it written again: ${figures}`);
      assert.ok(after.spent - before.spent < tenth, `nor does it cost disk: ${figures}`);
    },
  );

test(
  'a file that a hybrid brought is served to a v2 torrent of other pieces',
  options,
  sharedFile({ first: 'hybrid', second: 'v2', secondPieceKib: 64 }),
);

test(
  'a file that a v2 torrent brought is served to a hybrid of other pieces',
  options,
  sharedFile({ first: 'v2', second: 'hybrid', secondPieceKib: 32 }),
);
