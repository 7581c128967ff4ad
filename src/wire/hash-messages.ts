/**
 * The hash messages of BEP 52: 21 asks for nodes of a file's hash tree, 22 brings them, 23 refuses. All three name the same range; the hashes
 * follow it in 22, first the nodes asked for, then the uncles that prove them.
 */
export type HashRange = {
  /** 32 bytes: names the file. */
  readonly piecesRoot: Buffer;
  /** The level of the nodes; 0 is the 16 KiB blocks. */
  readonly baseLayer: number;
  /** Of the first node in its level: a multiple of `length`. */
  readonly index: number;
  /** Nodes: a power of two, at least two. */
  readonly length: number;
  /** Levels above the base that are to be proved, counted from the base. */
  readonly proofLayers: number;
};
export type HashMessage =
  | ({ readonly kind: 'hash-request' | 'hash-reject' } & HashRange)
  | ({ readonly kind: 'hashes'; readonly hashes: Buffer } & HashRange);

const RANGE_BYTES = 32 + 4 * 4;
const KINDS = { 21: 'hash-request', 22: 'hashes', 23: 'hash-reject' } as const;
export const HASH_IDS = { 'hash-request': 21, hashes: 22, 'hash-reject': 23 } as const;

export const isHashId = (id: number): id is keyof typeof KINDS => id in KINDS;

/** `body`: what follows the id; views of it are returned. Undefined: malformed. Whether the range makes sense is for those who know the file. */
export function decodeHashMessage(id: keyof typeof KINDS, body: Buffer): HashMessage | undefined {
  const kind = KINDS[id];
  if (
    kind === 'hashes' ? body.length < RANGE_BYTES || body.length % 32 !== RANGE_BYTES % 32 : body.length !== RANGE_BYTES
  )
    return undefined;
  const range = {
    piecesRoot: body.subarray(0, 32),
    baseLayer: body.readUInt32BE(32),
    index: body.readUInt32BE(36),
    length: body.readUInt32BE(40),
    proofLayers: body.readUInt32BE(44),
  };
  return kind === 'hashes' ? { kind, ...range, hashes: body.subarray(RANGE_BYTES) } : { kind, ...range };
}

export function encodeHashBody(m: HashMessage): Buffer {
  const words = Buffer.alloc(16);
  for (const [i, word] of [m.baseLayer, m.index, m.length, m.proofLayers].entries()) words.writeUInt32BE(word, 4 * i);
  return Buffer.concat([m.piecesRoot, words, m.kind === 'hashes' ? m.hashes : Buffer.alloc(0)]);
}

export const sameRange = (a: HashRange, b: HashRange): boolean =>
  a.baseLayer === b.baseLayer &&
  a.index === b.index &&
  a.length === b.length &&
  a.proofLayers === b.proofLayers &&
  a.piecesRoot.equals(b.piecesRoot);
