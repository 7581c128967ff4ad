import { BLOCK_BYTES } from '#base/units.ts';
import type { BDict } from './bencode.ts';
import { asDict, asInt, asText, decodePrefix, encode } from './bencode.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Parsed } from './parsed.ts';
import { bad, ok } from './parsed.ts';

/** BEP 10: the extension id of the handshake itself. */
export const EXTENDED_HANDSHAKE_ID = 0;
/** BEP 9: the info dictionary travels in blocks of 16 KiB. */
export const METADATA_PIECE_BYTES = BLOCK_BYTES;
export const MAX_METADATA_BYTES = WIRE_LIMITS.metadataBytes;

/** Longest client name kept, in characters: it is shown to people. */
const CLIENT_CHARS = 64;
const ANY_ORDER = { keys: 'any-order' } as const;

/** What is used of BEP 10's handshake. A field of the wrong type or out of range counts as absent. */
export type ExtendedHandshake = {
  /** Bytes of the info dictionary (BEP 9): 1..MAX_METADATA_BYTES. */
  metadataSize?: number;
  /** The id under which the sender wants ut_metadata messages: 1..255. */
  utMetadataId?: number;
  /** The id under which the sender wants ut_pex messages (BEP 11): 1..255. */
  utPexId?: number;
  /** The same for lt_donthave (BEP 54). */
  ltDonthaveId?: number;
  listenPort?: number;
  client?: string;
  /** Requests that the sender lets queue. */
  reqq?: number;
};

/** The payload of extended message 0. */
export function encodeExtendedHandshake(h: ExtendedHandshake & { uploadOnly?: boolean }): Buffer {
  return encode({
    m: { lt_donthave: h.ltDonthaveId, ut_metadata: h.utMetadataId, ut_pex: h.utPexId },
    metadata_size: h.metadataSize,
    p: h.listenPort,
    reqq: h.reqq,
    upload_only: h.uploadOnly ? 1 : undefined,
    v: h.client,
  });
}

export function parseExtendedHandshake(payload: Uint8Array): Parsed<ExtendedHandshake> {
  // Some clients pad or append; the dictionary is what counts.
  const read = decodePrefix(payload, ANY_ORDER);
  if (read.kind === 'bad') return read;
  const dict = asDict(read.value.value);
  if (!dict) return bad('an extended handshake is a dictionary');
  const metadataSize = within(dict, 'metadata_size', 1, MAX_METADATA_BYTES);
  const ids = asDict(dict.get('m'));
  const utMetadataId = within(ids, 'ut_metadata', 1, 255);
  const utPexId = within(ids, 'ut_pex', 1, 255);
  const ltDonthaveId = within(ids, 'lt_donthave', 1, 255);
  const listenPort = within(dict, 'p', 1, 65_535);
  const reqq = within(dict, 'reqq', 1, 0xffff_ffff);
  const client = asText(dict.get('v'))?.slice(0, CLIENT_CHARS);
  return ok({
    ...(metadataSize !== undefined && { metadataSize }),
    ...(utMetadataId !== undefined && { utMetadataId }),
    ...(utPexId !== undefined && { utPexId }),
    ...(ltDonthaveId !== undefined && { ltDonthaveId }),
    ...(listenPort !== undefined && { listenPort }),
    ...(reqq !== undefined && { reqq }),
    ...(client && { client }),
  });
}

function within(dict: BDict | undefined, key: string, min: number, max: number): number | undefined {
  const n = asInt(dict?.get(key));
  return n !== undefined && n >= min && n <= max ? n : undefined;
}

/** BEP 9. */
export type MetadataMessage =
  | { kind: 'request'; piece: number }
  | { kind: 'data'; piece: number; totalSize: number; data: Buffer }
  | { kind: 'reject'; piece: number };

export function encodeMetadata(m: MetadataMessage): Buffer {
  switch (m.kind) {
    case 'request':
      return encode({ msg_type: 0, piece: m.piece });
    case 'data':
      return Buffer.concat([encode({ msg_type: 1, piece: m.piece, total_size: m.totalSize }), m.data]);
    case 'reject':
      return encode({ msg_type: 2, piece: m.piece });
  }
}

/** `data` is a view of `payload`. */
export function parseMetadata(payload: Uint8Array): Parsed<MetadataMessage> {
  const read = decodePrefix(payload, ANY_ORDER);
  if (read.kind === 'bad') return read;
  const dict = asDict(read.value.value);
  const piece = within(dict, 'piece', 0, MAX_METADATA_BYTES / METADATA_PIECE_BYTES - 1);
  if (piece === undefined) return bad('a metadata message names no piece');
  switch (asInt(dict?.get('msg_type'))) {
    case 0:
      return ok({ kind: 'request', piece });
    case 1: {
      const totalSize = within(dict, 'total_size', 1, MAX_METADATA_BYTES);
      if (totalSize === undefined) return bad('metadata of no known size');
      const { buffer, byteOffset, length } = payload.subarray(read.value.end);
      return ok({ kind: 'data', piece, totalSize, data: Buffer.from(buffer, byteOffset, length) });
    }
    case 2:
      return ok({ kind: 'reject', piece });
    default:
      return bad('a metadata message of an unknown type');
  }
}

/** Collects an info dictionary from its 16 KiB pieces. Memory grows with what has come, not with what was promised. */
export class MetadataAssembly {
  readonly totalSize: number;
  readonly #pieces: (Buffer | undefined)[];
  #left: number;

  constructor(totalSize: number) {
    if (!Number.isInteger(totalSize) || totalSize < 1 || totalSize > MAX_METADATA_BYTES) {
      throw new RangeError(`bug: metadata of ${totalSize} bytes`);
    }
    this.totalSize = totalSize;
    this.#left = Math.ceil(totalSize / METADATA_PIECE_BYTES);
    this.#pieces = new Array<Buffer | undefined>(this.#left).fill(undefined);
  }

  /** Pieces that have not come, ascending. */
  missing(): number[] {
    return [...this.#pieces.keys()].filter((piece) => this.#pieces[piece] === undefined);
  }

  /** `done` once every piece is there: the bytes still have to be checked against the info-hash. */
  put(piece: number, data: Uint8Array): 'bad' | 'ok' | 'done' {
    const size = Math.min(METADATA_PIECE_BYTES, this.totalSize - piece * METADATA_PIECE_BYTES);
    if (!Number.isInteger(piece) || piece < 0 || piece >= this.#pieces.length || data.length !== size) return 'bad';
    if (this.#pieces[piece] === undefined) {
      this.#pieces[piece] = Buffer.from(data);
      this.#left--;
    }
    return this.#left === 0 ? 'done' : 'ok';
  }

  /** Throws while pieces are missing. */
  bytes(): Buffer {
    if (this.#left > 0) throw new RangeError(`bug: ${this.#left} metadata pieces are missing`);
    return Buffer.concat(this.#pieces as Buffer[], this.totalSize);
  }
}

/** One piece of an info dictionary, as a data message answers a request; undefined when there is no such piece. */
export function metadataPiece(infoBytes: Buffer, piece: number): MetadataMessage | undefined {
  const from = piece * METADATA_PIECE_BYTES;
  if (from >= infoBytes.length) return undefined;
  return {
    kind: 'data',
    piece,
    totalSize: infoBytes.length,
    data: infoBytes.subarray(from, from + METADATA_PIECE_BYTES),
  };
}
