import { BLOCK_BYTES, type PieceIndex } from '#base/units.ts';

export type Block = { readonly piece: PieceIndex; readonly begin: number };
/** Which block a client asks for next, without an end. */
export type Walk = () => Block;

type Shape = { readonly totalBytes: number; readonly pieceLength: number };

/** Through the torrent in order, again and again, from the `number`-th of `of` equal parts. Whole blocks alone. */
export function inOrder({ totalBytes, pieceLength }: Shape, number: number, of: number): Walk {
  const blocks = Math.floor(totalBytes / BLOCK_BYTES);
  let next = Math.floor((blocks / of) * number);
  return () => {
    const offset = next * BLOCK_BYTES;
    next = (next + 1) % blocks;
    return { piece: Math.floor(offset / pieceLength), begin: offset % pieceLength };
  };
}

/** Whole pieces in an order of its own, as a client that takes the rarest first does when all are equally rare. */
export function rarestFirst({ totalBytes, pieceLength }: Shape, random: () => number): Walk {
  const pieces = Array.from({ length: Math.floor(totalBytes / pieceLength) }, (_, i) => i);
  let at = pieces.length;
  let begin = pieceLength;
  return () => {
    if (begin + BLOCK_BYTES > pieceLength) {
      begin = 0;
      if (++at >= pieces.length) {
        shuffle(pieces, random);
        at = 0;
      }
    }
    const block = { piece: pieces[at] as number, begin };
    begin += BLOCK_BYTES;
    return block;
  };
}

function shuffle(values: number[], random: () => number): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [values[i], values[j]] = [values[j] as number, values[i] as number];
  }
}
