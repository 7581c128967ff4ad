import { createHash } from 'node:crypto';
import Sqlite from 'better-sqlite3';
import { silentLog } from '#base/log.ts';
import { type InfoHash, infoHashOf } from '#base/units.ts';
import { fold } from './fold.ts';
import { Index } from './index.ts';

const PARTS = [
  ...['流浪地球', '国语', '电影', '电视剧', '第二季', '中字', '三体', '原声', 'Ubuntu', 'alpha', 'The', 'lost'],
  ...['world', '1080p', 'BluRay', 'x264', 'HDR', 'archive', 'linux', 'game', 'ЛЕТО', 'Été'],
];
const PIECES = 1_000;
const FIRST_MS = 1_700_000_000_000;

export type MadeRow = {
  readonly infoHash: InfoHash;
  readonly name: string;
  readonly totalBytes: number;
  readonly haveCount: number;
  readonly servedBytes: number;
  readonly filledBytes: number;
  readonly addedAtMs: number;
  readonly usedAtMs: number;
  readonly heat: number;
  readonly isPrivate: boolean;
  readonly decided: number;
};

/** The same number for the same two, below `most`. */
const draw = (row: number, what: number, most: number): number => {
  const mixed = Math.imul(row + 1, 0x9e3779b1) ^ Math.imul(what + 1, 0x85ebca6b);
  return (Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 0) % most;
};

export function madeRow(row: number): MadeRow {
  const parts = Array.from({ length: 5 }, (_, i) => PARTS[draw(row, i, PARTS.length)]);
  return {
    infoHash: infoHashOf(createHash('sha1').update(String(row)).digest()),
    name: `${parts.join('.')} ${row}`,
    totalBytes: 1e6 + draw(row, 10, 4e9),
    haveCount: draw(row, 11, 10) === 0 ? draw(row, 12, PIECES) : PIECES,
    servedBytes: draw(row, 13, 4e9) * 100,
    filledBytes: draw(row, 14, 4e9),
    addedAtMs: FIRST_MS + row,
    usedAtMs: FIRST_MS + draw(row, 15, 1e9),
    heat: draw(row, 16, 4) === 0 ? -1 : draw(row, 17, 500) / 100,
    isPrivate: draw(row, 18, 50) === 0,
    decided: draw(row, 19, 1_000) === 0 ? 1 + draw(row, 20, 7) : 0,
  };
}

/** An index at that path of so many torrents, closed. Written past the index, which would take a minute. */
export function fillIndex(path: string, count: number): void {
  Index.open(path, silentLog).close();
  const db = new Sqlite(path);
  const trackers = '["http://tracker.example.org:6969/announce","udp://a.example.net:1337/announce"]';
  const task = db.prepare(
    `INSERT INTO task (info_hash, req2, trackers, piece_count, have_count, added_at_ms, used_at_ms, served_bytes, filled_bytes, heat,
     heat_at_ms, reach) VALUES (?, ?, ?, ${PIECES}, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const listing = db.prepare('INSERT INTO listing VALUES (?, ?, ?, ?, ?)');
  db.transaction(() => {
    for (let row = 0; row < count; row++) {
      const made = madeRow(row);
      const hash = Buffer.from(made.infoHash, 'hex');
      const { haveCount, addedAtMs, usedAtMs, servedBytes, filledBytes, heat, isPrivate, decided } = made;
      const figures = [haveCount, addedAtMs, usedAtMs, servedBytes, filledBytes, heat, usedAtMs];
      const id = task.run(hash, hash, trackers, ...figures, isPrivate ? 'private' : 'public').lastInsertRowid;
      listing.run(id, made.name, fold(made.name), made.totalBytes, decided);
    }
  })();
  db.close();
}
