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
};

type Connection = { readonly remote: { readonly ip: string }; pieces(): Bitfield | undefined };

/** One for each address, whatever the number of its connections. Several clients may share an address: what one of them lacks is lacked. */
export function holdersOf(all: readonly Connection[], skips: (ip: string) => readonly Part[]): Holder[] {
  const clients = Map.groupBy(all, ({ remote }) => remote.ip);
  return [...clients].map(([ip, connections]) => ({ ip, pieces: common(connections), skips: skips(ip) }));
}

function common(connections: readonly Connection[]): Bitfield | undefined {
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
