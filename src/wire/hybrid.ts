import type { ListedFile } from './file-list.ts';
import { isRooted, piecesOf, type TreeFile } from './file-tree.ts';
import type { TorrentFile } from './metainfo.ts';
import type { Parsed } from './parsed.ts';
import { bad, ok } from './parsed.ts';

/**
 * A hybrid torrent describes its files twice (BEP 52): as a list for v1 and as a tree for v2. Both must mean the same bytes at the same
 * places, or one swarm would be served what belongs to the other. In v1 padding files move each file to the piece where v2 begins it; the
 * last one may be left out. The files come back in v1's order, padding included.
 */
export function hybridFiles(
  listed: readonly ListedFile[],
  tree: readonly TreeFile[],
  pieceLength: number,
): Parsed<TorrentFile[]> {
  const files: TorrentFile[] = [];
  let offset = 0;
  let next = 0;
  for (const { path, lengthBytes, isPadding } of listed) {
    const twin = isPadding ? undefined : tree[next++];
    const name = path.join('/');
    if (!isPadding) {
      if (!twin) return bad(`only the v1 part of the hybrid has ${name}`);
      if (twin.path.join('/') !== name) return bad(`the hybrid calls one file ${name} and ${twin.path.join('/')}`);
      if (twin.lengthBytes !== lengthBytes) return bad(`the hybrid gives ${name} two lengths`);
      if (isRooted(twin) && twin.firstPiece * pieceLength !== offset) {
        return bad(`the hybrid puts ${name} at two places`);
      }
    }
    files.push(twin ?? { path, lengthBytes });
    offset += lengthBytes;
  }
  if (next < tree.length) return bad(`only the v2 part of the hybrid has ${tree[next]?.path.join('/')}`);
  const last = tree.findLast(isRooted);
  const pieces = last ? last.firstPiece + piecesOf(last.lengthBytes, pieceLength) : 0;
  return offset > pieces * pieceLength ? bad('the v1 part of the hybrid is longer than its files') : ok(files);
}
