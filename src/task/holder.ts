import { Bitfield } from '#base/bitfield.ts';
import type { PieceIndex } from '#base/units.ts';
import type { Part } from './wishes.ts';

/** What is known of one client's pieces, over all its connections. */
export type Holder = {
  readonly ip: string;
  /** Undefined while it has said nothing, which means "none" (BEP 3). */
  readonly pieces: Bitfield | undefined;
  /** What it lacks and does not want. */
  readonly skips: readonly Part[];
  /** Of what it was told of, it wants something. */
  readonly interested: boolean;
  /** It was told of the piece. */
  knows(piece: PieceIndex): boolean;
  /** It was given all of the piece: a client need not tell who gave it that it has it. */
  wasGiven?(piece: PieceIndex): boolean;
};

/** What one of a client's connections shows. */
export type HolderConnection = {
  readonly remote: { readonly ip: string };
  readonly interested: boolean;
  pieces(): Bitfield | undefined;
  readonly given?: Bitfield | undefined;
  readonly telling: { knows(piece: PieceIndex): boolean };
};

/** One for each address, whatever the number of its connections. Several clients may share an address: what one of them lacks is lacked. */
export function holdersOf(all: readonly HolderConnection[], skips: (ip: string) => readonly Part[]): Holder[] {
  const clients = Map.groupBy(all, ({ remote }) => remote.ip);
  return [...clients].map(([ip, connections]) => ({
    ip,
    pieces: common(connections),
    skips: skips(ip),
    interested: connections.some((c) => c.interested),
    knows: (piece) => connections.some((c) => c.telling.knows(piece)),
    wasGiven: (piece) => connections.some((c) => c.given?.has(piece)),
  }));
}

function common(connections: readonly HolderConnection[]): Bitfield | undefined {
  const [first, ...others] = connections.map((c) => c.pieces());
  if (!first || others.length === 0) return first;
  const bytes = new Uint8Array(first.bytes);
  for (const other of others)
    for (let i = 0; i < bytes.length; i++) bytes[i] = (bytes[i] as number) & (other?.bytes[i] ?? 0);
  return Bitfield.from(bytes, first.size);
}

/** The pieces that it has or does not want. */
export function settled({ pieces, skips }: Holder, pieceCount: number): Bitfield {
  const field = (pieces && Bitfield.from(pieces.bytes, pieceCount)) ?? new Bitfield(pieceCount);
  for (const { first, end } of skips) for (let piece: PieceIndex = first; piece < end; piece++) field.set(piece);
  return field;
}
