import { type InfoHash, infoHashBytes, infoHashOf } from '#base/units.ts';
import { INDEX_LIMITS } from './limits.ts';
import type { Tables } from './tables.ts';

/** A file inside a torrent, named by its merkle root (BEP 52): 32 bytes. */
export type FileRow = {
  readonly root: Uint8Array;
  readonly firstPiece: number;
  readonly pieceLength: number;
  readonly lengthBytes: number;
};
/** A torrent that holds a file. `have`: all its pieces' bits; undefined: none yet. */
export type Holder = FileRow & { readonly infoHash: InfoHash; readonly have: Buffer | undefined };

type Stored = {
  info_hash: Buffer;
  have: Buffer | null;
  first_piece: number;
  piece_length: number;
  length_bytes: number;
};

/** Which torrents a file is part of. */
export class SharedFiles {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** All files of the torrent worth finding again; those it was said to have before are forgotten. */
  set(infoHash: InfoHash, files: readonly FileRow[]): boolean {
    const hash = infoHashBytes(infoHash);
    return this.#tables.write(() => {
      this.#tables.sql('DELETE FROM task_file WHERE task = (SELECT id FROM task WHERE info_hash = ?)').run(hash);
      const insert = this.#tables.sql(
        `INSERT OR IGNORE INTO task_file (root, task, first_piece, piece_length, length_bytes)
         SELECT ?, id, ?, ?, ? FROM task WHERE info_hash = ?`,
      );
      for (const { root, firstPiece, pieceLength, lengthBytes } of files.slice(0, INDEX_LIMITS.files))
        insert.run(root, firstPiece, pieceLength, lengthBytes, hash);
    });
  }

  /** Other torrents with this file, the most recently used first, a few at most. */
  holders(root: Uint8Array, except: InfoHash): Holder[] {
    const rows = this.#tables
      .sql(
        `SELECT info_hash, have, first_piece, piece_length, length_bytes
         FROM task_file f JOIN task t ON t.id = f.task LEFT JOIN task_have h ON h.task = t.id
         WHERE root = ? AND info_hash <> ? ORDER BY used_at_ms DESC LIMIT ?`,
      )
      .all(root, infoHashBytes(except), INDEX_LIMITS.holders) as Stored[];
    return rows.map((row) => ({
      root,
      infoHash: infoHashOf(row.info_hash),
      have: row.have ?? undefined,
      firstPiece: row.first_piece,
      pieceLength: row.piece_length,
      lengthBytes: row.length_bytes,
    }));
  }
}
