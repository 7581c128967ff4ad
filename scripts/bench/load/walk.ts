import { BLOCK_BYTES, type PieceIndex } from '#base/units.ts';

export type Block = { readonly piece: PieceIndex; readonly begin: number };

/** Which block a client asks for next. */
export type Walk = {
  /** Undefined: nothing that the server has told of is left. */
  next(): Block | undefined;
  /** The server has this piece. Undefined: the walk does not need to know. */
  readonly told?: (piece: PieceIndex) => void;
};

type Shape = { readonly totalBytes: number; readonly pieceLength: number };

/** Through the torrent in order, again and again, from the `number`-th of `of` equal parts. Whole blocks alone. */
export function inOrder({ totalBytes, pieceLength }: Shape, number: number, of: number): Walk {
  const blocks = Math.floor(totalBytes / BLOCK_BYTES);
  let next = Math.floor((blocks / of) * number);
  return {
    next: () => {
      const offset = next * BLOCK_BYTES;
      next = (next + 1) % blocks;
      return { piece: Math.floor(offset / pieceLength), begin: offset % pieceLength };
    },
  };
}

/**
 * Each whole piece once, in an order of its own: as a client that takes the rarest first does among pieces that are equally
 * rare. Only what the server has told of can be asked for.
 */
export function rarestFirst({ totalBytes, pieceLength }: Shape, random: () => number): Walk {
  const whole = Math.floor(totalBytes / pieceLength);
  const waiting: PieceIndex[] = [];
  let piece: PieceIndex | undefined;
  let begin = 0;
  return {
    told: (index) => {
      if (index < whole) waiting.push(index);
    },
    next: () => {
      if (piece === undefined || begin + BLOCK_BYTES > pieceLength) {
        piece = takeAny(waiting, random);
        begin = 0;
      }
      if (piece === undefined) return undefined;
      const block = { piece, begin };
      begin += BLOCK_BYTES;
      return block;
    },
  };
}

function takeAny<T>(from: T[], random: () => number): T | undefined {
  const at = Math.floor(random() * from.length);
  const taken = from[at];
  const last = from.pop();
  if (at < from.length) from[at] = last as T;
  return taken;
}
